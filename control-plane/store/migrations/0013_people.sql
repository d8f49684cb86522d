-- How people look after their accounts: sessions they recognise, new passwords and addresses by links in mails, failed
-- log-ins, and leaving.

-- What a session's person recognises it by.
ALTER TABLE control.sessions
    ADD COLUMN user_agent   text CHECK (length(user_agent) <= 200),
    ADD COLUMN last_address text CHECK (length(last_address) <= 45);
GRANT UPDATE (last_address) ON control.sessions TO agentdb_app;

-- Null while the account is in use. Thirty days later the row goes, with all that refers to it.
ALTER TABLE control.users ADD COLUMN deleted_at timestamptz;
CREATE INDEX users_deleted ON control.users (deleted_at) WHERE deleted_at IS NOT NULL;
GRANT UPDATE (email, password_hash, verified_at, deleted_at) ON control.users TO agentdb_app;
-- Not who they are: jobs need to know whose time is up.
GRANT SELECT (user_id, deleted_at), DELETE ON control.users TO agentdb_jobs;

-- Memberships go with the person; keys are the organisation's and stay.
ALTER TABLE control.memberships
    DROP CONSTRAINT memberships_user_id_fkey,
    ADD CONSTRAINT memberships_user_id_fkey FOREIGN KEY (user_id) REFERENCES control.users ON DELETE CASCADE;
ALTER TABLE control.api_keys
    DROP CONSTRAINT api_keys_created_by_fkey,
    ADD CONSTRAINT api_keys_created_by_fkey FOREIGN KEY (created_by) REFERENCES control.users ON DELETE SET NULL;
CREATE INDEX api_keys_created_by ON control.api_keys (created_by) WHERE created_by IS NOT NULL;

-- The link with which a person who has forgotten their password sets another: the newest alone is good.
CREATE TABLE control.password_resets (
    user_id      uuid PRIMARY KEY REFERENCES control.users ON DELETE CASCADE,
    token_sha256 bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX password_resets_expiry ON control.password_resets (expires_at);
GRANT SELECT, INSERT, UPDATE (token_sha256, created_at, expires_at), DELETE ON control.password_resets TO agentdb_app;
GRANT SELECT (user_id, expires_at), DELETE ON control.password_resets TO agentdb_jobs;

-- An address that waits for its mail to be answered before it becomes the person's: the newest alone.
CREATE TABLE control.email_changes (
    user_id      uuid PRIMARY KEY REFERENCES control.users ON DELETE CASCADE,
    token_sha256 bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    email        text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX email_changes_expiry ON control.email_changes (expires_at);
GRANT SELECT, INSERT, UPDATE (token_sha256, email, created_at, expires_at), DELETE ON control.email_changes
    TO agentdb_app;
GRANT SELECT (user_id, expires_at), DELETE ON control.email_changes TO agentdb_jobs;

-- Log-ins with one address that failed in a row, whether somebody has the address or not.
CREATE TABLE control.login_failures (
    -- SHA-256 of the address in lower case: it may be somebody's who never was here.
    email_sha256 bytea PRIMARY KEY CHECK (length(email_sha256) = 32),
    failures     integer NOT NULL CHECK (failures >= 0),
    -- No log-in is tried before.
    locked_until timestamptz,
    -- The row is worth nothing from then on.
    forget_at    timestamptz NOT NULL
);
CREATE INDEX login_failures_expiry ON control.login_failures (forget_at);
GRANT SELECT, INSERT, UPDATE (failures, locked_until, forget_at), DELETE ON control.login_failures TO agentdb_app;
GRANT SELECT (email_sha256, forget_at), DELETE ON control.login_failures TO agentdb_jobs;

-- Written where nobody is to be written to, so that the time does not tell: never sent, never shown.
ALTER TABLE control.mail_outbox ADD COLUMN void boolean NOT NULL DEFAULT false;
