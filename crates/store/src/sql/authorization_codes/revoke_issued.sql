-- $1 id of the replayed code, $2 now
WITH code AS MATERIALIZED (
    SELECT access_token_id, refresh_token_id FROM authorization_codes WHERE id = $1
), family AS (
    UPDATE refresh_tokens r
    SET revoked_at = $2, revocation_reason = 'code_replay', sealed_successor = NULL
    FROM code k
    WHERE r.id = k.refresh_token_id AND r.revoked_at IS NULL
    RETURNING r.id
), access AS (
    UPDATE access_tokens a
    SET revoked_at = $2, revocation_reason = 'code_replay'
    FROM code k
    WHERE a.id = k.access_token_id AND a.revoked_at IS NULL
    RETURNING a.id
)
SELECT (SELECT count(*) FROM family) AS families, (SELECT count(*) FROM access) AS access_tokens
