-- The roles of the metadata store and the schemas they share. Idempotent; run by a login that may create roles, before
-- the migrations. Passwords are set apart, by parameter.
--   agentdb_owner       owns the tables, runs migrations, serves nothing
--   agentdb_app         serves requests of one organisation at a time, under row-level security
--   agentdb_jobs        works behind the scenes, with a narrow policy for each table it needs
--   agentdb_key_lookup  may call control.lookup_key and nothing else
SELECT pg_advisory_xact_lock(hashtext('agentdb roles'));

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['agentdb_owner', 'agentdb_app', 'agentdb_jobs', 'agentdb_key_lookup'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
        -- A role that row-level security does not bind would void every policy without a sign.
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = wanted AND (rolsuper OR rolbypassrls)) THEN
            RAISE EXCEPTION 'role % must be neither superuser nor BYPASSRLS', wanted;
        END IF;
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), wanted);
    END LOOP;
    -- Whoever runs this also runs the migrations, as the owner.
    IF NOT pg_has_role(current_user, 'agentdb_owner', 'USAGE') THEN
        EXECUTE format('GRANT agentdb_owner TO %I', current_user);
    END IF;
END
$$;

CREATE SCHEMA IF NOT EXISTS control AUTHORIZATION agentdb_owner;
CREATE SCHEMA IF NOT EXISTS billing AUTHORIZATION agentdb_owner;
