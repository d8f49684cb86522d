-- Nodes, namespaces, and which node serves which namespace.

-- Not tenant data: a node serves many organisations.
CREATE TABLE control.nodes (
    node_id        uuid PRIMARY KEY,
    first_seen_at  timestamptz NOT NULL,
    last_seen_at   timestamptz NOT NULL,
    -- The newest event for this node; 1 is "nothing yet", since a node that asks from 0 gets a snapshot. Raised under
    -- the row's lock, so cursors have no gaps and appear in order.
    policy_cursor  bigint NOT NULL DEFAULT 1,
    -- Everything up to here the node has applied.
    acked_cursor   bigint NOT NULL DEFAULT 0,
    -- Events up to here are gone; a node that is behind gets a snapshot.
    trimmed_cursor bigint NOT NULL DEFAULT 0
);
GRANT SELECT, UPDATE (policy_cursor) ON control.nodes TO agentdb_app;
GRANT SELECT, INSERT, UPDATE ON control.nodes TO agentdb_jobs;

CREATE TABLE control.namespaces (
    namespace_id uuid PRIMARY KEY,
    org_id       uuid NOT NULL REFERENCES control.organizations,
    name         text NOT NULL CHECK (name ~ '^[A-Za-z0-9._-]{1,128}$'),
    status       text NOT NULL CHECK (status IN ('creating', 'ready', 'deleting', 'deleted')),
    labels       jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(labels) = 'object'),
    created_at   timestamptz NOT NULL,
    deleted_at   timestamptz,
    UNIQUE (org_id, namespace_id)
);
CREATE UNIQUE INDEX namespaces_name ON control.namespaces (org_id, name) WHERE status <> 'deleted';
CREATE INDEX namespaces_unsettled ON control.namespaces (status) WHERE status IN ('creating', 'deleting');

CREATE TABLE control.assignments (
    namespace_id uuid PRIMARY KEY,
    org_id       uuid NOT NULL,
    node_id      uuid NOT NULL REFERENCES control.nodes,
    -- Rises with every change of owner.
    generation   bigint NOT NULL CHECK (generation > 0),
    state        text NOT NULL CHECK (state IN ('serve', 'drain', 'delete')),
    -- The event that told the node of the latest change.
    cursor       bigint NOT NULL,
    changed_at   timestamptz NOT NULL,
    FOREIGN KEY (org_id, namespace_id) REFERENCES control.namespaces (org_id, namespace_id)
);
CREATE INDEX assignments_node ON control.assignments (node_id, state);
CREATE INDEX assignments_org ON control.assignments (org_id, node_id);

ALTER TABLE control.namespaces ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.namespaces FORCE ROW LEVEL SECURITY;
ALTER TABLE control.assignments ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.assignments FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON control.namespaces TO agentdb_app
    USING (org_id = control.current_org()) WITH CHECK (org_id = control.current_org());
CREATE POLICY tenant ON control.assignments TO agentdb_app
    USING (org_id = control.current_org()) WITH CHECK (org_id = control.current_org());
CREATE POLICY key_lookup ON control.assignments FOR SELECT TO agentdb_owner USING (true);

-- Behind the scenes: the feed reads, the reconcilers settle and place.
CREATE POLICY jobs_read ON control.namespaces FOR SELECT TO agentdb_jobs USING (true);
CREATE POLICY jobs_settle ON control.namespaces FOR UPDATE TO agentdb_jobs USING (true) WITH CHECK (true);
CREATE POLICY jobs_read ON control.assignments FOR SELECT TO agentdb_jobs USING (true);
CREATE POLICY jobs_place ON control.assignments FOR INSERT TO agentdb_jobs WITH CHECK (true);
CREATE POLICY jobs_forget ON control.assignments FOR DELETE TO agentdb_jobs USING (state = 'delete');

GRANT SELECT, INSERT, UPDATE (status, labels, deleted_at) ON control.namespaces TO agentdb_app;
GRANT SELECT, INSERT, UPDATE (node_id, generation, state, cursor, changed_at) ON control.assignments TO agentdb_app;
GRANT SELECT, UPDATE (status, deleted_at) ON control.namespaces TO agentdb_jobs;
GRANT SELECT, INSERT, DELETE ON control.assignments TO agentdb_jobs;

-- How many namespaces a node has decides where the next one goes; the rows behind the number stay hidden.
CREATE FUNCTION control.least_loaded_node(seen_since timestamptz) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (SELECT n.node_id
            FROM control.nodes n
            LEFT JOIN control.assignments a ON a.node_id = n.node_id AND a.state <> 'delete'
            WHERE n.last_seen_at >= seen_since
            GROUP BY n.node_id
            ORDER BY count(a.namespace_id), n.node_id
            LIMIT 1);
REVOKE ALL ON FUNCTION control.least_loaded_node(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control.least_loaded_node(timestamptz) TO agentdb_app, agentdb_jobs;
