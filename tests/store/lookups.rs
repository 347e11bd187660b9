//! How sessions, users and clients are found among many.

use authority_local_postgres::APP_ROLE;
use authority_store::STATEMENTS;
use sqlx::{AssertSqlSafe, Executor, Row};

use super::world::World;

/// So many of everything that reading all of it would be a fault. An id that is counted up is one of a `UUIDv7`.
const MANY: &str = "
    CREATE FUNCTION id(kind text, number integer) RETURNS uuid LANGUAGE sql
        AS $$ SELECT ('019aa000-' || kind || '-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid $$;
    INSERT INTO users (id, username, email, created_at)
        SELECT id('0001', n), 'user' || n, n || '@example.com', timestamptz '2026-01-01' + n * interval '1 minute'
        FROM generate_series(1, 20000) n;
    INSERT INTO clients (id, client_id, name, client_type, token_endpoint_auth_method, redirect_uris, owner_id)
        SELECT id('0002', n), 'client' || n, 'Client', 'public', 'none', '{https://a.example/}', id('0001', n)
        FROM generate_series(1, 20000) n;
    INSERT INTO sessions (id, digest, sid, user_id, auth_time, created_at, last_active_at, idle_expires_at, expires_at)
        SELECT id('0003', n), sha256('s'), n::text, id('0001', n), t, t, t, t + interval '1 hour', t + interval '1 day'
        FROM generate_series(1, 20000) n, LATERAL (SELECT timestamptz '2026-11-01' + n * interval '1 minute' AS t) at;
    INSERT INTO refresh_tokens (id, digest, lineage_digest, client_id, user_id, session_id, auth_time, issued_at,
                                idle_expires_at, expires_at)
        SELECT id('0004', n), sha256('r'), sha256('l'), id('0002', n), id('0001', n), id('0003', n), t, t,
               t + interval '1 day', t + interval '1 day'
        FROM generate_series(1, 20000) n, LATERAL (SELECT timestamptz '2026-11-01' + n * interval '1 minute' AS t) at;
    INSERT INTO access_tokens (id, digest, client_id, user_id, issued_at, expires_at)
        SELECT id('0005', n), sha256('a'), id('0002', n), id('0001', n), t, t + interval '1 hour'
        FROM generate_series(1, 20000) n, LATERAL (SELECT timestamptz '2026-11-01' + n * interval '1 minute' AS t) at;
    INSERT INTO device_codes (id, digest, user_code, client_id, status, user_id, answered_at, issued_at, expires_at)
        SELECT id('0006', n), sha256('d'), 'CODE' || lpad(n::text, 6, '0'), id('0002', n), 'denied', id('0001', n), t, t,
               t + interval '5 minutes'
        FROM generate_series(1, 20000) n, LATERAL (SELECT timestamptz '2026-11-01' + n * interval '1 minute' AS t) at;
    INSERT INTO audit_logs (id, event, outcome, actor_kind)
        SELECT id('0007', n), 'user.login', 'success', 'user' FROM generate_series(1, 20000) n;
    DROP FUNCTION id(text, integer);
    ANALYZE users, clients, sessions, refresh_tokens, access_tokens, device_codes, audit_logs";

#[tokio::test]
async fn no_operation_on_sessions_users_and_clients_reads_a_whole_table() {
    let world = World::new().await;
    world.database.execute(MANY).await;
    let mut connection = world.database.connection_as(APP_ROLE).await;
    connection.execute("SET plan_cache_mode = force_generic_plan").await.expect("a setting");
    let mut seen = 0;
    for statement in STATEMENTS {
        let table = statement.name.split('.').next().expect("a table");
        if !["sessions", "users", "clients"].contains(&table) {
            continue;
        }
        seen += 1;
        let types: Vec<_> = statement.types.iter().map(tokio_postgres::types::Type::name).collect();
        let prepare = format!("PREPARE p{seen} ({}) AS {}", types.join(", "), statement.sql);
        connection.execute(sqlx::raw_sql(AssertSqlSafe(prepare))).await.expect(statement.name);
        let nulls = vec!["NULL"; types.len()].join(", ");
        let explain = format!("EXPLAIN EXECUTE p{seen} ({nulls})");
        let rows = connection.fetch_all(sqlx::raw_sql(AssertSqlSafe(explain))).await.expect("a plan");
        let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let whole: Vec<_> = plan
            .iter()
            .filter(|line| line.contains("Seq Scan on") && !line.contains("Seq Scan on settings"))
            .collect();
        assert!(whole.is_empty(), "{} reads {whole:?}:\n{}", statement.name, plan.join("\n"));
    }
    assert!(seen >= 29, "only {seen} statements were looked at");
}
