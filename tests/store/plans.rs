//! How PostgreSQL runs each statement when it plans for no particular values, on tables that are not small.

use std::fmt::Write as _;
use std::path::Path;

use authority_connection::Environment;
use authority_local_postgres::APP_ROLE;
use authority_store::STATEMENTS;
use tokio_postgres::types::Type;

use super::world::World;
use crate::support::{Database, server};

/// The version whose plans `docs/plans.md` has: others plan a little otherwise.
const VERSION: u32 = 15;
/// Tables of which a scan is no matter.
const TINY: [&str; 2] = ["settings", "scopes"];

/// Thirty days of access tokens and codes, with users, clients, sessions and families to match.
const ROWS: &str = "
CREATE FUNCTION pg_temp.id(kind int, number int, day int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(extract(epoch FROM timestamptz '2026-11-01Z' + day * interval '1 day')::bigint * 1000 + number % 1000), 12, '0')
            || '7' || lpad(to_hex(kind), 3, '0') || '8000' || lpad(to_hex(number), 12, '0'))::uuid $$;
DO $$ BEGIN FOR day IN 0..29 LOOP
    EXECUTE format('CREATE TABLE access_tokens_%s PARTITION OF access_tokens FOR VALUES FROM (%L) TO (%L)',
                   day, left(pg_temp.id(0, 0, day)::text, 13) || '-0000-0000-000000000000', left(pg_temp.id(0, 0, day + 1)::text, 13) || '-0000-0000-000000000000');
    EXECUTE format('CREATE TABLE authorization_codes_%s PARTITION OF authorization_codes FOR VALUES FROM (%L) TO (%L)',
                   day, left(pg_temp.id(0, 0, day)::text, 13) || '-0000-0000-000000000000', left(pg_temp.id(0, 0, day + 1)::text, 13) || '-0000-0000-000000000000');
END LOOP; END $$;
INSERT INTO users (id, username, email)
SELECT pg_temp.id(1, n, 0), 'user' || n, 'user' || n || '@example.com' FROM generate_series(1, 10000) n;
INSERT INTO clients (id, client_id, name, client_type, token_endpoint_auth_method, redirect_uris)
SELECT pg_temp.id(2, n, 0), 'client' || n, 'Client', 'public', 'none', '{https://app.example/}' FROM generate_series(1, 500) n;
INSERT INTO sessions (id, digest, sid, user_id, auth_time, created_at, last_active_at, idle_expires_at, expires_at)
SELECT pg_temp.id(3, n, 0), sha256('x'), 's' || n, pg_temp.id(1, n, 0), now(), now(), now(), now() + interval '1 day', now() + interval '1 day'
FROM generate_series(1, 10000) n;
INSERT INTO refresh_tokens (id, digest, lineage_digest, client_id, user_id, session_id, auth_time, issued_at, idle_expires_at, expires_at)
SELECT pg_temp.id(4, n, 0), sha256('x'), sha256('y'), pg_temp.id(2, 1 + n % 500, 0), pg_temp.id(1, 1 + n % 10000, 0), pg_temp.id(3, 1 + n % 10000, 0),
       now(), now(), now() + interval '1 day', now() + interval '2 days'
FROM generate_series(1, 30000) n;
INSERT INTO access_tokens (id, digest, client_id, user_id, session_id, refresh_token_id, issued_at, expires_at)
SELECT pg_temp.id(5, n, n % 30), sha256('x'), pg_temp.id(2, 1 + n % 500, 0), pg_temp.id(1, 1 + n % 10000, 0), pg_temp.id(3, 1 + n % 10000, 0),
       pg_temp.id(4, 1 + n % 30000, 0), now(), now() + interval '1 hour'
FROM generate_series(1, 120000) n;
INSERT INTO authorization_codes (id, digest, client_id, user_id, auth_time, issued_at, expires_at)
SELECT pg_temp.id(6, n, n % 30), sha256('x'), pg_temp.id(2, 1 + n % 500, 0), pg_temp.id(1, 1 + n % 10000, 0), now(), now(), now() + interval '1 minute'
FROM generate_series(1, 30000) n;
INSERT INTO device_codes (id, digest, user_code, client_id, status, user_id, answered_at, issued_at, expires_at)
SELECT pg_temp.id(8, n, 0), sha256('x'), 'CODE' || lpad(n::text, 6, '0'), pg_temp.id(2, 1 + n % 500, 0), 'denied', pg_temp.id(1, 1 + n % 10000, 0),
       now(), now(), now() + interval '1 minute'
FROM generate_series(1, 30000) n;
INSERT INTO audit_logs (id, event, outcome, actor_kind) SELECT pg_temp.id(7, n, n % 30), 'a.b', 'success', 'system' FROM generate_series(1, 30000) n;
ANALYZE";

/// What a statement does when it is planned for no particular values.
pub(crate) async fn generic_plan(database: &Database, name: &str, values: &str) -> String {
    let statement = STATEMENTS.iter().find(|statement| statement.name == name).expect("a statement");
    let types: Vec<_> = statement.types.iter().map(Type::name).collect();
    let mut connection = database.connection_as(APP_ROLE).await;
    let prepare = format!(
        "SET plan_cache_mode = force_generic_plan; PREPARE it ({}) AS {}",
        types.join(", "),
        statement.sql
    );
    run(&mut connection, &prepare).await;
    run(&mut connection, &format!("EXPLAIN (COSTS OFF) EXECUTE it ({values})")).await.join("\n")
}

/// A value for a parameter: ids choose partitions, and everything else is of no importance to a generic plan.
fn value(of: &Type, id: &str) -> String {
    match *of {
        Type::UUID => format!("'{id}'"),
        Type::UUID_ARRAY => format!("ARRAY['{id}'::uuid]"),
        _ => "NULL".to_owned(),
    }
}

#[tokio::test]
async fn no_statement_reads_a_table_from_end_to_end_or_joins_otherwise_than_by_its_keys() {
    let world = World::new().await;
    world.sql(ROWS).await;
    // Of the first day, whose partition the plans then show.
    let id = world.value("SELECT id FROM access_tokens_0 ORDER BY id LIMIT 1").await;
    let mut document = format!(
        "<!-- Written by the test store::plans, from PostgreSQL {VERSION}; INSTA_UPDATE=always writes it anew. -->\n\n\
         # Plans\n\n\
         How PostgreSQL {VERSION} runs each statement about tokens when it plans for no particular values\n\
         (`plan_cache_mode = force_generic_plan`), on 120,000 access tokens in 30 dated partitions, of which\n\
         the id leaves one at run time; an UPDATE names one for all. Other versions plan a little otherwise, and are only\n\
         tested for what matters: no table is read from end to end but `settings`, and nothing is hashed or merged.\n"
    );
    for statement in STATEMENTS {
        let values = statement.types.iter().map(|of| value(of, &id)).collect::<Vec<_>>().join(", ");
        let plan = generic_plan(&world.database, statement.name, &values).await;
        let lines: Vec<_> = plan.lines().map(str::to_owned).collect();
        for line in &lines {
            let scan = line.trim_start().trim_start_matches("->").trim_start();
            if let Some(table) = scan.strip_prefix("Seq Scan on ") {
                let table = table.split(' ').next().expect("a table");
                // Maintenance keeps the default partitions empty.
                let is_small = TINY.contains(&table) || table.ends_with("_default");
                assert!(is_small, "{} reads all of {table}:\n{}", statement.name, lines.join("\n"));
            }
            assert!(
                !scan.starts_with("Hash") && !scan.starts_with("Merge Join"),
                "{}:\n{}",
                statement.name,
                lines.join("\n")
            );
            let caches = scan == "Memoize" && statement.name == "access_tokens.introspect";
            assert!(!caches, "it costs more than it saves:\n{}", lines.join("\n"));
        }
        let _ = write!(
            document,
            "\n## {}\n\n```text\n{}\n```\n",
            statement.name,
            without_repetitions(&lines).join("\n")
        );
    }
    if server().version().major() == VERSION {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/plans.md");
        let environment = Environment::from_process().expect("the environment can be read");
        if environment.get_os("INSTA_UPDATE").is_some_and(|how| how == "always") {
            std::fs::write(&path, &document).expect("the document can be written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == document,
            "docs/plans.md is not what PostgreSQL plans; fix: INSTA_UPDATE=always cargo test --package authority-tests -- store::plans"
        );
    }
}

async fn run(connection: &mut sqlx::PgConnection, sql: &str) -> Vec<String> {
    use sqlx::Row;
    let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).fetch_all(connection).await;
    let rows = rows.unwrap_or_else(|error| panic!("{error}, in: {sql}"));
    rows.iter().map(|row| row.try_get(0).expect("a line")).collect()
}

/// The plan with one partition of those that are treated alike.
fn without_repetitions(lines: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    let mut skipping: Option<usize> = None;
    for line in lines {
        let depth = line.len() - line.trim_start().len();
        if let Some(from) = skipping {
            if depth > from {
                continue;
            }
            skipping = None;
        }
        let of_a_day = ["access_tokens_", "authorization_codes_"].iter().any(|table| {
            line.split(table).nth(1).is_some_and(|rest| {
                rest.starts_with(|c: char| c.is_ascii_digit())
                    && !rest.starts_with("0 ")
                    && !rest.starts_with("0_")
            })
        });
        if of_a_day {
            if line.trim_start().starts_with("->") {
                skipping = Some(depth);
            }
            continue;
        }
        kept.push(line.clone());
    }
    kept
}
