-- Usage on its way from counters to money. Every table belongs to an organisation and is bound by row-level security:
-- without app.org_id set in the transaction agentdb_app sees nothing. agentdb_jobs takes reports in, over all
-- organisations. The nil uuid stands for "no key" (storage), so that it can be part of a primary key.

GRANT USAGE ON SCHEMA billing TO agentdb_app, agentdb_jobs;

-- The largest value that was reported of each cumulative counter.
CREATE TABLE billing.usage_counters (
    org_id       uuid NOT NULL,
    source_kind  text COLLATE "C" NOT NULL CHECK (source_kind IN ('log', 'node')),
    source_id    uuid NOT NULL,
    namespace_id uuid NOT NULL,
    key_id       uuid NOT NULL,
    meter        text COLLATE "C" NOT NULL CHECK (meter ~ '^[a-z][a-z0-9_.]{0,63}$'),
    -- Whole hours since the Unix epoch, UTC.
    hour         bigint NOT NULL,
    value        bigint NOT NULL CHECK (value >= 0),
    -- The value before the last report that changed it: what is new is the difference.
    previous     bigint NOT NULL DEFAULT 0 CHECK (previous BETWEEN 0 AND value),
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (org_id, source_kind, source_id, namespace_id, key_id, meter, hour)
);

-- The sum over sources, kept in the transaction that changes a counter.
CREATE TABLE billing.usage_hourly (
    org_id       uuid NOT NULL,
    hour         bigint NOT NULL,
    meter        text COLLATE "C" NOT NULL,
    namespace_id uuid NOT NULL,
    key_id       uuid NOT NULL,
    quantity     bigint NOT NULL CHECK (quantity >= 0),
    PRIMARY KEY (org_id, hour, meter, namespace_id, key_id)
);

-- The sum over a calendar month (UTC), kept likewise: what limits and invoices are made of.
CREATE TABLE billing.usage_monthly (
    org_id           uuid NOT NULL,
    month_start_hour bigint NOT NULL,
    meter            text COLLATE "C" NOT NULL,
    quantity         bigint NOT NULL CHECK (quantity >= 0),
    PRIMARY KEY (org_id, month_start_hour, meter)
);

-- Reports that contradict what is known. Nothing is corrected by itself.
CREATE TABLE billing.usage_alerts (
    org_id        uuid NOT NULL,
    -- decrease: a cumulative counter went back; the larger value was kept.
    -- future_hour: an hour that has not begun; counted as reported.
    kind          text NOT NULL CHECK (kind IN ('decrease', 'future_hour')),
    source_kind   text COLLATE "C" NOT NULL,
    source_id     uuid NOT NULL,
    namespace_id  uuid NOT NULL,
    key_id        uuid NOT NULL,
    meter         text COLLATE "C" NOT NULL,
    hour          bigint NOT NULL,
    node_id       uuid NOT NULL,
    kept          bigint NOT NULL,
    reported      bigint NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    occurrences   bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (org_id, kind, source_kind, source_id, namespace_id, key_id, meter, hour)
);

DO $$
DECLARE
    bound text;
BEGIN
    FOREACH bound IN ARRAY ARRAY['usage_counters', 'usage_hourly', 'usage_monthly', 'usage_alerts'] LOOP
        EXECUTE format('ALTER TABLE billing.%I ENABLE ROW LEVEL SECURITY', bound);
        EXECUTE format('ALTER TABLE billing.%I FORCE ROW LEVEL SECURITY', bound);
        EXECUTE format(
            'CREATE POLICY tenant ON billing.%I TO agentdb_app '
            'USING (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid) '
            'WITH CHECK (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)', bound);
        EXECUTE format('CREATE POLICY intake ON billing.%I TO agentdb_jobs USING (true) WITH CHECK (true)', bound);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON billing.%I TO agentdb_jobs', bound);
    END LOOP;
END
$$;

GRANT SELECT ON billing.usage_hourly, billing.usage_monthly TO agentdb_app;
