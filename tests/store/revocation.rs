//! Revocation and introspection: what counts, and from when on.

use authority_entity::sea_orm_active_enums::RevocationReason;
use authority_store::{
    AccessToken, AccessTokenId, Actor, Audit, Change, ClientId, Inactive, PresentedAccessToken,
    RefreshTokenId, Revocation, RotateRefusal, UserId,
};
use chrono::TimeDelta;
use macro_rules_attribute::apply;
use tokio::task::JoinSet;

use super::world::{World, store_on};
use crate::support::Session;

/// What makes a token inactive, and what it is called.
const CAUSES: [(&str, Inactive); 9] = [
    ("UPDATE access_tokens SET revoked_at = now(), revocation_reason = 'client_request'", Inactive::Revoked),
    ("UPDATE refresh_tokens SET revoked_at = now(), revocation_reason = 'client_request'", Inactive::Family),
    ("DELETE FROM refresh_tokens", Inactive::Family),
    ("UPDATE sessions SET revoked_at = now(), revocation_reason = 'logout'", Inactive::Session),
    ("UPDATE users SET locked_at = now()", Inactive::User),
    ("UPDATE users SET revocation_epoch = revocation_epoch + 1", Inactive::User),
    ("UPDATE clients SET disabled_at = now()", Inactive::Client),
    ("UPDATE clients SET revocation_epoch = revocation_epoch + 1", Inactive::Client),
    (
        "UPDATE users SET erased_at = now(), tokens_revoked_before = now(), username = 'erased-' || id,
             email = id || '@erased.invalid'",
        Inactive::User,
    ),
];

#[apply(both_ways)]
async fn each_revocation_counts_at_once_also_through_another_pool() {
    for (sql, why) in CAUSES {
        let mut world = World::new().await;
        let code = world.code().await;
        let issued = world.tokens(&code).await;
        let other = store_on(&world.database, "").await;
        let presented = PresentedAccessToken::Opaque(&issued.access);
        assert!(other.introspect_access_token(presented, world.now).await.expect("a database").is_ok());
        let refresh = other.introspect_refresh_token(&issued.refresh, world.now).await.expect("a database");
        assert!(refresh.is_ok(), "{refresh:?}");
        world.sql(sql).await;
        for store in [&world.store, &other] {
            let found = store.introspect_access_token(presented, world.now).await.expect("a database");
            assert_eq!(found.expect_err("inactive"), why, "{sql}");
            let refresh =
                store.introspect_refresh_token(&issued.refresh, world.now).await.expect("a database");
            let wanted = match why {
                Inactive::Revoked => None,
                Inactive::Family if sql.starts_with("DELETE") => Some(Inactive::Unknown),
                Inactive::Family => Some(Inactive::Revoked),
                other => Some(other),
            };
            assert_eq!(refresh.err(), wanted, "{sql}");
        }
    }
}

#[apply(both_ways)]
async fn a_token_whose_rows_are_gone_is_as_good_as_revoked() {
    let grants = "DELETE FROM authorization_codes; DELETE FROM refresh_tokens; DELETE FROM sessions";
    for (sql, why) in [
        (grants.to_owned(), Inactive::Session),
        (format!("{grants}; DELETE FROM users"), Inactive::User),
        (format!("{grants}; DELETE FROM clients"), Inactive::Client),
    ] {
        let mut world = World::new().await;
        let code = world.code().await;
        let issued = world.tokens(&code).await;
        world.sql(&sql).await;
        assert_eq!(world.introspect(&issued.access).await.expect_err("inactive"), why, "{sql}");
    }
}

#[apply(both_ways)]
async fn a_lock_that_ends_by_itself_cuts_nobody_off() {
    let mut world = World::new().await;
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    world.sql("UPDATE users SET locked_at = now(), locked_until = now() + interval '1 hour'").await;
    assert!(world.introspect(&issued.access).await.is_ok());
    assert!(
        world.store.introspect_refresh_token(&issued.refresh, world.now).await.expect("a database").is_ok()
    );
    assert!(world.rotate(&issued.refresh).await.0.is_ok());
    world.sql("UPDATE users SET locked_until = NULL").await;
    assert_eq!(world.introspect(&issued.access).await.expect_err("locked"), Inactive::User);
    assert_eq!(world.rotate(&issued.refresh).await.0.expect_err("locked"), RotateRefusal::UserInactive);
}

#[apply(both_ways)]
async fn a_batch_is_answered_in_its_order_whatever_is_in_it() {
    let mut world = World::new().await;
    let code = world.code().await;
    let one = world.tokens(&code).await.access;
    let code = world.code().await;
    let two = world.tokens(&code).await.access;
    let forged = AccessToken::for_id(one.id(), &mut world.random);
    let unknown = AccessToken::generate(world.now, &mut world.random);
    let tokens = [
        PresentedAccessToken::Opaque(&two),
        PresentedAccessToken::Opaque(&unknown),
        PresentedAccessToken::Opaque(&one),
        PresentedAccessToken::Opaque(&forged),
        // An opaque token does not answer to its id.
        PresentedAccessToken::Jwt(one.id()),
        PresentedAccessToken::Jwt(AccessTokenId::from(uuid::Uuid::nil())),
        PresentedAccessToken::Opaque(&one),
        PresentedAccessToken::Opaque(&two),
    ];
    let found = world.store.introspect_access_tokens(&tokens, world.now).await.expect("a database");
    let found: Vec<_> = found.into_iter().map(|found| found.map(|active| active.id)).collect();
    let unknown = Err(Inactive::Unknown);
    assert_eq!(
        found,
        [Ok(two.id()), unknown, Ok(one.id()), unknown, unknown, unknown, Ok(one.id()), Ok(two.id())]
    );
    assert_eq!(world.store.introspect_access_tokens(&[], world.now).await.expect("a database"), []);
}

#[apply(both_ways)]
async fn callers_that_share_a_statement_each_get_their_own_answer_also_when_some_go_away() {
    let mut world = World::with("max_pool_size=2").await;
    let mut tokens = Vec::new();
    for number in 0..32 {
        let code = world.code().await;
        let token = world.tokens(&code).await.access;
        if number % 4 == 0 {
            let sql = format!(
                "UPDATE access_tokens SET revoked_at = now(), revocation_reason = 'logout' WHERE id = '{}'",
                token.id()
            );
            world.sql(&sql).await;
        }
        tokens.push(std::sync::Arc::new(token));
    }
    for round in 0..20_usize {
        let tasks: Vec<_> = (0..256_usize)
            .map(|caller| {
                let (store, now) = (world.store.clone(), world.now);
                let token = std::sync::Arc::clone(&tokens[(caller * 7 + round) % 32]);
                tokio::spawn(async move {
                    let introspected =
                        store.introspect_access_token(PresentedAccessToken::Opaque(&token), now);
                    if caller % 5 == 0 {
                        let patience = std::time::Duration::from_micros(caller as u64 * 10);
                        let _ = tokio::time::timeout(patience, introspected).await;
                        return None;
                    }
                    Some((token.id(), introspected.await.expect("a database").map(|active| active.id)))
                })
            })
            .collect();
        for (caller, task) in tasks.into_iter().enumerate() {
            let Some((id, found)) = task.await.expect("no panic") else { continue };
            let revoked = (caller * 7 + round) % 32 % 4 == 0;
            assert_eq!(found, if revoked { Err(Inactive::Revoked) } else { Ok(id) });
        }
    }
    let metrics = world.store.metrics();
    assert!(metrics.introspections * 2 < metrics.introspected, "statements are shared: {metrics:?}");
}

#[apply(both_ways)]
async fn who_waits_for_a_runtime_that_ends_is_answered_all_the_same() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
    };
    let world = World::with("max_pool_size=1").await;
    let token = AccessToken::generate(world.now, &mut authority_store::system_random());
    for _ in 0..50 {
        let other = runtime();
        for _ in 0..20 {
            let (store, now) = (world.store.clone(), world.now);
            let token = AccessToken::generate(now, &mut authority_store::system_random());
            other.spawn(async move {
                let _ = store.introspect_access_token(PresentedAccessToken::Opaque(&token), now).await;
            });
        }
        other.shutdown_background();
        let found = crate::support::in_time(
            "an introspection",
            world.store.introspect_access_token(PresentedAccessToken::Opaque(&token), world.now),
        )
        .await;
        assert_eq!(found.expect("a database"), Err(Inactive::Unknown));
    }
}

#[apply(both_ways)]
async fn a_family_is_revoked_by_any_of_its_tokens_or_by_its_id() {
    let mut world = World::new().await;
    let token = world.family("openid").await;
    let (outcome, successor, access) = world.rotate(&token).await;
    outcome.expect("a successor");
    let other = ClientId::new(world.now, &mut world.random);
    let (client, now) = (world.client, world.now);
    let revoke = world.store.revoke_refresh_token(&token, other, None, now, &mut world.random).await;
    assert_eq!(revoke.expect("a database"), Revocation::WrongClient);
    assert!(world.introspect(&access).await.is_ok());
    for wanted in [Revocation::Revoked, Revocation::Revoked] {
        let revoke = world.store.revoke_refresh_token(&token, client, None, now, &mut world.random).await;
        assert_eq!(revoke.expect("a database"), wanted);
    }
    world.wait(1);
    let revoke =
        world.store.revoke_refresh_token(&successor, client, None, world.now, &mut world.random).await;
    assert_eq!(revoke.expect("a database"), Revocation::Already);
    assert_eq!(world.introspect(&access).await.expect_err("revoked"), Inactive::Family);
    assert_eq!(world.rotate(&successor).await.0.expect_err("revoked"), RotateRefusal::Revoked);

    let token = world.family("openid").await;
    let (actor, reason) = (Actor::User(world.user), RevocationReason::UserRequest);
    for wanted in [Revocation::Revoked, Revocation::Revoked] {
        let revoke = world.store.revoke_family(token.family(), None, reason, actor, None, world.now).await;
        assert_eq!(revoke.expect("a database"), wanted);
    }
    world.wait(1);
    let revoke = world.store.revoke_family(token.family(), None, reason, actor, None, world.now).await;
    assert_eq!(revoke.expect("a database"), Revocation::Already);
    let nothing = RefreshTokenId::new(world.now, &mut world.random);
    let revoke = world.store.revoke_family(nothing, None, reason, actor, None, world.now).await;
    assert_eq!(revoke.expect("a database"), Revocation::Unknown);
    assert_eq!(world.rotate(&token).await.0.expect_err("revoked"), RotateRefusal::Revoked);
}

#[apply(both_ways)]
async fn everything_of_a_user_or_client_is_revoked_by_one_number_that_a_repeated_call_counts_up_once() {
    let mut world = World::new().await;
    let reason = RevocationReason::Administrator;
    for table in ["users", "clients"] {
        let code = world.code().await;
        let issued = world.tokens(&code).await;
        let unused = world.code().await;
        let audit = Audit::new(world.now, &mut world.random);
        let (store, now, user, client) = (world.store.clone(), world.now, world.user, world.client);
        let revoke = async |audit| {
            let revoked = match table {
                "users" => store.revoke_tokens_of_user(user, reason, Actor::System, audit, now).await,
                _ => store.revoke_tokens_of_client(client, reason, Actor::System, audit, now).await,
            };
            revoked.expect("a database")
        };
        assert_eq!(revoke(Some(&audit)).await, Revocation::Revoked);
        let why = if table == "users" { Inactive::User } else { Inactive::Client };
        assert_eq!(world.introspect(&issued.access).await.expect_err("revoked"), why);
        assert_eq!(world.rotate(&issued.refresh).await.0.expect_err("revoked"), RotateRefusal::Revoked);
        let refused = world.exchange_with(&unused, |r| r).await.0.expect_err("revoked");
        assert_eq!(refused, authority_store::ExchangeRefusal::Revoked);

        // What begins after it lives, also when the call is repeated because its answer was lost.
        world.sql("UPDATE sessions SET user_epoch = (SELECT revocation_epoch FROM users)").await;
        let code = world.code().await;
        let since = world.tokens(&code).await;
        assert_eq!(revoke(Some(&audit)).await, Revocation::Revoked);
        assert!(world.introspect(&since.access).await.is_ok());
        assert_eq!(world.value(&format!("SELECT revocation_epoch FROM {table}")).await, "1");
        assert_eq!(revoke(None).await, Revocation::Revoked);
        assert_eq!(world.introspect(&since.access).await.expect_err("revoked"), why);
        // An event that was written for something else is no repetition.
        world.sql("UPDATE sessions SET user_epoch = (SELECT revocation_epoch FROM users)").await;
        let audit = Audit::new(world.now, &mut world.random);
        let family = RefreshTokenId::new(world.now, &mut world.random);
        store
            .revoke_family(family, None, reason, Actor::System, Some(&audit), now)
            .await
            .expect("a database");
        assert_eq!(revoke(Some(&audit)).await, Revocation::Revoked);
        assert_eq!(world.value(&format!("SELECT revocation_epoch FROM {table}")).await, "3");
        world.sql("UPDATE sessions SET user_epoch = (SELECT revocation_epoch FROM users)").await;
    }
    let nobody = UserId::new(world.now, &mut world.random);
    let nothing = ClientId::new(world.now, &mut world.random);
    let audit = Audit::new(world.now, &mut world.random);
    for _ in 0..2 {
        let revoked =
            world.store.revoke_tokens_of_user(nobody, reason, Actor::System, Some(&audit), world.now).await;
        assert_eq!(revoked.expect("a database"), Revocation::Unknown);
        let revoked =
            world.store.revoke_tokens_of_client(nothing, reason, Actor::System, None, world.now).await;
        assert_eq!(revoked.expect("a database"), Revocation::Unknown);
    }
}

#[apply(both_ways)]
async fn a_call_that_is_sent_again_while_it_waits_counts_once() {
    let mut world = World::new().await;
    for (table, id) in [("users", world.user.to_string()), ("clients", world.client.to_string())] {
        let audit = Audit::new(world.now, &mut world.random);
        let sql = format!("SELECT FROM {table} WHERE id = '{id}' FOR UPDATE");
        let blocker = Session::begin(&world.database, &sql).await;
        let mut calls = JoinSet::new();
        for sent in 1..=3 {
            let (store, audit, now) = (world.store.clone(), audit.clone(), world.now);
            let (user, client, reason) = (world.user, world.client, RevocationReason::Administrator);
            calls.spawn(async move {
                match table {
                    "users" => {
                        store.revoke_tokens_of_user(user, reason, Actor::System, Some(&audit), now).await
                    }
                    _ => {
                        store.revoke_tokens_of_client(client, reason, Actor::System, Some(&audit), now).await
                    }
                }
            });
            world.until_waiting(sent).await;
        }
        blocker.end().await;
        for revoked in calls.join_all().await {
            assert_eq!(revoked.expect("a database"), Revocation::Revoked);
        }
        assert_eq!(world.value(&format!("SELECT revocation_epoch FROM {table}")).await, "1");
    }
}

#[apply(both_ways)]
async fn a_call_at_a_time_with_nanoseconds_is_known_again() {
    let mut world = World::new().await;
    let code = world.code().await;
    let issued = world.tokens(&code).await;
    world.now += TimeDelta::nanoseconds(1_999);
    let (client, user, now) = (world.client, world.user, world.now);
    let reason = RevocationReason::Administrator;
    for call in ["first", "second"] {
        let access =
            world.store.revoke_access_token(&issued.access, client, None, now, &mut world.random).await;
        assert_eq!(access.expect("a database"), Revocation::Revoked, "{call}");
        let family = issued.refresh.family();
        let family = world.store.revoke_family(family, None, reason, Actor::System, None, now).await;
        assert_eq!(family.expect("a database"), Revocation::Revoked, "{call}");
        let ended = world.store.end_sessions_of_user(user, None, reason, Actor::System, None, now).await;
        assert_eq!(ended.expect("a database"), 1, "{call}");
    }
    for call in ["first", "second"] {
        let erased = world.store.erase_user(user, Actor::System, None, now).await;
        assert_eq!(erased.expect("a database"), Change::Done, "{call}");
    }
}
