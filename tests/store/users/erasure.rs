use authority_entity::secret::{Digest, Sealed};
use authority_store::{
    Actor, Change, ChangePassword, CurrentPassword, Elsewhere, Inactive, IssueCode, UserId,
};
use macro_rules_attribute::apply;
use serde_json::json;

use super::hash;
use crate::store::with::kept;
use crate::store::world::World;
use crate::support::eventually;

/// Everything in the database but what was appended to the audit trail.
const EVERYTHING: &str = "
    SELECT u::text FROM users u UNION ALL SELECT s::text FROM sessions s UNION ALL SELECT c::text FROM clients c
    UNION ALL SELECT r::text FROM refresh_tokens r UNION ALL SELECT t::text FROM access_tokens t
    UNION ALL SELECT d::text FROM device_codes d UNION ALL SELECT k::text FROM authorization_codes k";

#[apply(both_ways)]
async fn an_erased_person_is_named_nowhere_and_everything_of_theirs_is_dead() {
    let mut world = World::new().await;
    let cookie = world.sign_in().await;
    world.session = cookie.id();
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    let password = hash(4_711_471_147_114_711);
    let change = ChangePassword {
        user: world.user,
        new: &password,
        current: CurrentPassword::None,
        must_change: true,
        elsewhere: Elsewhere::Kept,
        actor: Actor::System,
        audit: None,
    };
    world.store.change_password(&change, world.now).await.expect("a database").expect("changed");
    let secret = Sealed::new(vec![0x77; 48]);
    let mfa = world.store.enable_mfa(world.user, &secret, &[Digest::new([0x78; 32])], None, world.now).await;
    mfa.expect("a database").expect("it is on");
    let login = world.store.record_login(world.user, Some([192, 0, 2, 7].into()), None, world.now).await;
    login.expect("a database").expect("logged in");
    let (user, client) = (world.user, world.client);
    let details = r#"[{"type": "payment", "creditor": "Ada"}]"#;
    world
        .database
        .execute(&format!(
            "UPDATE users SET given_name = 'Ada', family_name = 'Lovelace', claims = '{{\"nickname\": \"Ada\"}}',
                              role = 'admin', created_at = '{now}' WHERE id = '{user}';
             UPDATE clients SET owner_id = '{user}', contacts = '{{ops@example.org,Ada@Example.com,x@example.org}}';
             UPDATE refresh_tokens SET authorization_details = '{details}';
             UPDATE authorization_codes SET authorization_details = '{details}',
                 requested_claims = '{{\"userinfo\": {{\"nickname\": {{\"value\": \"Ada\"}}}}}}';
             UPDATE access_tokens SET authorization_details = '{details}', actor = '{{\"sub\": \"Ada\"}}';
             INSERT INTO device_codes (id, digest, user_code, client_id, scopes, status, user_id, answered_at,
                                       ip_address, user_agent, issued_at, expires_at)
             VALUES ('019aa000-0000-7000-8000-000000000007', sha256('d'), 'WDJBMJHT', '{client}', '{{openid}}',
                     'denied', '{user}', '{now}', '192.0.2.7', 'Mozilla/5.0', '{now}',
                     '{now}'::timestamptz + interval '5 minutes')",
            now = world.now
        ))
        .await;
    let before = world.database.column(EVERYTHING).await.join("\n").to_lowercase();
    let traces = [
        "ada",
        "lovelace",
        "192.0.2.7",
        "mozilla",
        "laptop",
        "4711471147114711",
        "7777777777777777",
        "7878787878787878",
        "admin",
    ];
    // "ada" may stand in the middle of a digest.
    let holds = |text: &str, trace: &str| {
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        if trace == "ada" { words.any(|word| word == trace) } else { text.contains(trace) }
    };
    for trace in traces {
        assert!(holds(&before, trace), "{trace} is not there to begin with");
    }

    let audit = world.event();
    let erase = world.store.erase_user(world.user, Actor::User(world.user), Some(&audit), world.now).await;
    assert_eq!(erase.expect("a database"), Change::Done);
    let after = world.database.column(EVERYTHING).await.join("\n").to_lowercase();
    for trace in traces {
        assert!(!holds(&after, trace), "{trace} is still there: {after}");
    }
    assert!(after.contains("{ops@example.org,x@example.org}"), "the other contacts stay");
    assert_eq!(world.found("ada").await, None);
    assert_eq!(world.found(&format!("erased-{user}")).await, None);
    assert_eq!(world.introspect(&issued.access).await.expect_err("erased"), Inactive::User);
    assert!(world.rotate(&issued.refresh).await.0.is_err());
    let presented = world.store.authenticate_session(&cookie, world.now, &mut world.random).await;
    assert!(presented.expect("a database").is_err());
    assert_eq!(world.trail().await, ["user.erase success done"]);

    let again = world.store.erase_user(world.user, Actor::User(world.user), Some(&audit), world.now).await;
    assert_eq!(again.expect("a database"), Change::Done, "the same call again");
    world.wait(1);
    let again = world.store.erase_user(world.user, Actor::System, None, world.now).await;
    assert_eq!(again.expect("a database"), Change::Already);
    assert_eq!(world.column("revocation_epoch").await, "1");
    let nobody = UserId::new(world.now, &mut world.random);
    let erase = world.store.erase_user(nobody, Actor::System, None, world.now).await;
    assert_eq!(erase.expect("a database"), Change::Unknown);
}

#[apply(both_ways)]
async fn codes_that_were_granted_without_a_session_say_nothing_of_the_erased_either() {
    let mut world = World::new().await;
    let (details, claims) =
        (kept(json!([{"type": "payment", "creditor": "Ada"}])), kept(json!({"userinfo": {}})));
    let said = "SELECT count(*) FROM authorization_codes WHERE num_nonnulls(authorization_details, requested_claims) > 0";
    world.code_with(|r| IssueCode { session: None, authorization_details: Some(details), ..r }).await;
    world.code_with(|r| IssueCode { session: None, requested_claims: Some(claims), ..r }).await;
    assert_eq!(world.value(said).await, "2");
    let erase = world.store.erase_user(world.user, Actor::System, None, world.now).await;
    assert_eq!(erase.expect("a database"), Change::Done);
    assert_eq!(world.value(said).await, "0");
}

#[apply(both_ways)]
async fn a_session_that_begins_during_an_erasure_leaves_no_trace() {
    for _ in 0..8 {
        let mut world = World::new().await;
        let epoch = world.epoch().await;
        let token = authority_store::SessionToken::generate(world.now, &mut world.random);
        let (erased, begun) = tokio::join!(
            world.store.erase_user(world.user, Actor::System, None, world.now),
            world.begin(&token, world.user, epoch)
        );
        assert_eq!(erased.expect("a database"), Change::Done);
        let sql =
            "SELECT count(*)::text FROM sessions WHERE num_nonnulls(ip_address, user_agent, device) > 0";
        assert_eq!(world.database.column(sql).await, ["0"], "{begun:?}");
    }
}

#[apply(both_ways)]
async fn a_session_that_is_committed_while_an_erasure_waits_for_it_leaves_no_trace() {
    let world = World::new().await;
    let mut login = world.database.pool().begin().await.expect("a transaction");
    // What the creation of a session does.
    let insert = format!(
        "WITH person AS (SELECT id FROM users WHERE id = '{user}' FOR SHARE)
         INSERT INTO sessions (id, digest, sid, user_id, ip_address, auth_time, created_at, last_active_at,
                               idle_expires_at, expires_at)
         SELECT '019aa000-0000-7000-8000-000000000003', sha256('t'), 'other', id, '192.0.2.7', now(), now(), now(),
                now() + interval '1 hour', now() + interval '1 hour'
         FROM person",
        user = world.user
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(insert)).execute(&mut *login).await.expect("a session");
    let xid: String =
        sqlx::query_scalar("SELECT pg_current_xact_id()::text").fetch_one(&mut *login).await.expect("an id");
    let commit = async {
        eventually("the erasure waits", async || {
            let sql =
                format!("SELECT count(*)::text FROM pg_locks WHERE NOT granted AND transactionid = '{xid}'");
            world.database.column(&sql).await == ["1"]
        })
        .await;
        login.commit().await.expect("committed");
    };
    let erase = world.store.erase_user(world.user, Actor::System, None, world.now);
    let (erased, ()) = tokio::join!(erase, commit);
    assert_eq!(erased.expect("a database"), Change::Done);
    let sql = "SELECT count(*) || ' ' || count(ip_address) || ' ' || count(revoked_at) FROM sessions";
    assert_eq!(world.database.column(sql).await, ["2 0 2"]);
}

#[apply(both_ways)]
async fn names_of_the_erased_are_free_again() {
    let world = World::new().await;
    world.store.erase_user(world.user, Actor::System, None, world.now).await.expect("a database");
    world
        .database
        .execute("INSERT INTO users (id, username, email) VALUES ('019aa000-0000-7000-8000-000000000009', 'Ada', 'ada@example.com')")
        .await;
    assert!(world.found("ada").await.is_some());
}
