//! Ways around the grants that somebody has opened are closed by the next run.

use authority_local_postgres::APP_ROLE;
use authority_migration::runner::Runner;

use crate::support::{Database, Recorder, Seen, column, execute, fails};

/// A partition of a time that no maintenance has made one for.
const LATER: &str = "CREATE TABLE later PARTITION OF audit_logs
     FOR VALUES FROM ('069a0000-0000-0000-0000-000000000000') TO ('069b0000-0000-0000-0000-000000000000')";

/// What others than the owner may do, on tables, partitions, columns and tables to come.
async fn privileges(database: &Database) -> Vec<String> {
    let sql = "
        SELECT concat_ws(' ', what, coalesce(r.rolname, 'PUBLIC'), privilege_type) FROM (
            SELECT c.oid::regclass::text AS what, p.* FROM pg_class c, aclexplode(c.relacl) p
             WHERE c.relnamespace = 'public'::regnamespace
            UNION ALL
            SELECT format('%s.%s', a.attrelid::regclass, a.attname), p.* FROM pg_attribute a, aclexplode(a.attacl) p
              JOIN pg_class c ON c.relnamespace = 'public'::regnamespace WHERE a.attrelid = c.oid
            UNION ALL
            SELECT 'to come', p.* FROM pg_default_acl d, aclexplode(d.defaclacl) p
        ) AS held LEFT JOIN pg_roles r ON r.oid = held.grantee
        WHERE r.rolname IS DISTINCT FROM 'authority' ORDER BY 1";
    database.column(sql).await
}

async fn up(database: &Database) -> Vec<Seen> {
    let recorder = Recorder::default();
    Runner::new(database.pool().clone()).up(None, &recorder.observer()).await.expect("a run");
    recorder.seen()
}

#[tokio::test]
async fn whatever_was_granted_beside_the_grants_is_taken_back() {
    let database = Database::migrated().await;
    let right = privileges(&database).await;
    let tables =
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')";
    let all = database.column(tables).await.len();
    for (opened, tables) in [
        // What the page of operators advises who lacks a privilege.
        ("GRANT ALL ON ALL TABLES IN SCHEMA public TO authority_app", all),
        ("GRANT DELETE ON audit_logs_default TO authority_app", 1),
        ("GRANT UPDATE (event) ON audit_logs TO authority_app", 1),
        ("GRANT UPDATE (event) ON audit_logs_default TO authority_app", 1),
        ("GRANT SELECT ON users TO PUBLIC", 1),
        ("GRANT SELECT (password_hash) ON users TO PUBLIC", 1),
        ("GRANT UPDATE ON audit_logs_default TO PUBLIC", 1),
        ("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO authority_app", 0),
        ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC", 0),
    ] {
        database.execute(opened).await;
        assert_ne!(privileges(&database).await, right, "{opened}");
        let granted = Seen::Granted { role: APP_ROLE.to_owned(), tables };
        assert_eq!(up(&database).await, [granted], "{opened}");
        assert_eq!(privileges(&database).await, right, "{opened}");
        assert_eq!(up(&database).await, [], "{opened}");
    }
}

#[tokio::test]
async fn a_partition_inherits_no_default_privilege_after_a_run() {
    let database = Database::migrated().await;
    database.execute("ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO authority_app").await;
    up(&database).await;
    database.execute(LATER).await;
    let serving = database.pool_as(APP_ROLE).await;
    assert_eq!(fails(&serving, "DELETE FROM later").await.code, "42501");
    assert_eq!(column(&serving, "SELECT count(*)::text FROM audit_logs").await, ["0"]);
    execute(&serving, "SELECT FROM audit_logs").await;
}

#[tokio::test]
async fn tables_of_somebody_else_are_left_alone() {
    let database = Database::migrated().await;
    database
        .execute("CREATE TABLE theirs (id integer); GRANT SELECT ON theirs TO PUBLIC, authority_app")
        .await;
    let before = privileges(&database).await;
    assert_eq!(up(&database).await, []);
    assert_eq!(privileges(&database).await, before);
}
