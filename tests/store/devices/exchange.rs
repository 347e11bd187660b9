use authority_store::{
    ClientId, ErrorCode, ExchangeDeviceCodeRefusal as Refusal, SenderConstraint, Thumbprint,
};
use chrono::TimeDelta;
use macro_rules_attribute::apply;

use super::*;

#[apply(both_ways)]
async fn a_device_that_asks_too_early_waits_five_seconds_more_from_then_on() {
    let mut world = world().await;
    let tv = device(&mut world, "openid").await;
    // Seconds since the poll before, and what is answered at an interval of 5, 10 and 15 seconds.
    for (seconds, refusal) in [
        (0, Refusal::Pending),
        (5, Refusal::Pending),
        (4, Refusal::SlowDown),
        (9, Refusal::SlowDown),
        (15, Refusal::Pending),
        (14, Refusal::SlowDown),
        (20, Refusal::Pending),
    ] {
        world.wait(seconds);
        assert_eq!(poll(&mut world, &tv).await, Err(refusal), "{seconds}");
    }
    let row = "SELECT poll_interval || ' ' || slow_down_count FROM device_codes";
    assert_eq!(world.database.column(row).await, ["20 3"]);
    assert_eq!(Refusal::SlowDown.error_code(), ErrorCode::SlowDown);
    assert_eq!(Refusal::Pending.error_code(), ErrorCode::AuthorizationPending);
}

#[apply(both_ways)]
async fn clocks_that_differ_by_less_than_a_second_slow_nobody_down() {
    let mut world = world().await;
    let tv = device(&mut world, "openid").await;
    assert_eq!(poll(&mut world, &tv).await, Err(Refusal::Pending));
    world.now += TimeDelta::milliseconds(4001);
    assert_eq!(poll(&mut world, &tv).await, Err(Refusal::Pending));
    world.now -= TimeDelta::milliseconds(900);
    assert_eq!(poll(&mut world, &tv).await, Err(Refusal::Pending));
    assert_eq!(world.database.column("SELECT slow_down_count FROM device_codes").await, ["0"]);
}

#[apply(both_ways)]
async fn a_poll_that_is_repeated_because_its_answer_was_lost_is_answered_alike_and_counted_once() {
    let mut world = world().await;
    let tv = device(&mut world, "openid").await;
    let row = "SELECT row(poll_interval, slow_down_count, last_polled_at)::text FROM device_codes";
    for refusal in [Refusal::Pending, Refusal::SlowDown, Refusal::SlowDown] {
        assert_eq!(poll(&mut world, &tv).await, Err(refusal));
        let counted = world.database.column(row).await;
        for _ in 0..3 {
            assert_eq!(poll(&mut world, &tv).await, Err(refusal));
        }
        assert_eq!(world.database.column(row).await, counted);
        world.wait(2);
    }
}

#[apply(both_ways)]
async fn an_exchange_that_is_repeated_because_its_answer_was_lost_gives_the_same() {
    let mut world = world().await;
    let tv = device(&mut world, "openid offline_access").await;
    approve(&world, &tv).await;
    let (access, refresh) = world.new_tokens();
    let first = poll_for(&mut world, &tv, &access, &refresh).await.expect("tokens");
    let second = poll_for(&mut world, &tv, &access, &refresh).await.expect("the same tokens");
    assert_eq!(first, second);
    assert!(world.introspect(&access).await.is_ok());
    assert_eq!(poll(&mut world, &tv).await, Err(Refusal::AlreadyExchanged));
    let counts =
        "SELECT (SELECT count(*) FROM access_tokens) || ' ' || (SELECT count(*) FROM refresh_tokens)";
    assert_eq!(world.database.column(counts).await, ["1 1"]);
}

#[apply(both_ways)]
async fn a_code_of_another_client_and_one_that_was_made_up_are_told_apart() {
    let mut world = world().await;
    let tv = device(&mut world, "openid").await;
    let (access, refresh) = world.new_tokens();
    let other = ClientId::new(world.now, &mut world.random);
    let request = ExchangeDeviceCode { client: other, ..polling(world.client, &tv, &access, &refresh, &[]) };
    let outcome = world.store.exchange_device_code(&request, world.now, &mut world.random).await;
    assert_eq!(outcome.expect("a database"), Err(Refusal::WrongClient));
    // The right id with a wrong secret is as unknown as a wrong id.
    let forged = Device { code: DeviceCode::for_id(tv.id(), &mut world.random), user_code: tv.user_code };
    assert_eq!(poll(&mut world, &forged).await, Err(Refusal::Unknown));
    let made_up = new_device(&mut world);
    assert_eq!(poll(&mut world, &made_up).await, Err(Refusal::Unknown));
    assert_eq!(
        world.database.column("SELECT count(*) FROM device_codes WHERE last_polled_at IS NOT NULL").await,
        ["0"]
    );
}

#[apply(both_ways)]
async fn a_code_whose_time_is_over_is_expired_whatever_was_answered() {
    let mut world = world().await;
    let (asked, approved, denied) = (
        device(&mut world, "openid").await,
        device(&mut world, "openid").await,
        device(&mut world, "openid").await,
    );
    approve(&world, &approved).await;
    answer(&world, &denied, DeviceAnswer::Deny).await.expect("an answer");
    world.wait(300);
    for tv in [asked, approved, denied] {
        assert_eq!(poll(&mut world, &tv).await, Err(Refusal::Expired));
    }
    assert_eq!(Refusal::Expired.error_code(), ErrorCode::ExpiredToken);
    assert_eq!(Refusal::Denied.error_code(), ErrorCode::AccessDenied);
    assert_eq!(Refusal::AlreadyExchanged.error_code(), ErrorCode::InvalidGrant);
}

#[apply(both_ways)]
async fn every_reason_not_to_exchange_an_approved_code_is_told_and_changes_nothing() {
    let mut world = world().await;
    let tv = device(&mut world, "openid").await;
    approve(&world, &tv).await;
    let cases = [
        ("clients SET disabled_at = now()", "clients SET disabled_at = NULL", Refusal::ClientDisabled),
        (
            "clients SET grant_types = '{authorization_code}'",
            "clients SET grant_types = '{authorization_code,refresh_token,urn:ietf:params:oauth:grant-type:device_code}'",
            Refusal::UnauthorizedClient,
        ),
        ("clients SET revocation_epoch = 1", "clients SET revocation_epoch = 0", Refusal::Revoked),
        ("users SET revocation_epoch = 1", "users SET revocation_epoch = 0", Refusal::Revoked),
        (
            "clients SET dpop_bound_access_tokens = true",
            "clients SET dpop_bound_access_tokens = false",
            Refusal::DpopRequired,
        ),
        (
            "clients SET tls_client_certificate_bound_access_tokens = true",
            "clients SET tls_client_certificate_bound_access_tokens = false",
            Refusal::CertificateRequired,
        ),
        ("users SET locked_at = now()", "users SET locked_at = NULL", Refusal::UserInactive),
        (
            "users SET erased_at = now(), username = 'erased-' || id, email = id || '@erased.invalid', tokens_revoked_before = now()",
            "users SET erased_at = NULL, username = 'ada', email = 'ada@example.com'",
            Refusal::UserInactive,
        ),
        (
            "sessions SET revoked_at = now(), revocation_reason = 'logout'",
            "sessions SET revoked_at = NULL, revocation_reason = NULL",
            Refusal::SessionEnded,
        ),
    ];
    for (change, back, refusal) in cases {
        world.database.execute(&format!("UPDATE {change}")).await;
        assert_eq!(poll(&mut world, &tv).await, Err(refusal), "{change}");
        world.database.execute(&format!("UPDATE {back}")).await;
    }
    world.database.execute("UPDATE device_codes SET resources = '{https://a.example}'").await;
    let (access, refresh) = world.new_tokens();
    let more = ["https://b.example".to_owned()];
    let request =
        ExchangeDeviceCode { resources: Some(&more), ..polling(world.client, &tv, &access, &refresh, &[]) };
    let outcome = world.store.exchange_device_code(&request, world.now, &mut world.random).await;
    assert_eq!(outcome.expect("a database"), Err(Refusal::TargetExceeded));

    // A lock that ends by itself keeps guesses away, and not who is signed in.
    world
        .database
        .execute("UPDATE users SET locked_at = now(), locked_until = now() + interval '1 hour'")
        .await;
    poll(&mut world, &tv).await.expect("tokens");
}

#[apply(both_ways)]
async fn the_tokens_of_a_public_client_are_bound_to_what_it_proved() {
    let mut world = world().await;
    let tv = device(&mut world, "openid").await;
    approve(&world, &tv).await;
    let (access, refresh) = world.new_tokens();
    let sender = Some(SenderConstraint::Dpop(Thumbprint::new([7; 32])));
    let request = ExchangeDeviceCode { sender, ..polling(world.client, &tv, &access, &refresh, &[]) };
    let outcome = world.store.exchange_device_code(&request, world.now, &mut world.random).await;
    outcome.expect("a database").expect("tokens");
    assert_eq!(world.introspect(&access).await.expect("an active token").sender, sender);
    let family = world.store.introspect_refresh_token(&refresh, world.now).await.expect("a database");
    assert_eq!(family.expect("an active token").sender, sender);
}

#[apply(both_ways)]
async fn a_client_without_refresh_tokens_gets_none() {
    let mut world = world().await;
    let sql = "UPDATE clients SET grant_types = '{authorization_code,urn:ietf:params:oauth:grant-type:device_code}'";
    world.database.execute(sql).await;
    let tv = device(&mut world, "openid offline_access").await;
    approve(&world, &tv).await;
    let grant = poll(&mut world, &tv).await.expect("tokens");
    assert_eq!((grant.refresh_expires_at, grant.session_id), (None, Some(world.session)));
    assert_eq!(world.database.column("SELECT count(*) FROM refresh_tokens").await, ["0"]);
}

#[apply(both_ways)]
async fn a_token_request_narrows_its_access_token_and_not_the_grant() {
    let mut world = world().await;
    let tv = device(&mut world, "openid offline_access").await;
    approve(&world, &tv).await;
    let (access, refresh) = world.new_tokens();
    // What is no URI is no resource, also for a code that names none (RFC 8707 section 2).
    for bad in ["no uri", "\0"] {
        let bad = [bad.to_owned()];
        let request = ExchangeDeviceCode {
            resources: Some(&bad),
            ..polling(world.client, &tv, &access, &refresh, &[])
        };
        let outcome = world.store.exchange_device_code(&request, world.now, &mut world.random).await;
        assert_eq!(outcome.expect("a database"), Err(Refusal::TargetExceeded));
    }
    world
        .database
        .execute("UPDATE device_codes SET resources = '{https://a.example,https://b.example}'")
        .await;
    let one = ["https://a.example".to_owned()];
    let request =
        ExchangeDeviceCode { resources: Some(&one), ..polling(world.client, &tv, &access, &refresh, &[]) };
    let outcome = world.store.exchange_device_code(&request, world.now, &mut world.random).await;
    assert_eq!(outcome.expect("a database").expect("tokens").resources, one);
    assert_eq!(world.introspect(&access).await.expect("active").resources, one);
    let family = world.store.introspect_refresh_token(&refresh, world.now).await.expect("a database");
    assert_eq!(family.expect("active").resources, ["https://a.example", "https://b.example"]);
}

#[apply(both_ways)]
async fn lifetimes_are_ones_that_the_tables_take_whatever_the_settings_say() {
    let mut world = world().await;
    for setting in ["null", "0", "-999999999999999999", "999999999999999999"] {
        for key in ["access_token_ttl", "refresh_token_ttl", "refresh_token_absolute_ttl", "device_code_ttl"]
        {
            world.setting(key, setting).await;
        }
        let tv = device(&mut world, "openid offline_access").await;
        approve(&world, &tv).await;
        let grant = poll(&mut world, &tv).await.expect("tokens");
        assert!(grant.access_expires_at > world.now, "{setting}");
    }
}
