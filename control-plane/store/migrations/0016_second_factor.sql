-- The second factor of a person: codes of an app (RFC 6238), recovery codes, and log-ins that wait for one of them.

CREATE TABLE control.totp_factors (
    -- Each enrolment has its own: what is encrypted is bound to it, and so are the hashes of its recovery codes.
    factor_id    uuid PRIMARY KEY,
    user_id      uuid NOT NULL UNIQUE REFERENCES control.users ON DELETE CASCADE,
    -- Encrypted by the control plane's server, which alone has the key. Its bytes 2 to 9 name that key.
    seed         bytea NOT NULL CHECK (length(seed) BETWEEN 98 AND 1024),
    created_at   timestamptz NOT NULL,
    -- Null until a code has shown that the person's app has the seed.
    confirmed_at timestamptz,
    -- The time step of the newest code that was taken: only those of later steps are.
    last_step    bigint NOT NULL DEFAULT 0 CHECK (last_step >= 0)
);
CREATE INDEX totp_factors_pending ON control.totp_factors (created_at) WHERE confirmed_at IS NULL;
GRANT SELECT, INSERT, UPDATE (confirmed_at, last_step), DELETE ON control.totp_factors TO agentdb_app;
-- Not whose they are. Seeds as they are stored, to encrypt them under a newer key.
GRANT SELECT (factor_id, seed, created_at, confirmed_at), UPDATE (seed), DELETE ON control.totp_factors
    TO agentdb_jobs;

-- Each stands in for a code once.
CREATE TABLE control.recovery_codes (
    factor_id   uuid NOT NULL REFERENCES control.totp_factors ON DELETE CASCADE,
    code_sha256 bytea NOT NULL CHECK (length(code_sha256) = 32),
    PRIMARY KEY (factor_id, code_sha256)
);
GRANT SELECT, INSERT, DELETE ON control.recovery_codes TO agentdb_app;

-- Log-ins whose password is proven and whose second factor is not. A new password removes those of the old one.
CREATE TABLE control.login_challenges (
    -- Of the cookie of the browser that began it.
    token_sha256 bytea PRIMARY KEY CHECK (length(token_sha256) = 32),
    user_id      uuid NOT NULL REFERENCES control.users ON DELETE CASCADE,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX login_challenges_user ON control.login_challenges (user_id, created_at);
CREATE INDEX login_challenges_expiry ON control.login_challenges (expires_at);
GRANT SELECT, INSERT, DELETE ON control.login_challenges TO agentdb_app;
GRANT SELECT (token_sha256, expires_at), DELETE ON control.login_challenges TO agentdb_jobs;
