-- $1 id of the replayed code, $2 now
WITH code AS MATERIALIZED (
    SELECT access_token_id, refresh_token_id FROM authorization_codes WHERE id = $1
), family AS (
    -- An id that is looked up, not a join: the planner would rather read every token than trust one code to be one row.
    UPDATE refresh_tokens r
    SET revoked_at = $2, revocation_reason = 'code_replay', sealed_successor = NULL
    WHERE r.id = (SELECT refresh_token_id FROM code) AND r.revoked_at IS NULL
    RETURNING r.id
), access AS (
    UPDATE access_tokens a
    SET revoked_at = $2, revocation_reason = 'code_replay'
    -- Counted, so that the family is locked before: in this order everybody locks.
    FROM (SELECT count(*) FROM family) AS before
    WHERE a.id = (SELECT access_token_id FROM code) AND a.revoked_at IS NULL
    RETURNING a.id
)
SELECT (SELECT count(*) FROM family) AS families, (SELECT count(*) FROM access) AS access_tokens
