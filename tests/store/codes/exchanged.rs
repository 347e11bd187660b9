//! Exchanging codes: what is written, and by which rules.

use authority_entity::sea_orm_active_enums::CodeChallengeMethod;
use authority_store::{
    CodeChallenge, CodeVerifier, Exchange, ExchangeRefusal, IssueCode, IssueCodeRefusal, Rotation, Thumbprint,
};
use chrono::TimeDelta;
use macro_rules_attribute::apply;
use serde_json::json;

use crate::store::with::{certificate, dpop, end_sessions, kept, uris};
use crate::store::world::{REDIRECT_URI, VERIFIER, World};
use crate::support::eventually;

const A: &str = "https://api.example/a";
const B: &str = "https://api.example/b";

#[apply(both_ways)]
async fn a_grant_ends_with_its_session_unless_it_is_for_offline_access() {
    let mut world = World::new().await;
    let session = world.session.to_string();
    let code = world.code_for("openid").await;
    let issued = world.tokens(&code).await;
    assert_eq!(issued.exchanged.grant.session_id, Some(world.session));
    assert_eq!(issued.exchanged.grant.sid.as_deref(), Some("sid"));
    let (rotated, ..) = world.rotate_with(&issued.refresh, |request| request).await;
    let Ok(Rotation::Rotated(grant)) = rotated else { panic!("{rotated:?}") };
    assert_eq!(grant.sid.as_deref(), Some("sid"));
    let bound = format!("WHERE id = '{}'", issued.refresh.family());
    assert_eq!(world.value(&format!("SELECT session_id FROM refresh_tokens {bound}")).await, session);
    // The session ends after seven days, before the thirty of the setting's default.
    assert_eq!(
        world.value(&format!("SELECT idle_expires_at - issued_at FROM refresh_tokens {bound}")).await,
        "7 days"
    );
    assert_eq!(
        world.value(&format!("SELECT expires_at - issued_at FROM refresh_tokens {bound}")).await,
        "7 days"
    );

    let code = world.code_for("openid offline_access").await;
    let issued = world.tokens(&code).await;
    assert_eq!(issued.exchanged.grant.session_id, None);
    assert_eq!(issued.exchanged.grant.sid.as_deref(), Some("sid"), "it was granted there");
    let (rotated, ..) = world.rotate_with(&issued.refresh, |request| request).await;
    let Ok(Rotation::Rotated(grant)) = rotated else { panic!("{rotated:?}") };
    assert_eq!(grant.sid, None, "it has outgrown it");
    let free = format!("WHERE id = '{}'", issued.refresh.family());
    assert_eq!(world.value(&format!("SELECT session_id FROM refresh_tokens {free}")).await, "");
    assert_eq!(
        world.value(&format!("SELECT idle_expires_at - issued_at FROM refresh_tokens {free}")).await,
        "30 days"
    );
    assert_eq!(
        world.value(&format!("SELECT expires_at - issued_at FROM refresh_tokens {free}")).await,
        "365 days"
    );
    let access = format!("SELECT session_id FROM access_tokens WHERE id = '{}'", issued.access.id());
    assert_eq!(world.value(&access).await, "");
}

#[apply(both_ways)]
async fn an_access_token_never_outlives_the_session_that_it_belongs_to() {
    let mut world = World::new().await;
    world.sql("UPDATE sessions SET expires_at = created_at + interval '10 minutes', idle_expires_at = created_at + interval '10 minutes'").await;
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    assert_eq!(issued.exchanged.grant.access_expires_at, world.now + TimeDelta::minutes(10));
}

#[apply(both_ways)]
async fn an_exchange_rewrites_the_row_in_place_whatever_the_code_says_of_the_person() {
    let mut world = World::new().await;
    let details = kept(json!([{"type": "payment"}]));
    for _ in 0..10 {
        let code = world.code_with(|r| IssueCode { authorization_details: Some(details), ..r }).await;
        world.tokens(&code).await;
    }
    let sql = "SELECT n_tup_upd || ' ' || n_tup_hot_upd FROM pg_stat_user_tables
               WHERE relname = 'authorization_codes_default'";
    // A backend tells what it did a while later, and at its end.
    end_sessions(&world.database).await;
    eventually("the server has counted", async || world.value(sql).await == "10 10").await;
}

#[apply(both_ways)]
async fn a_setting_of_another_type_counts_as_none() {
    let mut world = World::new().await;
    for (kind, value) in
        [("string", r#""abc""#), ("string", r#""""#), ("string_list", r#"["a"]"#), ("boolean", "true")]
    {
        world
            .sql(&format!(
                "INSERT INTO settings (key, value, value_type, category, description)
                 SELECT key, '{value}', '{kind}', 'tokens', 'For a test.'
                 FROM unnest('{{tokens.authorization_code_ttl,tokens.access_token_ttl,tokens.refresh_token_ttl,
                                tokens.refresh_token_absolute_ttl,tokens.refresh_grace_seconds}}'::text[]) AS key
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value, value_type = excluded.value_type"
            ))
            .await;
        let code = world.code_for("openid offline_access").await;
        let issued = world.tokens(&code).await;
        let grant = &issued.exchanged.grant;
        assert_eq!(grant.access_expires_at - world.now, TimeDelta::hours(1), "{kind}");
        assert_eq!(grant.refresh_expires_at, Some(world.now + TimeDelta::days(30)), "{kind}");
        world.rotate(&issued.refresh).await.0.expect("a successor");
        world.wait(9);
        let again = world.rotate(&issued.refresh).await.0;
        assert!(matches!(again, Ok(Rotation::Repeated(..))), "{again:?}");
    }
}

#[apply(both_ways)]
async fn lifetimes_come_from_the_client_or_the_settings_whatever_these_say() {
    let mut world = World::new().await;
    let hour = TimeDelta::hours(1);
    let cases = [
        ("null", "NULL", hour, TimeDelta::days(30)),
        ("120", "NULL", TimeDelta::seconds(120), TimeDelta::seconds(120)),
        ("999999999999999999", "NULL", TimeDelta::days(1), TimeDelta::seconds(2_147_483_647)),
        ("-5", "NULL", TimeDelta::seconds(1), TimeDelta::seconds(1)),
        ("120", "240", TimeDelta::seconds(240), TimeDelta::seconds(240)),
    ];
    for (setting, client, access, refresh) in cases {
        for key in ["access_token_ttl", "refresh_token_ttl", "refresh_token_absolute_ttl"] {
            world.setting(key, setting).await;
        }
        world
            .sql(&format!("UPDATE clients SET access_token_ttl = {client}, refresh_token_ttl = {client}"))
            .await;
        let code = world.code_for("openid offline_access").await;
        let issued = world.tokens(&code).await;
        let grant = &issued.exchanged.grant;
        let absolute = if client == "NULL" { refresh } else { TimeDelta::seconds(120) };
        assert_eq!(grant.access_expires_at - world.now, access, "{setting} {client}");
        assert_eq!(grant.refresh_expires_at, Some(world.now + refresh.min(absolute)), "{setting} {client}");
    }
}

#[apply(both_ways)]
async fn a_public_client_binds_its_refresh_token_and_a_confidential_one_only_the_access_token() {
    let mut world = World::new().await;
    for (sender, column) in [(dpop(1), "dpop_jkt"), (certificate(2), "x5t_s256")] {
        for (kind, bound) in [("public", true), ("confidential", false)] {
            let method = if kind == "public" { "none" } else { "private_key_jwt" };
            let keys = if kind == "public" { "NULL" } else { "'https://app.example/keys'" };
            world.sql(&format!("UPDATE clients SET client_type = '{kind}', token_endpoint_auth_method = '{method}', jwks_uri = {keys}")).await;
            let code = world.code().await;
            let (outcome, access, refresh) =
                world.exchange_with(&code, |request| Exchange { sender: Some(sender), ..request }).await;
            outcome.expect("tokens");
            assert_eq!(world.introspect(&access).await.expect("active").sender, Some(sender));
            let sql =
                format!("SELECT {column} IS NOT NULL FROM refresh_tokens WHERE id = '{}'", refresh.family());
            assert_eq!(world.value(&sql).await == "t", bound, "{kind} {column}");
        }
    }
}

#[apply(both_ways)]
async fn a_token_request_narrows_its_access_token_and_not_the_grant() {
    let mut world = World::new().await;
    let code = world.code_with(|request| IssueCode { resources: uris(&[A, B]), ..request }).await;
    let (outcome, access, refresh) =
        world.exchange_with(&code, |request| Exchange { resources: Some(uris(&[A])), ..request }).await;
    assert_eq!(outcome.expect("tokens").grant.resources, [A]);
    assert_eq!(world.introspect(&access).await.expect("active").resources, [A]);
    // RFC 8707 section 2.2: the refresh token is for everything that was granted.
    let (outcome, _, access) = world
        .rotate_with(&refresh, |request| authority_store::Rotate { resources: Some(uris(&[B])), ..request })
        .await;
    outcome.expect("an access token for the other resource");
    assert_eq!(world.introspect(&access).await.expect("active").resources, [B]);
    let code = world.code_with(|request| IssueCode { resources: uris(&[A, B]), ..request }).await;
    let (outcome, _, _) =
        world.exchange_with(&code, |request| Exchange { resources: Some(&[]), ..request }).await;
    assert_eq!(
        outcome.expect("tokens").grant.resources,
        [A, B],
        "a request without resources narrows nothing"
    );
}

#[apply(both_ways)]
async fn a_client_that_may_not_refresh_gets_no_refresh_token() {
    let mut world = World::new().await;
    world.sql("UPDATE clients SET grant_types = '{authorization_code}'").await;
    let code = world.code_for("openid offline_access").await;
    let issued = world.tokens(&code).await;
    assert_eq!(issued.exchanged.grant.refresh_expires_at, None);
    assert_eq!(issued.exchanged.grant.session_id, Some(world.session));
    assert_eq!(world.value("SELECT count(*) FROM refresh_tokens").await, "0");
    assert_eq!(
        world.value("SELECT count(*) FROM authorization_codes WHERE refresh_token_id IS NULL").await,
        "1"
    );
    let code = world.code().await;
    let (outcome, ..) =
        world.exchange_with(&code, |request| Exchange { refresh_token: None, ..request }).await;
    assert_eq!(outcome.expect("a token").grant.refresh_expires_at, None);
}

#[apply(both_ways)]
async fn a_native_app_has_the_code_sent_to_its_port_and_repeats_that_port() {
    let mut world = World::new().await;
    world.sql("UPDATE clients SET redirect_uris = '{http://127.0.0.1/callback,https://app.example/}'").await;
    let elsewhere = Some("http://127.0.0.1:49152/other");
    let refused = world.issue_with(|request| IssueCode { redirect_uri: elsewhere, ..request }).await.0;
    assert_eq!(refused.expect_err("another path"), IssueCodeRefusal::RedirectUriMismatch);
    let there = Some("http://127.0.0.1:49152/callback");
    let code = world.code_with(|request| IssueCode { redirect_uri: there, ..request }).await;
    for elsewhere in ["http://127.0.0.1:49153/callback", "http://127.0.0.1/callback"] {
        let uri = Some(elsewhere);
        let outcome = world.exchange_with(&code, |request| Exchange { redirect_uri: uri, ..request }).await.0;
        assert_eq!(outcome.expect_err("another port"), ExchangeRefusal::RedirectUriMismatch, "{elsewhere}");
    }
    let outcome = world.exchange_with(&code, |request| Exchange { redirect_uri: there, ..request }).await.0;
    outcome.expect("the same port");
}

#[apply(both_ways)]
async fn the_redirect_uri_is_repeated_where_there_was_one_and_only_there() {
    let mut world = World::new().await;
    let there = world.code().await;
    let absent = world.code_with(|request| IssueCode { redirect_uri: None, ..request }).await;
    let again = world.code_with(|request| IssueCode { redirect_uri: None, ..request }).await;
    for uri in [None, Some("https://app.example/other"), Some("https://app.example/callback\0")] {
        let uri = uri.map(|uri: &'static str| uri);
        let (outcome, ..) =
            world.exchange_with(&there, |request| Exchange { redirect_uri: uri, ..request }).await;
        assert_eq!(outcome.expect_err("another"), ExchangeRefusal::RedirectUriMismatch, "{uri:?}");
    }
    let (outcome, ..) = world
        .exchange_with(&absent, |request| Exchange {
            redirect_uri: Some("https://app.example/other"),
            ..request
        })
        .await;
    assert_eq!(outcome.expect_err("not the client's"), ExchangeRefusal::RedirectUriMismatch);
    for (code, uri) in [(&there, Some(REDIRECT_URI)), (&absent, None), (&again, Some(REDIRECT_URI))] {
        let (outcome, ..) =
            world.exchange_with(code, |request| Exchange { redirect_uri: uri, ..request }).await;
        outcome.unwrap_or_else(|refusal| panic!("{uri:?}: {refusal}"));
    }
}

#[apply(both_ways)]
async fn a_verifier_answers_its_own_method_only() {
    let mut world = World::new().await;
    world.sql("UPDATE clients SET allow_plain_code_challenge = true").await;
    let plain = kept(CodeChallenge::new(VERIFIER, CodeChallengeMethod::Plain).expect("a challenge"));
    let code = world.code_with(|request| IssueCode { code_challenge: Some(plain), ..request }).await;
    let wrong = kept(CodeVerifier::new("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").expect("a verifier"));
    let refused = async |world: &mut World, code, verifier| {
        let (outcome, ..) =
            world.exchange_with(code, |request| Exchange { code_verifier: verifier, ..request }).await;
        assert_eq!(outcome.expect_err("no answer"), ExchangeRefusal::PkceMismatch);
    };
    refused(&mut world, &code, Some(wrong)).await;
    refused(&mut world, &code, None).await;
    world.tokens(&code).await;

    // Who saw an S256 challenge cannot present it as a plain verifier.
    let code = world.code().await;
    refused(&mut world, &code, Some(wrong)).await;
    refused(&mut world, &code, None).await;
    world.tokens(&code).await;

    // A confidential client may go without; then a verifier is as wrong as a missing one (RFC 9700 section 2.1.1).
    world.sql("UPDATE clients SET client_type = 'confidential', token_endpoint_auth_method = 'private_key_jwt', jwks_uri = 'https://app.example/keys', require_pkce = false").await;
    let code = world.code_with(|request| IssueCode { code_challenge: None, ..request }).await;
    let right = kept(CodeVerifier::new(VERIFIER).expect("a verifier"));
    refused(&mut world, &code, Some(right)).await;
    let (outcome, ..) =
        world.exchange_with(&code, |request| Exchange { code_verifier: None, ..request }).await;
    outcome.expect("tokens");
}

#[apply(both_ways)]
async fn the_same_call_again_gives_the_same_tokens_and_doubles_nothing() {
    let mut world = World::new().await;
    let code =
        world.code_with(|request| IssueCode { dpop_jkt: Some(Thumbprint::new([1; 32])), ..request }).await;
    let (access, refresh) = world.new_tokens();
    let verifier = CodeVerifier::new(VERIFIER).expect("a verifier");
    let audience = [crate::store::world::AUDIENCE.to_owned()];
    let audit = authority_store::Audit::new(world.now, &mut world.random);
    let request = Exchange {
        sender: Some(dpop(1)),
        audit: Some(&audit),
        ..crate::store::world::exchange(&code, world.client, &verifier, &access, &refresh, &audience)
    };
    let mut outcomes = Vec::new();
    for _ in 0..3 {
        let outcome = world.store.exchange_authorization_code(&request, world.now, &mut world.random).await;
        outcomes.push(outcome.expect("a database").expect("tokens"));
    }
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]));
    let counts = "SELECT concat_ws(' ', (SELECT count(*) FROM access_tokens), (SELECT count(*) FROM refresh_tokens), (SELECT count(*) FROM audit_logs))";
    assert_eq!(world.value(counts).await, "1 1 1");
    assert!(world.introspect(&access).await.is_ok());
    assert!(matches!(
        world.rotate_with(&refresh, |r| authority_store::Rotate { sender: Some(dpop(1)), ..r }).await.0,
        Ok(authority_store::Rotation::Rotated(_))
    ));
}

#[apply(both_ways)]
async fn a_call_that_is_repeated_later_leaves_when_the_code_was_used() {
    let mut world = World::new().await;
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    let used = "SELECT consumed_at || ' ' || refresh_token_id FROM authorization_codes";
    let before = world.value(used).await;
    world.wait(5);
    let (_, another) = world.new_tokens();
    world.exchange(&code, &issued.access, &another).await.expect("the same tokens");
    assert_eq!(world.value(used).await, before);
    assert_eq!(world.value("SELECT count(*) FROM refresh_tokens").await, "1");
}
