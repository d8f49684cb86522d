-- API keys and the one way to look one up without knowing its organisation.

CREATE TABLE control.api_keys (
    key_id       uuid PRIMARY KEY,
    org_id       uuid NOT NULL REFERENCES control.organizations,
    kind         text NOT NULL CHECK (kind IN ('api', 'console')),
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    token_sha256 text NOT NULL CHECK (token_sha256 ~ '^[0-9a-f]{64}$'),
    scopes       text[] NOT NULL CHECK (scopes <@ ARRAY['read', 'write', 'admin'] AND cardinality(scopes) BETWEEN 1 AND 3),
    namespaces   text NOT NULL,
    -- Who made it: a person, or nobody when another key did.
    created_by   uuid REFERENCES control.users,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    -- Rises with every change: an answer about an older version must not be used any more.
    version      bigint NOT NULL DEFAULT 1 CHECK (version > 0)
);
CREATE INDEX api_keys_org ON control.api_keys (org_id, kind, key_id) WHERE revoked_at IS NULL;
CREATE INDEX api_keys_console_expiry ON control.api_keys (expires_at) WHERE kind = 'console';
CREATE INDEX api_keys_revoked ON control.api_keys (revoked_at) WHERE revoked_at IS NOT NULL;

ALTER TABLE control.api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.api_keys FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON control.api_keys TO agentdb_app
    USING (org_id = control.current_org()) WITH CHECK (org_id = control.current_org());
CREATE POLICY key_lookup ON control.api_keys FOR SELECT TO agentdb_owner USING (true);
CREATE POLICY jobs_read_versions ON control.api_keys FOR SELECT TO agentdb_jobs USING (true);
CREATE POLICY jobs_remove_console ON control.api_keys FOR DELETE TO agentdb_jobs USING (kind = 'console');

GRANT SELECT, INSERT, UPDATE (revoked_at, version) ON control.api_keys TO agentdb_app;
-- Not the hash: jobs need to know of keys, not to recognise them.
GRANT SELECT (key_id, org_id, kind, expires_at, revoked_at, version), DELETE ON control.api_keys TO agentdb_jobs;

-- At most one key, by its id; nothing for one that is revoked. With a node given, only when the key's organisation has
-- a namespace on that node, or none on any node yet.
CREATE FUNCTION control.lookup_key(wanted uuid, on_node uuid)
    RETURNS TABLE (org_id uuid, edition text, kind text, token_sha256 text, scopes text[], namespaces text,
                   expires_at timestamptz, version bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT k.org_id, o.edition, k.kind, k.token_sha256, k.scopes, k.namespaces, k.expires_at, k.version
    FROM control.api_keys k
    JOIN control.organizations o ON o.org_id = k.org_id
    WHERE k.key_id = wanted
      AND k.revoked_at IS NULL
      AND (on_node IS NULL
           OR EXISTS (SELECT FROM control.assignments a
                      WHERE a.org_id = k.org_id AND a.node_id = on_node AND a.state <> 'delete')
           OR NOT EXISTS (SELECT FROM control.assignments a WHERE a.org_id = k.org_id AND a.state <> 'delete'));
END;
REVOKE ALL ON FUNCTION control.lookup_key(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control.lookup_key(uuid, uuid) TO agentdb_key_lookup;
