-- What nodes must be told. An event names what changed; what it is now is read when the event is delivered, so an old
-- event never carries an old truth. Bounded: settled events are trimmed, a node that is behind gets a snapshot.

CREATE TABLE control.policy_events (
    node_id    uuid NOT NULL REFERENCES control.nodes,
    cursor     bigint NOT NULL,
    org_id     uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('assignment', 'organization', 'key')),
    -- A namespace, an organisation or a key.
    subject    uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (node_id, cursor)
);
ALTER TABLE control.policy_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.policy_events FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON control.policy_events TO agentdb_app
    USING (org_id = control.current_org()) WITH CHECK (org_id = control.current_org());
CREATE POLICY jobs_read ON control.policy_events FOR SELECT TO agentdb_jobs USING (true);
CREATE POLICY jobs_publish ON control.policy_events FOR INSERT TO agentdb_jobs WITH CHECK (true);
CREATE POLICY jobs_trim ON control.policy_events FOR DELETE TO agentdb_jobs USING (true);

GRANT SELECT, INSERT ON control.policy_events TO agentdb_app;
GRANT SELECT, INSERT, DELETE ON control.policy_events TO agentdb_jobs;
