//! Rows of tables without partitions go when they are past their use, and not while something valid needs them.

use super::{CLIENT, NOW, USER, database, deleted, id, maintained};
use crate::support::Database;

/// A session that was made on the first of October and ended at a time, without being revoked.
async fn session(database: &Database, number: u32, ended: &str) -> String {
    let session = id("2026-10-01T00:00:00Z", number);
    let sql = format!(
        "INSERT INTO sessions (id, digest, sid, user_id, auth_time, created_at, last_active_at, idle_expires_at, expires_at)
         VALUES ('{session}', sha256('s'), 'sid{number}', '{USER}', '2026-10-01Z', '2026-10-01Z', '2026-10-01Z', '{ended}',
                 '2027-10-01Z')"
    );
    database.execute(&sql).await;
    session
}

/// A family of the first of October that ends at a time, and belongs to a session or to none.
async fn family(database: &Database, number: u32, ended: &str, session: Option<&str>) -> String {
    let family = id("2026-10-01T00:00:00Z", 100 + number);
    let session = session.map_or_else(|| "NULL".to_owned(), |session| format!("'{session}'"));
    let sql = format!(
        "INSERT INTO refresh_tokens (id, digest, lineage_digest, client_id, user_id, session_id, auth_time, issued_at, idle_expires_at,
                                     expires_at)
         VALUES ('{family}', sha256('s'), sha256('l'), '{CLIENT}', '{USER}', {session}, '2026-10-01Z', '2026-10-01Z', '{ended}',
                 '2027-10-01Z')"
    );
    database.execute(&sql).await;
    family
}

async fn ids(database: &Database, table: &str) -> Vec<String> {
    database.column(&format!("SELECT id::text FROM {table} ORDER BY id")).await
}

#[tokio::test]
async fn families_are_kept_for_a_week_after_their_end() {
    let database = database().await;
    family(&database, 1, "2026-11-16T12:00:00Z", None).await;
    let kept = family(&database, 2, "2026-11-16T12:00:00.001Z", None).await;
    let revoked = family(&database, 3, "2027-01-01Z", None).await;
    let recently = family(&database, 4, "2027-01-01Z", None).await;
    for (family, time) in [(&revoked, "2026-11-16T12:00:00Z"), (&recently, "2026-11-16T12:00:00.001Z")] {
        let revoke = format!(
            "UPDATE refresh_tokens SET revoked_at = '{time}', revocation_reason = 'refresh_token_reuse' WHERE id = '{family}'"
        );
        database.execute(&revoke).await;
    }
    assert!(maintained(&database, NOW).await.contains(&deleted("refresh_tokens", 2)));
    assert_eq!(ids(&database, "refresh_tokens").await, [kept, recently]);
}

#[tokio::test]
async fn sessions_are_kept_for_thirty_days_after_their_end() {
    let database = database().await;
    session(&database, 1, "2026-10-24T12:00:00Z").await;
    let kept = session(&database, 2, "2026-10-24T12:00:00.001Z").await;
    assert!(maintained(&database, NOW).await.contains(&deleted("sessions", 1)));
    assert_eq!(ids(&database, "sessions").await, [kept]);
}

#[tokio::test]
async fn a_session_stays_as_long_as_a_family_of_it() {
    let database = database().await;
    let with_live_family = session(&database, 1, "2026-10-02T00:00:00Z").await;
    let family_alive = family(&database, 1, "2027-01-01Z", Some(&with_live_family)).await;
    let with_kept_family = session(&database, 2, "2026-10-02T00:00:00Z").await;
    let family_kept = family(&database, 2, "2026-11-20Z", Some(&with_kept_family)).await;
    let with_past_family = session(&database, 3, "2026-10-02T00:00:00Z").await;
    family(&database, 3, "2026-10-10Z", Some(&with_past_family)).await;
    let done = maintained(&database, NOW).await;
    assert!(
        done.contains(&deleted("refresh_tokens", 1)) && done.contains(&deleted("sessions", 1)),
        "{done:?}"
    );
    assert_eq!(ids(&database, "sessions").await, [with_live_family, with_kept_family]);
    assert_eq!(ids(&database, "refresh_tokens").await, [family_alive, family_kept]);
}

#[tokio::test]
async fn a_session_stays_as_long_as_a_code_or_a_valid_token_of_it() {
    let database = database().await;
    let with_token = session(&database, 1, "2026-10-02T00:00:00Z").await;
    let with_code = session(&database, 2, "2026-10-02T00:00:00Z").await;
    let with_expired = session(&database, 3, "2026-10-02T00:00:00Z").await;
    let token = |session: &str, number: u32, issued: &str| {
        format!(
            "INSERT INTO access_tokens (id, client_id, user_id, session_id, issued_at, expires_at)
             VALUES ('{}', '{CLIENT}', '{USER}', '{session}', '{issued}', timestamptz '{issued}' + interval '2 hours');",
            id(issued, number)
        )
    };
    let code = format!(
        "INSERT INTO authorization_codes (id, digest, client_id, user_id, session_id, auth_time, issued_at, expires_at)
         VALUES ('{}', sha256('c'), '{CLIENT}', '{USER}', '{with_code}', '2026-11-01Z', '2026-11-01Z',
                 '2026-11-01T00:05:00Z')",
        id("2026-11-01T00:00:00Z", 1)
    );
    let valid = token(&with_token, 1, "2026-11-23T11:00:00Z");
    let expired = token(&with_expired, 2, "2026-11-23T09:00:00Z");
    database.execute(&format!("{valid}{expired}{code}")).await;
    assert!(maintained(&database, NOW).await.contains(&deleted("sessions", 1)));
    assert_eq!(ids(&database, "sessions").await, [with_token, with_code]);
}

#[tokio::test]
async fn device_codes_are_kept_for_a_day_after_they_expired() {
    let database = database().await;
    for (number, expires) in [(1, "2026-11-22T12:00:00Z"), (2, "2026-11-22T12:00:00.001Z")] {
        let sql = format!(
            "INSERT INTO device_codes (id, digest, user_code, client_id, issued_at, expires_at)
             VALUES ('{}', sha256('d'), 'ABCDEF{number}', '{CLIENT}', timestamptz '{expires}' - interval '5 minutes',
                     '{expires}')",
            id("2026-11-22T11:55:00Z", number)
        );
        database.execute(&sql).await;
    }
    assert!(maintained(&database, NOW).await.contains(&deleted("device_codes", 1)));
    assert_eq!(database.column("SELECT user_code FROM device_codes").await, ["ABCDEF2"]);
}
