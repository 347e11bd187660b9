-- $7 id, $8 blind, $9 blinded digest, $10 client, $11 jkt, $12 x5t#S256, $13 access token, $14 its digest,
-- $15 audience, $16 refresh token family, $17 its digest, $18 its lineage digest, $19 resources
WITH code AS MATERIALIZED (
    -- Waits for whoever polls or answers the same code, and then sees what they did.
    SELECT k.* FROM device_codes k WHERE k.id = $7 AND sha256(k.digest || $8) = $9 FOR NO KEY UPDATE
), verdict AS MATERIALIZED (
    SELECT k.user_id, k.answered_at, k.scopes, coalesce($19, k.resources) AS resources,
           k.resources AS granted_resources,
           -- Of the approval. Of one that kept none, by an older program, no more is sure than that the session had begun.
           coalesce(k.auth_time, s.created_at) AS auth_time, k.acr, k.amr,
           k.client_epoch, k.user_epoch, k.session_id AS code_session_id, s.sid,
           -- A grant for offline access outlives its session (OpenID Connect Core 11); any other ends with it.
           CASE WHEN NOT offline.access THEN k.session_id END AS session_id,
           CASE WHEN NOT offline.access THEN s.expires_at END AS session_expires_at,
           k.status = 'approved' AS is_first, offline.refreshes,
           -- It was counted already, or later ones were.
           coalesce($6 <= k.last_polled_at, false) AS is_counted,
           k.exchanged_at = $6 AS is_of_this_time,
           CASE WHEN c.client_type = 'public' THEN $11 END AS family_jkt,
           CASE WHEN c.client_type = 'public' THEN $12 END AS family_x5t,
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
               WHEN k.status = 'exchanged' THEN
                   CASE
                       -- This very call before, whose answer was lost.
                       WHEN k.exchanged_at = $6 AND EXISTS (
                           SELECT FROM access_tokens t WHERE t.id = $13 AND t.client_id = $10 AND t.user_id = k.user_id
                       ) THEN 'exchanged'
                       ELSE 'already_exchanged'
                   END
               WHEN k.expires_at <= $6 THEN 'expired'
               WHEN c.disabled_at IS NOT NULL THEN 'client_disabled'
               WHEN NOT 'urn:ietf:params:oauth:grant-type:device_code' = ANY (c.grant_types) THEN 'unauthorized_client'
               WHEN k.client_epoch <> c.revocation_epoch THEN 'revoked'
               WHEN k.status = 'denied' THEN 'denied'
               WHEN c.dpop_bound_access_tokens AND $11 IS NULL THEN 'dpop_required'
               WHEN c.tls_client_certificate_bound_access_tokens AND $12 IS NULL THEN 'certificate_required'
               WHEN k.status = 'pending' THEN
                   CASE
                       -- The microsecond that the first of these calls added.
                       WHEN k.last_polled_at = $6 + interval '1 microsecond' THEN 'slow_down'
                       WHEN $6 <= k.last_polled_at THEN 'pending'
                       -- The clocks of those who ask may differ by less than a second.
                       WHEN $6 <= k.last_polled_at + (k.poll_interval - 1) * interval '1 second' THEN 'slow_down'
                       ELSE 'pending'
                   END
               WHEN k.user_epoch <> u.revocation_epoch THEN 'revoked'
               WHEN u.erased_at IS NOT NULL OR u.locked_at IS NOT NULL AND u.locked_until IS NULL THEN 'user_inactive'
               WHEN s.id IS NULL OR s.revoked_at IS NOT NULL OR s.expires_at <= $6 THEN 'session_ended'
               WHEN NOT (is_uri_list($19) AND ($19 <@ k.resources OR k.resources = '{}')) THEN 'target_exceeded'
               WHEN NOT is_printable_list($15) THEN 'bad_audience'
               ELSE 'exchanged'
           END AS verdict
    FROM (SELECT) AS one
    LEFT JOIN code k ON true
    LEFT JOIN clients c ON c.id = $10
    LEFT JOIN LATERAL (SELECT * FROM users u WHERE u.id = k.user_id OFFSET 0) u ON true
    LEFT JOIN LATERAL (SELECT * FROM sessions s WHERE s.id = k.session_id OFFSET 0) s ON true
    LEFT JOIN LATERAL (
        SELECT $16 IS NOT NULL AND 'refresh_token' = ANY (c.grant_types) AS refreshes,
               $16 IS NOT NULL AND 'refresh_token' = ANY (c.grant_types) AND 'offline_access' = ANY (k.scopes) AS access
    ) offline ON true
), lifetimes AS MATERIALIZED (
    SELECT least($6 + access_token_ttl, session_expires_at) AS access_expires_at,
           least($6 + refresh_token_ttl, $6 + refresh_token_absolute_ttl, session_expires_at) AS idle_expires_at,
           least($6 + refresh_token_absolute_ttl, session_expires_at) AS expires_at
    FROM verdict
), polled AS (
    UPDATE device_codes k
    -- A microsecond more says that this poll came too early, so that its repetition is answered alike.
    SET last_polled_at = CASE v.verdict WHEN 'slow_down' THEN $6 + interval '1 microsecond' ELSE $6 END,
        poll_interval = CASE v.verdict WHEN 'slow_down' THEN least(k.poll_interval + 5, 3600) ELSE k.poll_interval END,
        slow_down_count = k.slow_down_count + CASE v.verdict WHEN 'slow_down' THEN 1 ELSE 0 END,
        status = CASE v.verdict WHEN 'exchanged' THEN 'exchanged' ELSE k.status END,
        exchanged_at = CASE v.verdict WHEN 'exchanged' THEN $6 END,
        -- As they are. Of a row that was changed while this waited, PostgreSQL checks the old version first, with what is
        -- set here (see ARCHITECTURE.md).
        user_id = v.user_id,
        answered_at = v.answered_at
    FROM verdict v
    WHERE k.id = $7 AND (v.verdict = 'exchanged' AND v.is_first
                         OR v.verdict IN ('pending', 'slow_down') AND NOT v.is_counted)
), granted AS (
    INSERT INTO refresh_tokens (id, digest, lineage_digest, client_id, user_id, session_id, scopes, resources,
                                dpop_jkt, x5t_s256, auth_time, acr, amr, issued_at, idle_expires_at, expires_at,
                                client_epoch, user_epoch)
    -- A token request narrows its access token, and not the grant (RFC 8707 section 2.2).
    SELECT $16, $17, $18, $10, user_id, session_id, scopes, granted_resources, family_jkt, family_x5t, auth_time, acr, amr,
           $6, idle_expires_at, expires_at, client_epoch, user_epoch
    FROM verdict, lifetimes
    WHERE verdict = 'exchanged' AND is_first AND refreshes
), issued AS (
    INSERT INTO access_tokens (id, digest, client_id, user_id, session_id, refresh_token_id, scopes, audience,
                               resources, dpop_jkt, x5t_s256, issued_at, expires_at, client_epoch, user_epoch,
                               auth_time, acr)
    SELECT $13, $14, $10, user_id, session_id, CASE WHEN refreshes THEN $16 END, scopes, $15, resources, $11, $12,
           $6, access_expires_at, client_epoch, user_epoch, CASE WHEN NOT refreshes THEN auth_time END,
           CASE WHEN NOT refreshes THEN acr END
    FROM verdict, lifetimes
    WHERE verdict = 'exchanged' AND is_first
), answer AS (
    SELECT verdict, user_id, session_id, sid, scopes, resources, NULL::jsonb AS authorization_details, auth_time, acr,
           amr, access_expires_at, CASE WHEN refreshes THEN idle_expires_at END AS refresh_expires_at, is_of_this_time
    FROM verdict, lifetimes
), event AS (
    SELECT 'device_code.exchange' AS event,
           CASE verdict WHEN 'exchanged' THEN 'success' ELSE 'failure' END AS outcome,
           'client' AS actor_kind, $10 AS actor_id, 'device_code' AS resource_kind, $7 AS resource_id,
           $10 AS client_id, code_session_id AS session_id,
           jsonb_strip_nulls(jsonb_build_object('outcome', verdict, 'user_id', user_id)) AS details
    FROM verdict
    -- To wait is no event; the row counts those who do not.
    WHERE verdict NOT IN ('pending', 'slow_down')
)
