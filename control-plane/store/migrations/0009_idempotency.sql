-- What repeatable requests were answered, written in the transaction of what they did. No answer holds a secret.
CREATE TABLE control.idempotency (
    org_id         uuid NOT NULL REFERENCES control.organizations,
    -- SHA-256 of who asked, for what operation, with which key of theirs.
    scope_sha256   bytea NOT NULL CHECK (length(scope_sha256) = 32),
    -- SHA-256 of the body.
    request_sha256 bytea NOT NULL CHECK (length(request_sha256) = 32),
    answer         jsonb NOT NULL,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (org_id, scope_sha256)
);
CREATE INDEX idempotency_age ON control.idempotency (created_at);

ALTER TABLE control.idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.idempotency FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON control.idempotency TO agentdb_app
    USING (org_id = control.current_org()) WITH CHECK (org_id = control.current_org());
CREATE POLICY jobs_read ON control.idempotency FOR SELECT TO agentdb_jobs USING (true);
CREATE POLICY jobs_forget ON control.idempotency FOR DELETE TO agentdb_jobs USING (true);

GRANT SELECT, INSERT ON control.idempotency TO agentdb_app;
-- Not the answers: jobs need to know how old they are.
GRANT SELECT (org_id, scope_sha256, created_at), DELETE ON control.idempotency TO agentdb_jobs;
