-- $7 family, $8 blind, $9 blinded digest, $10 blinded lineage digest, $11 client, $12 digest of the successor,
-- $13 the sealed successor, $14 scopes, $15 resources, $16 jkt, $17 x5t#S256, $18 access token, $19 its digest,
-- $20 audience
WITH family AS MATERIALIZED (
    -- Waits for whoever rotates the same family, and then sees what they did. What never was a token of the family
    -- waits for nobody.
    SELECT r.id, r.client_id, r.user_id, r.session_id, r.generation, r.scopes, r.resources, r.authorization_details,
           r.auth_time, r.acr, r.amr, r.dpop_jkt, r.x5t_s256, r.sealed_successor, r.rotated_at, r.idle_expires_at,
           r.expires_at, r.revoked_at, r.revocation_reason, r.client_epoch, r.user_epoch,
           sha256(r.digest || $8) = $9 AS is_current,
           coalesce(sha256(r.previous_digest || $8) = $9, false) AS is_previous,
           -- This very call before, whose answer was lost: nobody else has its successor's secret to begin with.
           r.digest = $12 OR coalesce(r.previous_digest = $12, false) AS is_done
    FROM refresh_tokens r
    WHERE r.id = $7 AND sha256(r.lineage_digest || $8) = $10
    FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT f.user_id, f.session_id, s.sid, f.generation, coalesce($14, f.scopes) AS scopes,
           coalesce($15, f.resources) AS resources, f.authorization_details, f.auth_time, f.acr, f.amr, f.expires_at,
           f.client_epoch, f.user_epoch, f.is_current, f.sealed_successor,
           -- Whatever a setting says, a lifetime is one that the table takes.
           least($6 + greatest(least(coalesce(c.access_token_ttl,
                     (SELECT (value #>> '{}')::bigint FROM settings
                      WHERE key = 'tokens.access_token_ttl' AND value_type = 'integer'),
                     3600), 86400), 1) * interval '1 second', f.expires_at) AS access_expires_at,
           CASE WHEN f.is_current THEN
               least($6 + greatest(least(coalesce(c.refresh_token_ttl,
                         (SELECT (value #>> '{}')::bigint FROM settings
                          WHERE key = 'tokens.refresh_token_ttl' AND value_type = 'integer'),
                         2592000), 2147483647), 1) * interval '1 second', f.expires_at)
               ELSE f.idle_expires_at
           END AS idle_expires_at,
           CASE
               WHEN f.id IS NULL THEN 'unknown'
               WHEN f.client_id <> $11 THEN 'wrong_client'
               -- This very call before, which revoked it.
               WHEN f.revoked_at = $6 AND f.revocation_reason = 'refresh_token_reuse' AND NOT f.is_current THEN 'reused'
               WHEN f.revoked_at IS NOT NULL THEN 'revoked'
               WHEN f.expires_at <= $6 OR f.idle_expires_at <= $6 THEN 'expired'
               WHEN c.disabled_at IS NOT NULL THEN 'client_disabled'
               WHEN NOT 'refresh_token' = ANY (c.grant_types) THEN 'unauthorized_client'
               WHEN f.client_epoch <> c.revocation_epoch OR f.user_epoch <> u.revocation_epoch THEN 'revoked'
               WHEN u.erased_at IS NOT NULL OR u.locked_at IS NOT NULL AND u.locked_until IS NULL THEN 'user_inactive'
               WHEN f.session_id IS NOT NULL AND (s.id IS NULL OR s.revoked_at IS NOT NULL) THEN 'session_ended'
               WHEN NOT f.is_current AND NOT f.is_done AND NOT (
                   f.is_previous AND f.sealed_successor IS NOT NULL AND grace.seconds > 0
                   AND $6 < f.rotated_at + grace.seconds * interval '1 second') THEN 'reused'
               WHEN f.dpop_jkt IS NOT NULL AND f.dpop_jkt IS DISTINCT FROM $16
                    OR f.x5t_s256 IS NOT NULL AND f.x5t_s256 IS DISTINCT FROM $17 THEN 'sender_mismatch'
               WHEN c.dpop_bound_access_tokens AND $16 IS NULL THEN 'dpop_required'
               WHEN c.tls_client_certificate_bound_access_tokens AND $17 IS NULL THEN 'certificate_required'
               WHEN NOT $14 <@ f.scopes THEN 'scope_exceeded'
               WHEN NOT (is_uri_list($15) AND ($15 <@ f.resources OR f.resources = '{}')) THEN 'target_exceeded'
               WHEN NOT is_printable_list($20) THEN 'bad_audience'
               WHEN f.is_current OR f.is_done THEN 'rotated'
               ELSE 'repeated'
           END AS verdict
    FROM (SELECT) AS one
    LEFT JOIN family f ON true
    LEFT JOIN clients c ON c.id = $11
    LEFT JOIN LATERAL (SELECT id, erased_at, locked_at, locked_until, revocation_epoch
                       FROM users WHERE id = f.user_id OFFSET 0) u ON true
    LEFT JOIN LATERAL (SELECT id, sid, revoked_at
                       FROM sessions WHERE id = f.session_id OFFSET 0) s ON true
    -- 0 is never, also where the clocks of two machines differ.
    LEFT JOIN LATERAL (
        SELECT least(coalesce(
            (SELECT (value #>> '{}')::bigint FROM settings
             WHERE key = 'tokens.refresh_grace_seconds' AND value_type = 'integer'), 10), 86400) AS seconds
        WHERE NOT f.is_current
    ) grace ON true
), written AS (
    UPDATE refresh_tokens r
    SET digest = CASE v.verdict WHEN 'rotated' THEN $12 ELSE r.digest END,
        previous_digest = CASE v.verdict WHEN 'rotated' THEN r.digest ELSE r.previous_digest END,
        sealed_successor = CASE v.verdict WHEN 'rotated' THEN $13 END,
        generation = CASE v.verdict WHEN 'rotated' THEN r.generation + 1 ELSE r.generation END,
        rotated_at = CASE v.verdict WHEN 'rotated' THEN $6 ELSE r.rotated_at END,
        idle_expires_at = CASE v.verdict WHEN 'rotated' THEN v.idle_expires_at ELSE r.idle_expires_at END,
        revoked_at = CASE v.verdict WHEN 'reused' THEN $6 END,
        revocation_reason = CASE v.verdict WHEN 'reused' THEN 'refresh_token_reuse'::revocation_reason END
    FROM verdict v
    WHERE r.id = $7 AND (v.verdict = 'reused' OR v.verdict = 'rotated' AND v.is_current)
), issued AS (
    INSERT INTO access_tokens (id, digest, client_id, user_id, session_id, refresh_token_id, scopes, audience,
                               resources, authorization_details, dpop_jkt, x5t_s256, issued_at, expires_at,
                               client_epoch, user_epoch)
    SELECT $18, $19, $11, user_id, session_id, $7, scopes, $20, resources, authorization_details, $16, $17, $6,
           access_expires_at, client_epoch, user_epoch
    FROM verdict
    WHERE verdict IN ('rotated', 'repeated')
    ON CONFLICT (id) DO NOTHING
), answer AS (
    SELECT verdict, user_id, session_id, sid, scopes, resources, authorization_details, auth_time, acr, amr,
           access_expires_at, v.expires_at, v.idle_expires_at AS refresh_expires_at,
           CASE verdict WHEN 'repeated' THEN sealed_successor END AS sealed_successor
    FROM verdict v
), event AS (
    SELECT 'refresh_token.rotate' AS event,
           CASE WHEN verdict IN ('rotated', 'repeated') THEN 'success' ELSE 'failure' END AS outcome,
           'client' AS actor_kind, $11 AS actor_id, 'refresh_token' AS resource_kind, $7 AS resource_id,
           $11 AS client_id, session_id,
           jsonb_strip_nulls(jsonb_build_object('outcome', verdict, 'user_id', user_id, 'generation', generation)) AS details
    FROM verdict
)
