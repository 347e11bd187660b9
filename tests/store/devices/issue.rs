use authority_store::{ClientId, ErrorCode, IssueDeviceCodeRefusal};
use chrono::TimeDelta;
use macro_rules_attribute::apply;

use super::*;

#[apply(both_ways)]
async fn every_reason_to_issue_no_code_is_told() {
    let mut world = world().await;
    let tv = new_device(&mut world);
    let scopes = "openid".parse().expect("scopes");
    let other = ClientId::new(world.now, &mut world.random);
    let request = IssueDeviceCode { client: other, ..issue(world.client, &tv, &scopes) };
    let outcome = world.store.issue_device_code(&request, world.now).await.expect("a database");
    assert_eq!(outcome, Err(IssueDeviceCodeRefusal::UnknownClient));

    let email = "openid email".parse().expect("scopes");
    let request = issue(world.client, &tv, &email);
    let outcome = world.store.issue_device_code(&request, world.now).await.expect("a database");
    assert_eq!(outcome, Err(IssueDeviceCodeRefusal::ScopeNotAllowed));

    for uri in ["\0", "", "tv", "https://api.example/#a"] {
        let resources = [uri.to_owned()];
        let request = IssueDeviceCode { resources: &resources, ..issue(world.client, &tv, &scopes) };
        let outcome = world.store.issue_device_code(&request, world.now).await.expect("a database");
        assert_eq!(outcome, Err(IssueDeviceCodeRefusal::BadTarget));
    }
    assert_eq!(IssueDeviceCodeRefusal::BadTarget.error_code(), ErrorCode::InvalidTarget);

    for (change, refusal, code) in [
        ("disabled_at = now()", IssueDeviceCodeRefusal::ClientDisabled, ErrorCode::InvalidClient),
        (
            "disabled_at = NULL, grant_types = '{authorization_code}'",
            IssueDeviceCodeRefusal::UnauthorizedClient,
            ErrorCode::UnauthorizedClient,
        ),
    ] {
        world.database.execute(&format!("UPDATE clients SET {change}")).await;
        let request = issue(world.client, &tv, &scopes);
        let outcome = world.store.issue_device_code(&request, world.now).await.expect("a database");
        assert_eq!(outcome, Err(refusal));
        assert_eq!(refusal.error_code(), code);
    }
    assert_eq!(world.database.column("SELECT count(*) FROM device_codes").await, ["0"]);
}

#[apply(both_ways)]
async fn an_interval_that_no_row_can_have_is_the_nearest_that_one_can() {
    let mut world = world().await;
    let scopes = "openid".parse().expect("scopes");
    for (asked, given) in [(0, "1"), (1, "1"), (3600, "3600"), (u16::MAX, "3600")] {
        let tv = new_device(&mut world);
        let request = IssueDeviceCode { interval: asked, ..issue(world.client, &tv, &scopes) };
        world.store.issue_device_code(&request, world.now).await.expect("a database").expect("a device code");
        let sql = format!("SELECT poll_interval FROM device_codes WHERE id = '{}'", tv.id());
        assert_eq!(world.database.column(&sql).await, [given]);
    }
}

#[apply(both_ways)]
async fn the_lifetime_is_the_clients_or_the_settings_or_five_minutes() {
    let mut world = world().await;
    let scopes: Scopes = "openid".parse().expect("scopes");
    for (change, seconds) in [
        ("SELECT", 300),
        (
            "INSERT INTO settings (key, value, value_type, category, description)
             VALUES ('tokens.device_code_ttl', '900', 'integer', 'tokens', 'd')",
            900,
        ),
        ("UPDATE clients SET device_code_ttl = 120", 120),
    ] {
        world.database.execute(change).await;
        let tv = new_device(&mut world);
        let request = issue(world.client, &tv, &scopes);
        let expires_at = world.store.issue_device_code(&request, world.now).await.expect("a database");
        assert_eq!(expires_at, Ok(world.now + TimeDelta::seconds(seconds)));
    }
}

#[apply(both_ways)]
async fn what_a_device_says_of_itself_prevents_nothing() {
    let mut world = world().await;
    let tv = new_device(&mut world);
    let scopes = "openid".parse().expect("scopes");
    let agent = format!("T\nV\u{0}{}", "x".repeat(2000));
    let request =
        IssueDeviceCode { user_agent: Some(&agent), ip_address: None, ..issue(world.client, &tv, &scopes) };
    world.store.issue_device_code(&request, world.now).await.expect("a database").expect("a device code");
    let shown = look_up(&world, tv.user_code).await.expect("a device");
    assert_eq!(shown.user_agent.map(|agent| agent.len()), Some(1000));
    assert_eq!(shown.ip_address, None);
}

#[apply(both_ways)]
async fn a_user_code_that_somebody_waits_under_is_taken() {
    let mut world = world().await;
    let first = device(&mut world, "openid").await;
    for round in 0..2 {
        let second = Device { user_code: first.user_code, ..new_device(&mut world) };
        let scopes = "openid".parse().expect("scopes");
        let request = issue(world.client, &second, &scopes);
        let outcome = world.store.issue_device_code(&request, world.now).await.expect("a database");
        assert_eq!(outcome, Err(IssueDeviceCodeRefusal::UserCodeTaken));
        if round == 0 {
            // Whoever was approved has yet to fetch it.
            approve(&world, &first).await;
        }
    }
    poll(&mut world, &first).await.expect("tokens");
    let second = Device { user_code: first.user_code, ..new_device(&mut world) };
    let scopes = "openid".parse().expect("scopes");
    let request = issue(world.client, &second, &scopes);
    world.store.issue_device_code(&request, world.now).await.expect("a database").expect("it is free again");
}

#[apply(both_ways)]
async fn what_has_expired_gives_its_user_code_up() {
    let mut world = world().await;
    for approved in [false, true] {
        let first = device(&mut world, "openid").await;
        if approved {
            approve(&world, &first).await;
        }
        world.wait(300);
        let second = Device { user_code: first.user_code, ..new_device(&mut world) };
        let scopes = "openid".parse().expect("scopes");
        let request = issue(world.client, &second, &scopes);
        world.store.issue_device_code(&request, world.now).await.expect("a database").expect("a device code");
        assert_eq!(look_up(&world, first.user_code).await.expect("a device").id, second.id());
        assert_eq!(poll(&mut world, &first).await, Err(ExchangeDeviceCodeRefusal::Expired));
        assert_eq!(
            answer(&world, &first, DeviceAnswer::Approve(None)).await,
            Err(AnswerDeviceCodeRefusal::Expired)
        );
        approve(&world, &second).await;
        poll(&mut world, &second).await.expect("tokens");
    }
}

#[apply(both_ways)]
async fn a_code_that_is_issued_again_after_its_answer_was_lost_is_the_same() {
    let mut world = world().await;
    let tv = new_device(&mut world);
    let scopes = "openid".parse().expect("scopes");
    let event = audit(&mut world);
    let request = IssueDeviceCode { audit: Some(&event), ..issue(world.client, &tv, &scopes) };
    let first = world.store.issue_device_code(&request, world.now).await.expect("a database");
    let second = world.store.issue_device_code(&request, world.now).await.expect("a database");
    assert!(first.is_ok());
    assert_eq!(first, second);
    assert_eq!(world.database.column("SELECT count(*) FROM device_codes").await, ["1"]);
    assert_eq!(events(&world).await.len(), 1);
}
