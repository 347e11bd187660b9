//! Partitions are made ahead of their time, and are what `CREATE TABLE … PARTITION OF` would have made.

use super::{DATED, NOW, at, database, made, maintained, maintenance, run};
use crate::support::{Database, canonical_text, column, execute};

const AHEAD: [&str; 9] = [
    "access_tokens_p20261123",
    "access_tokens_p20261124",
    "access_tokens_p20261125",
    "audit_logs_p202611",
    "audit_logs_p202612",
    "audit_logs_p202701",
    "authorization_codes_p20261123",
    "authorization_codes_p20261124",
    "authorization_codes_p20261125",
];

/// Everything that the catalog says of a partition, but for what numbers its objects, and for `connoinherit` of its
/// primary key: of one that came by ATTACH it says that children would not inherit it, which a partition has none of.
const DESCRIPTION: &str = "
    WITH one AS (SELECT '{name}'::regclass AS oid)
    SELECT 'class ' || (to_jsonb(c) - '{oid,reltype,relfilenode,relpages,reltuples,relallvisible,relallfrozen,
               relfrozenxid,relminmxid,reltoastrelid,relpartbound}'::text[])::text || pg_get_expr(relpartbound, c.oid)
      FROM pg_class c, one WHERE c.oid = one.oid
    UNION ALL
    SELECT 'column ' || (to_jsonb(a) - 'attrelid')::text
           || coalesce((SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = a.attrelid AND adnum = attnum), '')
           || coalesce(col_description(a.attrelid, attnum), '')
      FROM pg_attribute a, one WHERE attrelid = one.oid
    UNION ALL
    SELECT 'constraint ' || (to_jsonb(k) - '{oid,conrelid,conindid,conbin}'::text[]
               - CASE contype WHEN 'p' THEN 'connoinherit' ELSE '' END)::text || pg_get_constraintdef(k.oid)
           || coalesce(obj_description(k.oid, 'pg_constraint'), '')
      FROM pg_constraint k, one WHERE conrelid = one.oid
    UNION ALL
    SELECT 'index ' || pg_get_indexdef(indexrelid) || (to_jsonb(i) - '{indexrelid,indrelid,indexprs,indpred}'::text[])::text
           || (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = indexrelid)
           || coalesce(obj_description(indexrelid, 'pg_class'), '')
      FROM pg_index i, one WHERE indrelid = one.oid
    UNION ALL
    SELECT concat('trigger ', tgfoid::regproc, ' ', tgtype, tgenabled, tgisinternal, tgconstrrelid::regclass)
      FROM pg_trigger, one WHERE tgrelid = one.oid
    UNION ALL
    SELECT 'comment ' || coalesce(obj_description(one.oid, 'pg_class'), '') FROM one
    ORDER BY 1";

#[tokio::test]
async fn the_days_and_months_ahead_are_made_once() {
    let database = Database::migrated().await;
    let before = canonical_text(database.pool()).await;
    assert_eq!(maintained(&database, NOW).await, AHEAD.map(|name| made(name, 0)));
    assert_eq!(database.column(DATED).await, AHEAD);
    assert_eq!(maintained(&database, NOW).await, []);
    assert_eq!(canonical_text(database.pool()).await, before, "nothing else has changed");
    let tomorrow = maintained(&database, "2026-11-24T00:00:00Z").await;
    assert_eq!(tomorrow, [made("access_tokens_p20261126", 0), made("authorization_codes_p20261126", 0)]);
}

#[tokio::test]
async fn a_far_sight_makes_the_months_of_its_days() {
    let database = Database::migrated().await;
    let far = authority_maintenance::Maintenance { days_ahead: 100, ..maintenance(NOW) };
    let report = run(&database, &far).await;
    assert!(report.is_up_to_date(), "{report:?}");
    let months = "SELECT max(relname::text) FROM pg_class WHERE relname LIKE 'audit_logs_p______'";
    assert_eq!(database.column(months).await, ["audit_logs_p202703"]);
}

#[tokio::test]
async fn a_partition_that_was_made_by_hand_is_good_enough() {
    let database = Database::migrated().await;
    let by_hand = "CREATE TABLE audit_logs_mine PARTITION OF audit_logs
                   FOR VALUES FROM (MINVALUE) TO ('ffffffff-0000-0000-0000-000000000000')";
    database.execute(by_hand).await;
    let done = maintained(&database, NOW).await;
    assert!(!format!("{done:?}").contains("audit_logs"), "{done:?}");
}

#[tokio::test]
async fn a_partition_is_what_making_it_directly_gives() {
    let (by_maintenance, directly) = (database().await, database().await);
    super::tokens(&by_maintenance, NOW, 3).await;
    assert!(maintained(&by_maintenance, NOW).await.contains(&made("access_tokens_p20261123", 3)));
    for name in AHEAD {
        let table = name.split_once("_p2").expect("a date").0;
        let bounds = format!("SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = '{name}'");
        let layout = format!(
            "SELECT coalesce('WITH (' || array_to_string(reloptions, ', ') || ')', '')
             FROM pg_class WHERE relname = '{table}_default'"
        );
        let bounds = by_maintenance.column(&bounds).await.concat();
        let layout = by_maintenance.column(&layout).await.concat();
        directly.execute(&format!("CREATE TABLE {name} PARTITION OF {table} {bounds} {layout}")).await;
        let description = DESCRIPTION.replace("{name}", name);
        let expected = directly.column(&description).await;
        assert!(expected.iter().any(|line| line.starts_with("index ")), "{expected:?}");
        let found = by_maintenance.column(&description).await;
        let only_in = |some: &[String], other: &[String]| {
            some.iter().filter(|line| !other.contains(line)).cloned().collect::<Vec<_>>()
        };
        assert_eq!(only_in(&found, &expected), only_in(&expected, &found), "{name}");
        assert_eq!(found.len(), expected.len(), "{name}");
    }
}

#[tokio::test]
async fn a_partition_is_its_owners_alone_whoever_makes_it() {
    let database = Database::migrated().await;
    let superuser = database.pool_as("postgres").await;
    for role in ["postgres", "authority"] {
        let default = format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {role} IN SCHEMA public GRANT ALL ON TABLES TO authority_app, PUBLIC"
        );
        execute(&superuser, &default).await;
    }
    let mut report = authority_maintenance::Report::default();
    maintenance(NOW).run(&superuser, &mut report).await.expect("a superuser may");
    assert_eq!(report.done, AHEAD.map(|name| made(name, 0)));
    let owners = "SELECT DISTINCT relowner::regrole::text FROM pg_class
                  WHERE relispartition AND relname LIKE '%\\_p2%'";
    assert_eq!(column(&superuser, owners).await, ["authority"]);
    let others = "SELECT relname FROM pg_class c, aclexplode(c.relacl) a
                  WHERE relispartition AND relname LIKE '%\\_p2%' AND a.grantee <> c.relowner";
    assert_eq!(column(&superuser, others).await, [""; 0]);
}

#[tokio::test]
async fn a_table_that_has_the_name_of_a_partition_is_left_alone_and_told() {
    let database = Database::migrated().await;
    database.execute("CREATE TABLE audit_logs_p202612 (mine text)").await;
    let report = run(&database, &maintenance(NOW)).await;
    let [overdue] = &*report.overdue else { panic!("{report:?}") };
    assert_eq!(
        (overdue.subject.as_str(), &overdue.why),
        ("audit_logs_p202612", &authority_maintenance::Why::NameTaken)
    );
    assert_eq!(report.done.len(), AHEAD.len() - 1);
    assert_eq!(database.column("SELECT count(*)::text FROM audit_logs_p202612").await, ["0"]);
}

#[tokio::test]
async fn an_overlap_with_a_partition_made_by_hand_is_told() {
    let database = Database::migrated().await;
    let day = super::id("2026-11-24T12:00:00Z", 1);
    let by_hand = format!(
        "CREATE TABLE odd PARTITION OF access_tokens FOR VALUES FROM ('{day}') TO ('{}')",
        super::id("2026-11-24T13:00:00Z", 1)
    );
    database.execute(&by_hand).await;
    let report = run(&database, &maintenance(NOW)).await;
    let [overdue] = &*report.overdue else { panic!("{report:?}") };
    assert_eq!(overdue.subject, "access_tokens_p20261124");
    assert!(overdue.why.to_string().contains("would overlap partition \"odd\""), "{overdue:?}");
    assert_eq!(at(NOW), maintenance(NOW).now);
}
