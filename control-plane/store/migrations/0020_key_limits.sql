-- How fast a key may be used, below what its organisation may. Members that are not there, or null, bind nothing.
ALTER TABLE control.api_keys
    ADD COLUMN limits jsonb NOT NULL DEFAULT '{}'
        CHECK (jsonb_typeof(limits) = 'object' AND octet_length(limits::text) <= 1024);

GRANT UPDATE (limits) ON control.api_keys TO agentdb_app;

-- As before, and how fast. At most one key, by its id; nothing for one that is revoked. With a node given, only when the
-- key's organisation has a namespace on that node, or none on any node yet.
DROP FUNCTION control.lookup_key(uuid, uuid);
CREATE FUNCTION control.lookup_key(wanted uuid, on_node uuid)
    RETURNS TABLE (org_id uuid, edition text, kind text, token_sha256 text, scopes text[], namespaces text,
                   expires_at timestamptz, version bigint, allowed_addresses text[], limits jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT k.org_id, o.edition, k.kind, k.token_sha256, k.scopes, k.namespaces, k.expires_at, k.version,
           k.allowed_addresses, k.limits
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
