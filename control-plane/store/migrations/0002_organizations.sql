-- The tenant and who belongs to it. Every table with an org_id is bound by row-level security from here on: without
-- app.org_id set in the transaction agentdb_app sees nothing and changes nothing.

CREATE FUNCTION control.current_org() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.org_id', true), '')::uuid;

CREATE FUNCTION control.current_user_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.user_id', true), '')::uuid;

CREATE TABLE control.organizations (
    org_id         uuid PRIMARY KEY,
    name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    edition        text NOT NULL CHECK (edition IN ('community', 'professional', 'enterprise')),
    standing       text NOT NULL DEFAULT 'good' CHECK (standing IN ('good', 'read_only', 'suspended')),
    -- Members of the edition's limits that differ for this organisation.
    limit_overrides jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(limit_overrides) = 'object'),
    -- Rises with every change of edition, standing or overrides.
    policy_version bigint NOT NULL DEFAULT 1 CHECK (policy_version > 0),
    created_at     timestamptz NOT NULL
);

CREATE TABLE control.memberships (
    org_id     uuid NOT NULL REFERENCES control.organizations,
    user_id    uuid NOT NULL REFERENCES control.users,
    role       text NOT NULL CHECK (role IN ('read_only', 'billing', 'developer', 'admin', 'owner')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, user_id)
);
CREATE INDEX memberships_user ON control.memberships (user_id);

ALTER TABLE control.organizations ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.organizations FORCE ROW LEVEL SECURITY;
ALTER TABLE control.memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.memberships FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON control.organizations TO agentdb_app
    USING (org_id = control.current_org()) WITH CHECK (org_id = control.current_org());
CREATE POLICY tenant ON control.memberships TO agentdb_app
    USING (org_id = control.current_org()) WITH CHECK (org_id = control.current_org());

-- A signed-in person sees where they belong, to choose from.
CREATE POLICY own_memberships ON control.memberships FOR SELECT TO agentdb_app
    USING (user_id = control.current_user_id());
CREATE POLICY own_organizations ON control.organizations FOR SELECT TO agentdb_app
    USING (EXISTS (SELECT FROM control.memberships m
                   WHERE m.org_id = organizations.org_id AND m.user_id = control.current_user_id()));

-- control.lookup_key runs as the owner.
CREATE POLICY key_lookup ON control.organizations FOR SELECT TO agentdb_owner USING (true);
CREATE POLICY jobs_read ON control.organizations FOR SELECT TO agentdb_jobs USING (true);
CREATE POLICY jobs_change ON control.organizations FOR UPDATE TO agentdb_jobs USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE (name) ON control.organizations TO agentdb_app;
GRANT SELECT, INSERT, UPDATE (role), DELETE ON control.memberships TO agentdb_app;
GRANT SELECT, UPDATE (edition, standing, limit_overrides, policy_version) ON control.organizations TO agentdb_jobs;
