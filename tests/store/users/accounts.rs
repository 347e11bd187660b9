use authority_entity::sea_orm_active_enums::UserRole;
use authority_entity::secret::PasswordHash;
use authority_store::{
    Actor, Audit, CreateUser, CreateUserRefusal, Lock, StoreError, UserId, UserInfo, VerifyEmailRefusal,
};
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use super::hash;
use crate::store::crowd::at_once;
use crate::store::world::World;

fn account<'a>(id: UserId, username: &'a str, email: &'a str, claims: &'a Value) -> CreateUser<'a> {
    CreateUser {
        id,
        username,
        email,
        email_verified: false,
        password_hash: None,
        must_change_password: false,
        given_name: None,
        family_name: None,
        claims,
        role: UserRole::User,
        actor: Actor::System,
        audit: None,
    }
}

#[apply(both_ways)]
async fn an_account_is_created_once_and_found_by_either_name_in_any_case() {
    let mut world = World::new().await;
    let id = UserId::new(world.now, &mut world.random);
    let (password, audit) = (hash(1), world.event());
    let claims = json!({"locale": "en"});
    let request = CreateUser {
        email_verified: true,
        password_hash: Some(&password),
        must_change_password: true,
        given_name: Some("Grace"),
        family_name: Some("Hopper"),
        role: UserRole::Admin,
        audit: Some(&audit),
        ..account(id, "Grace", "Grace@Example.com", &claims)
    };
    for _ in 0..2 {
        assert_eq!(world.store.create_user(&request, world.now).await.expect("a database"), Ok(()));
    }
    assert_eq!(world.trail().await, ["user.create success created"]);
    let found = world.found("gRACE").await.expect("grace is there");
    assert_eq!(world.found("GRACE@example.COM").await.as_ref(), Some(&found));
    assert_eq!((found.id, found.username.as_str(), found.email.as_str()), (id, "Grace", "Grace@Example.com"));
    assert_eq!(found.email_verified_at, Some(world.now));
    assert_eq!(found.password_hash.as_ref().map(PasswordHash::reveal), Some(password.reveal()));
    assert_eq!((found.must_change_password, found.role, found.lock), (true, UserRole::Admin, Lock::Open));
    assert_eq!((found.mfa, found.last_login_at), (None, None));
    let info = world.store.find_user(id, world.now).await.expect("a database").expect("grace is there");
    let expected = UserInfo {
        id,
        username: "Grace".to_owned(),
        email: "Grace@Example.com".to_owned(),
        email_verified_at: Some(world.now),
        given_name: Some("Grace".to_owned()),
        family_name: Some("Hopper".to_owned()),
        claims,
        role: UserRole::Admin,
        lock: Lock::Open,
        updated_at: world.now,
        epoch: found.epoch,
    };
    assert_eq!(info, expected);
}

#[apply(both_ways)]
async fn nobody_is_told_of_who_is_not_there_or_was_erased() {
    let mut world = World::new().await;
    let nobody = UserId::new(world.now, &mut world.random);
    assert_eq!(world.store.find_user(nobody, world.now).await.expect("a database"), None);
    world.sql("UPDATE users SET locked_at = now()").await;
    let locked = world.store.find_user(world.user, world.now).await.expect("a database");
    assert_eq!(locked.map(|user| user.lock), Some(Lock::Administrator));
    world.store.erase_user(world.user, Actor::System, None, world.now).await.expect("a database");
    assert_eq!(world.store.find_user(world.user, world.now).await.expect("a database"), None);
}

#[apply(both_ways)]
async fn names_that_somebody_has_are_refused_in_any_case() {
    let mut world = World::new().await;
    let mut refused = async |username: &str, email: &str| {
        let id = UserId::new(world.now, &mut world.random);
        let audit = Audit::new(world.now, &mut world.random);
        let claims = json!({});
        let request = CreateUser { audit: Some(&audit), ..account(id, username, email, &claims) };
        world.store.create_user(&request, world.now).await.expect("a database").expect_err("a refusal")
    };
    assert_eq!(refused("ADA", "other@example.com").await, CreateUserRefusal::UsernameTaken);
    assert_eq!(refused("other", "ADA@example.com").await, CreateUserRefusal::EmailTaken);
    assert_eq!(refused("Erased-1", "other@example.com").await, CreateUserRefusal::Reserved);
    assert_eq!(refused("other", "other@Erased.invalid").await, CreateUserRefusal::Reserved);
    assert_eq!(world.trail().await[0], "user.create failure username_taken");
    assert_eq!(world.trail().await.len(), 4);
}

#[apply(both_ways)]
async fn what_a_visitor_may_type_is_refused_by_what_is_wrong_with_it() {
    let mut world = World::new().await;
    let id = UserId::new(world.now, &mut world.random);
    let none = json!({});
    let good = account(id, "grace", "grace@example.com", &none);
    let mut cases = Vec::new();
    let (long, longer) = ("x".repeat(129), "x".repeat(255));
    for username in ["", "a b", "a@b", "\0", &long] {
        cases.push((CreateUserRefusal::BadUsername, CreateUser { username, ..good.clone() }));
    }
    let address = format!("a@{longer}");
    for email in ["", "a", "a@b c", "a@b\0", &address] {
        cases.push((CreateUserRefusal::BadEmail, CreateUser { email, ..good.clone() }));
    }
    for name in ["", "a\nb", "\0", &longer] {
        cases.push((CreateUserRefusal::BadName, CreateUser { given_name: Some(name), ..good.clone() }));
        cases.push((CreateUserRefusal::BadName, CreateUser { family_name: Some(name), ..good.clone() }));
    }
    let (list, nul) = (json!([]), json!({"nickname": "\0"}));
    for claims in [&list, &nul] {
        cases.push((CreateUserRefusal::BadClaims, CreateUser { claims, ..good.clone() }));
    }
    for (refusal, request) in cases {
        assert_eq!(world.store.create_user(&request, world.now).await.expect("a database"), Err(refusal));
    }
    assert_eq!(world.store.create_user(&good, world.now).await.expect("a database"), Ok(()));
    let verify = world.store.verify_email(id, "grace@example.com\0", None, world.now).await;
    assert_eq!(verify.expect("a database"), Err(VerifyEmailRefusal::EmailChanged));
}

#[apply(both_ways)]
async fn a_row_that_the_schema_refuses_is_named_by_its_constraint_and_shown_to_nobody() {
    let mut world = World::new().await;
    let id = UserId::new(world.now, &mut world.random);
    let (none, password) = (json!({}), PasswordHash::new("private".to_owned()));
    let request =
        CreateUser { password_hash: Some(&password), ..account(id, "grace", "grace@example.com", &none) };
    let error = world.store.create_user(&request, world.now).await.expect_err("no PHC string");
    let StoreError::Constraint { statement, table, constraint } = &error else { panic!("{error:?}") };
    let named = (*statement, table.as_str(), constraint.as_str());
    assert_eq!(named, ("users.create", "users", "ck_users_password_hash"));
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("private") && !shown.contains("grace"), "{shown}");
    assert!(!format!("{request:?}").contains("private"));
}

#[apply(both_ways)]
async fn of_simultaneous_registrations_of_one_name_one_succeeds_and_the_others_learn_why() {
    let mut world = World::new().await;
    let outcomes = at_once(16, |number| {
        let id = UserId::new(world.now, &mut world.random);
        let audit = world.event();
        let (store, now) = (world.store.clone(), world.now);
        async move {
            let (username, email) = if number % 2 == 0 {
                ("grace".to_owned(), format!("{number}@example.com"))
            } else {
                (format!("user{number}"), "grace@example.com".to_owned())
            };
            let claims = json!({});
            let request = CreateUser { audit: Some(&audit), ..account(id, &username, &email, &claims) };
            (number % 2, store.create_user(&request, now).await.expect("a database"))
        }
    })
    .await;
    for (kind, refusal) in [(0, CreateUserRefusal::UsernameTaken), (1, CreateUserRefusal::EmailTaken)] {
        let of_kind: Vec<_> =
            outcomes.iter().filter(|(k, _)| *k == kind).map(|(_, outcome)| *outcome).collect();
        assert_eq!(of_kind.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert_eq!(of_kind.iter().filter(|outcome| **outcome == Err(refusal)).count(), 7);
    }
    assert_eq!(world.trail().await.len(), 16);
}

#[apply(both_ways)]
async fn names_that_nobody_can_have_find_nobody() {
    let world = World::new().await;
    for name in ["", "bob", "ada\u{0}", "ada ", "%", "ad_", &"a".repeat(2000), "' OR true --"] {
        assert_eq!(world.found(name).await, None, "{name:?}");
    }
}
