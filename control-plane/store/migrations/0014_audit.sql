-- What was changed in an organisation, by whom, and what was refused. Written in the transaction of the change, never
-- changed again, removed by age alone. Identifiers and names are kept as they were shown at the time: an event outlives
-- what it tells of, so it refers to nothing but its organisation.
CREATE TABLE control.audit_events (
    org_id         uuid NOT NULL REFERENCES control.organizations,
    -- Sorts by time.
    event_id       uuid NOT NULL,
    at             timestamptz NOT NULL,
    actor_kind     text NOT NULL CHECK (actor_kind IN ('person', 'api_key', 'service')),
    -- Null when it was the service itself.
    actor_id       text CHECK (length(actor_id) <= 64),
    -- A person's address, a key's name.
    actor_name     text CHECK (length(actor_name) <= 254),
    client_address text CHECK (length(client_address) <= 64),
    user_agent     text CHECK (length(user_agent) <= 256),
    request_id     uuid,
    action         text NOT NULL CHECK (action ~ '^[a-z_]+\.[a-z_]+$' AND length(action) <= 64),
    target_kind    text NOT NULL CHECK (target_kind = split_part(action, '.', 1)),
    -- What a refused request does not name is null.
    target_id      text CHECK (length(target_id) <= 64),
    target_name    text CHECK (length(target_name) <= 254),
    outcome        text NOT NULL CHECK (outcome IN ('done', 'refused')),
    problem_code   text CHECK (length(problem_code) <= 64),
    -- Refusals before this one that were too many to be recorded.
    left_out       integer NOT NULL CHECK (left_out >= 0),
    -- By field: what it was and what it became. Never a secret, nor the hash of one.
    details        jsonb NOT NULL CHECK (jsonb_typeof(details) = 'object' AND octet_length(details::text) <= 32768),
    PRIMARY KEY (org_id, event_id),
    CHECK ((outcome = 'refused') = (problem_code IS NOT NULL))
);
CREATE INDEX audit_events_action ON control.audit_events (org_id, action, event_id);
CREATE INDEX audit_events_actor ON control.audit_events (org_id, actor_id, event_id);
CREATE INDEX audit_events_actor_name ON control.audit_events (org_id, actor_name, event_id);
CREATE INDEX audit_events_target ON control.audit_events (org_id, target_id, event_id);
CREATE INDEX audit_events_target_name ON control.audit_events (org_id, target_name, event_id);
CREATE INDEX audit_events_age ON control.audit_events (org_id, at);

ALTER TABLE control.audit_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.audit_events FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON control.audit_events TO agentdb_app
    USING (org_id = control.current_org()) WITH CHECK (org_id = control.current_org());
CREATE POLICY jobs_read ON control.audit_events FOR SELECT TO agentdb_jobs USING (true);
-- No edition keeps events for less than seven days, so nobody can remove younger ones, not by mistake either.
CREATE POLICY jobs_forget ON control.audit_events FOR DELETE TO agentdb_jobs USING (at < now() - interval '7 days');

GRANT SELECT, INSERT ON control.audit_events TO agentdb_app;
-- Not what they tell: jobs need to know how old they are.
GRANT SELECT (org_id, event_id, at), DELETE ON control.audit_events TO agentdb_jobs;
