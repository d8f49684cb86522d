-- Where a key may be used from, what was made in its place, when and from where it was last used.

ALTER TABLE control.api_keys
    -- Addresses and ranges in their one text form; none is everywhere.
    ADD COLUMN allowed_addresses text[] NOT NULL DEFAULT '{}' CHECK (cardinality(allowed_addresses) <= 32),
    -- The key that this one was made to replace.
    ADD COLUMN replaces   uuid,
    -- When the version rose last, but for a revocation.
    ADD COLUMN changed_at timestamptz;

-- A key is replaced once.
CREATE UNIQUE INDEX api_keys_successor ON control.api_keys (replaces) WHERE replaces IS NOT NULL;
CREATE INDEX api_keys_changed ON control.api_keys (changed_at) WHERE changed_at IS NOT NULL;

GRANT UPDATE (name, scopes, namespaces, allowed_addresses, expires_at, changed_at) ON control.api_keys TO agentdb_app;
GRANT SELECT (changed_at) ON control.api_keys TO agentdb_jobs;

-- Beside the keys, since it changes far more often than they do. Nodes report it; at most a row a key.
CREATE TABLE control.key_uses (
    key_id            uuid PRIMARY KEY REFERENCES control.api_keys ON DELETE CASCADE,
    org_id            uuid NOT NULL REFERENCES control.organizations,
    last_used_at      timestamptz NOT NULL,
    -- Null when the node was not told the caller's address.
    last_used_address text
);

ALTER TABLE control.key_uses ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.key_uses FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON control.key_uses TO agentdb_app
    USING (org_id = control.current_org()) WITH CHECK (org_id = control.current_org());
CREATE POLICY jobs_read ON control.key_uses FOR SELECT TO agentdb_jobs USING (true);
CREATE POLICY jobs_add ON control.key_uses FOR INSERT TO agentdb_jobs WITH CHECK (true);
CREATE POLICY jobs_raise ON control.key_uses FOR UPDATE TO agentdb_jobs USING (true) WITH CHECK (true);

GRANT SELECT ON control.key_uses TO agentdb_app;
GRANT SELECT, INSERT, UPDATE (last_used_at, last_used_address) ON control.key_uses TO agentdb_jobs;

-- As before, and from where. At most one key, by its id; nothing for one that is revoked. With a node given, only when
-- the key's organisation has a namespace on that node, or none on any node yet.
DROP FUNCTION control.lookup_key(uuid, uuid);
CREATE FUNCTION control.lookup_key(wanted uuid, on_node uuid)
    RETURNS TABLE (org_id uuid, edition text, kind text, token_sha256 text, scopes text[], namespaces text,
                   expires_at timestamptz, version bigint, allowed_addresses text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT k.org_id, o.edition, k.kind, k.token_sha256, k.scopes, k.namespaces, k.expires_at, k.version,
           k.allowed_addresses
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
