-- Keys that were revoked long ago are removed. Nobody recognises them any more.
CREATE POLICY jobs_remove_revoked ON control.api_keys FOR DELETE TO agentdb_jobs
    USING (kind = 'api' AND revoked_at IS NOT NULL);

-- Who has how many of the console's keys.
CREATE INDEX api_keys_creator ON control.api_keys (org_id, created_by) WHERE kind = 'console' AND revoked_at IS NULL;
