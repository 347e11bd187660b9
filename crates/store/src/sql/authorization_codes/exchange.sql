-- $7 id, $8 blind, $9 blinded digest, $10 client, $11 redirect_uri, $12 blinded S256 challenge, $13 blinded plain
-- challenge, $14 jkt, $15 x5t#S256, $16 access token, $17 its digest, $18 audience, $19 refresh token family,
-- $20 its digest, $21 its lineage digest, $22 resources
WITH code AS MATERIALIZED (
    -- Waits for whoever exchanges the same code, and then sees what they did.
    SELECT k.* FROM authorization_codes k WHERE k.id = $7 AND sha256(k.digest || $8) = $9 FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT k.user_id, k.scopes, coalesce($22, k.resources) AS resources, k.resources AS granted_resources,
           k.authorization_details, k.nonce,
           k.auth_time, k.acr, k.amr, k.requested_claims, k.client_epoch, k.user_epoch,
           k.session_id AS code_session_id, s.sid, c.client_type,
           -- A grant for offline access outlives its session (OpenID Connect Core 11); any other ends with it.
           CASE WHEN NOT offline.access THEN k.session_id END AS session_id,
           CASE WHEN NOT offline.access THEN s.expires_at END AS session_expires_at,
           k.consumed_at IS NULL AS is_first, offline.refreshes,
           CASE WHEN c.client_type = 'public' THEN $14 END AS family_jkt,
           CASE WHEN c.client_type = 'public' THEN $15 END AS family_x5t,
           -- Whatever a setting says, a lifetime is one that the table takes.
           greatest(least(coalesce(c.access_token_ttl,
                          (SELECT (value #>> '{}')::bigint FROM settings
                           WHERE key = 'tokens.access_token_ttl' AND value_type = 'integer'),
                          3600), 86400), 1) * interval '1 second' AS access_token_ttl,
           greatest(least(coalesce(c.refresh_token_ttl,
                    (SELECT (value #>> '{}')::bigint FROM settings
                     WHERE key = 'tokens.refresh_token_ttl' AND value_type = 'integer'),
                    2592000), 2147483647), 1) * interval '1 second' AS refresh_token_ttl,
           greatest(least(coalesce(c.refresh_token_absolute_ttl,
                    (SELECT (value #>> '{}')::bigint FROM settings
                     WHERE key = 'tokens.refresh_token_absolute_ttl' AND value_type = 'integer'),
                    31536000), 2147483647), 1) * interval '1 second' AS refresh_token_absolute_ttl,
           CASE
               WHEN k.id IS NULL THEN 'unknown'
               WHEN k.client_id <> $10 THEN 'wrong_client'
               -- This very call before, whose answer was lost.
               WHEN k.access_token_id = $16 THEN 'exchanged'
               WHEN k.consumed_at IS NOT NULL THEN 'replayed'
               WHEN k.expires_at <= $6 THEN 'expired'
               WHEN c.disabled_at IS NOT NULL THEN 'client_disabled'
               WHEN NOT 'authorization_code' = ANY (c.grant_types) THEN 'unauthorized_client'
               WHEN NOT coalesce($11 = coalesce(k.redirect_uri, c.redirect_uris[1]), k.redirect_uri IS NULL) THEN 'redirect_uri_mismatch'
               -- Also a verifier for a code without a challenge (RFC 9700 section 2.1.1).
               WHEN CASE
                   WHEN k.code_challenge IS NULL THEN $12 IS NOT NULL
                   ELSE sha256(convert_to(k.code_challenge, 'UTF8') || $8)
                        IS DISTINCT FROM CASE k.code_challenge_method WHEN 'S256' THEN $12 ELSE $13 END
               END THEN 'pkce_mismatch'
               WHEN k.dpop_jkt IS NOT NULL AND k.dpop_jkt IS DISTINCT FROM $14 THEN 'sender_mismatch'
               WHEN c.dpop_bound_access_tokens AND $14 IS NULL THEN 'dpop_required'
               WHEN c.tls_client_certificate_bound_access_tokens AND $15 IS NULL THEN 'certificate_required'
               WHEN k.client_epoch <> c.revocation_epoch OR k.user_epoch <> u.revocation_epoch THEN 'revoked'
               WHEN u.erased_at IS NOT NULL OR u.locked_at IS NOT NULL AND u.locked_until IS NULL THEN 'user_inactive'
               WHEN k.session_id IS NOT NULL AND (s.id IS NULL OR s.revoked_at IS NOT NULL OR s.expires_at <= $6) THEN 'session_ended'
               WHEN NOT (is_uri_list($22) AND ($22 <@ k.resources OR k.resources = '{}')) THEN 'target_exceeded'
               WHEN NOT is_printable_list($18) THEN 'bad_audience'
               ELSE 'exchanged'
           END AS verdict
    FROM (SELECT) AS one
    LEFT JOIN code k ON true
    LEFT JOIN clients c ON c.id = $10
    LEFT JOIN LATERAL (SELECT id, erased_at, locked_at, locked_until, revocation_epoch
                       FROM users WHERE id = k.user_id OFFSET 0) u ON true
    LEFT JOIN LATERAL (SELECT id, sid, revoked_at, expires_at
                       FROM sessions WHERE id = k.session_id OFFSET 0) s ON true
    LEFT JOIN LATERAL (
        SELECT $19 IS NOT NULL AND 'refresh_token' = ANY (c.grant_types) AS refreshes,
               $19 IS NOT NULL AND 'refresh_token' = ANY (c.grant_types) AND 'offline_access' = ANY (k.scopes) AS access
    ) offline ON true
), lifetimes AS MATERIALIZED (
    SELECT least($6 + access_token_ttl, session_expires_at) AS access_expires_at,
           least($6 + refresh_token_ttl, $6 + refresh_token_absolute_ttl, session_expires_at) AS idle_expires_at,
           least($6 + refresh_token_absolute_ttl, session_expires_at) AS expires_at
    FROM verdict
), consumed AS (
    UPDATE authorization_codes k
    SET consumed_at = $6, access_token_id = $16, refresh_token_id = CASE WHEN v.refreshes THEN $19 END
    FROM verdict v
    WHERE k.id = $7 AND v.verdict = 'exchanged' AND v.is_first
), granted AS (
    INSERT INTO refresh_tokens (id, digest, lineage_digest, client_id, user_id, session_id, scopes, resources,
                                authorization_details, dpop_jkt, x5t_s256, auth_time, acr, amr, issued_at,
                                idle_expires_at, expires_at, client_epoch, user_epoch)
    -- A token request narrows its access token, and not the grant (RFC 8707 section 2.2).
    SELECT $19, $20, $21, $10, user_id, session_id, scopes, granted_resources, authorization_details, family_jkt, family_x5t,
           auth_time, acr, amr, $6, idle_expires_at, expires_at, client_epoch, user_epoch
    FROM verdict, lifetimes
    WHERE verdict = 'exchanged' AND is_first AND refreshes
), issued AS (
    INSERT INTO access_tokens (id, digest, client_id, user_id, session_id, refresh_token_id, scopes, audience,
                               resources, authorization_details, dpop_jkt, x5t_s256, issued_at, expires_at,
                               client_epoch, user_epoch, auth_time, acr)
    SELECT $16, $17, $10, user_id, session_id, CASE WHEN refreshes THEN $19 END, scopes, $18, resources,
           authorization_details, $14, $15, $6, access_expires_at, client_epoch, user_epoch,
           CASE WHEN NOT refreshes THEN auth_time END, CASE WHEN NOT refreshes THEN acr END
    FROM verdict, lifetimes
    WHERE verdict = 'exchanged' AND is_first
), answer AS (
    SELECT verdict, user_id, session_id, sid, scopes, resources, authorization_details, nonce, auth_time, acr, amr,
           requested_claims, access_expires_at, CASE WHEN refreshes THEN idle_expires_at END AS refresh_expires_at
    FROM verdict, lifetimes
), event AS (
    SELECT 'authorization_code.exchange' AS event,
           CASE verdict WHEN 'exchanged' THEN 'success' ELSE 'failure' END AS outcome,
           'client' AS actor_kind, $10 AS actor_id, 'authorization_code' AS resource_kind, $7 AS resource_id,
           $10 AS client_id, code_session_id AS session_id,
           jsonb_strip_nulls(jsonb_build_object('outcome', verdict, 'user_id', user_id)) AS details
    FROM verdict
)
