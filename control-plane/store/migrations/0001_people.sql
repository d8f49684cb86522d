-- People and how they prove who they are. Not tenant data: a person exists before and beside any organisation.

GRANT USAGE ON SCHEMA control TO agentdb_app, agentdb_jobs, agentdb_key_lookup;

CREATE TABLE control.users (
    user_id       uuid PRIMARY KEY,
    email         text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    password_hash text NOT NULL,
    created_at    timestamptz NOT NULL,
    verified_at   timestamptz NOT NULL
);
CREATE UNIQUE INDEX users_email ON control.users (lower(email));
GRANT SELECT, INSERT ON control.users TO agentdb_app;

-- A sign-up that waits for its mail to be answered. The password and the organisation's name wait with it, so that
-- whoever signs up later with the same address cannot inherit a password that somebody else chose.
CREATE TABLE control.email_verifications (
    token_sha256      bytea PRIMARY KEY CHECK (length(token_sha256) = 32),
    email             text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    password_hash     text NOT NULL,
    organization_name text NOT NULL,
    created_at        timestamptz NOT NULL,
    expires_at        timestamptz NOT NULL
);
CREATE INDEX email_verifications_email ON control.email_verifications (lower(email), created_at);
CREATE INDEX email_verifications_expiry ON control.email_verifications (expires_at);
GRANT SELECT, INSERT, DELETE ON control.email_verifications TO agentdb_app;
GRANT SELECT, DELETE ON control.email_verifications TO agentdb_jobs;

CREATE TABLE control.sessions (
    session_id   uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES control.users ON DELETE CASCADE,
    token_sha256 bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX sessions_user ON control.sessions (user_id, created_at);
CREATE INDEX sessions_expiry ON control.sessions (expires_at);
GRANT SELECT, INSERT, DELETE, UPDATE (last_seen_at) ON control.sessions TO agentdb_app;
GRANT SELECT, DELETE ON control.sessions TO agentdb_jobs;

-- Mail to be sent, written in the transaction that makes it necessary. Rows go when the mail has left; with no mail
-- server configured they are marked captured instead and shown.
CREATE TABLE control.mail_outbox (
    mail_id         uuid PRIMARY KEY,
    to_address      text NOT NULL,
    subject         text NOT NULL,
    body            text NOT NULL,
    link            text,
    created_at      timestamptz NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    captured_at     timestamptz
);
CREATE INDEX mail_outbox_due ON control.mail_outbox (next_attempt_at) WHERE captured_at IS NULL;
CREATE INDEX mail_outbox_captured ON control.mail_outbox (lower(to_address), mail_id) WHERE captured_at IS NOT NULL;
GRANT SELECT, INSERT ON control.mail_outbox TO agentdb_app;
GRANT SELECT, UPDATE, DELETE ON control.mail_outbox TO agentdb_jobs;
