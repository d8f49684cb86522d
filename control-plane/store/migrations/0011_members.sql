-- Organisations of several people: who was asked to join, and who made an organisation.

CREATE TABLE control.invitations (
    invitation_id uuid PRIMARY KEY,
    org_id        uuid NOT NULL REFERENCES control.organizations,
    -- SHA-256 of the token in the mail.
    token_sha256  bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    email         text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    role          text NOT NULL CHECK (role IN ('read_only', 'billing', 'developer', 'admin', 'owner')),
    -- With what this person gave away it ends when they are removed or have a lower role.
    invited_by    uuid NOT NULL REFERENCES control.users ON DELETE CASCADE,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL
);
-- A new one for the same address takes the place of the older one.
CREATE UNIQUE INDEX invitations_email ON control.invitations (org_id, lower(email));
CREATE INDEX invitations_list ON control.invitations (org_id, invitation_id);
CREATE INDEX invitations_expiry ON control.invitations (expires_at);

ALTER TABLE control.invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.invitations FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON control.invitations TO agentdb_app
    USING (org_id = control.current_org()) WITH CHECK (org_id = control.current_org());
-- control.invited_to runs as the owner.
CREATE POLICY token_lookup ON control.invitations FOR SELECT TO agentdb_owner USING (true);
CREATE POLICY jobs_read ON control.invitations FOR SELECT TO agentdb_jobs USING (true);
CREATE POLICY jobs_forget ON control.invitations FOR DELETE TO agentdb_jobs USING (true);

GRANT SELECT, INSERT, DELETE ON control.invitations TO agentdb_app;
-- Neither the hashes nor the addresses: jobs need to know how old they are.
GRANT SELECT (invitation_id, expires_at), DELETE ON control.invitations TO agentdb_jobs;

-- The organisation of at most one invitation, for who has both its token and its address.
CREATE FUNCTION control.invited_to(wanted bytea, address text, moment timestamptz) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (SELECT i.org_id
            FROM control.invitations i
            WHERE i.token_sha256 = wanted AND lower(i.email) = lower(address) AND i.expires_at > moment);
REVOKE ALL ON FUNCTION control.invited_to(bytea, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control.invited_to(bytea, text, timestamptz) TO agentdb_app;

-- Who made an organisation counts it among their own, whoever owns it later: nobody makes one after the other by giving
-- them away. Until now an organisation had one member, the owner who signed up.
ALTER TABLE control.organizations ADD COLUMN created_by uuid REFERENCES control.users ON DELETE SET NULL;
ALTER TABLE control.organizations NO FORCE ROW LEVEL SECURITY;
ALTER TABLE control.memberships NO FORCE ROW LEVEL SECURITY;
UPDATE control.organizations o SET created_by = m.user_id
FROM control.memberships m WHERE m.org_id = o.org_id AND m.role = 'owner';
ALTER TABLE control.organizations FORCE ROW LEVEL SECURITY;
ALTER TABLE control.memberships FORCE ROW LEVEL SECURITY;
CREATE INDEX organizations_creator ON control.organizations (created_by);
CREATE POLICY made_organizations ON control.organizations FOR SELECT TO agentdb_app
    USING (created_by = control.current_user_id());
