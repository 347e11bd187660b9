//! Starting over.

use authority_local_postgres::SUPERUSER;
use authority_migration::grants::SERVING_ROLE;
use authority_migration::migrations::ALL;
use authority_migration::runner::{Error, Runner};
use authority_migration::{Migration, Script};

use super::indexes::INDEX;
use super::{LAST, PEOPLE, PEOPLE_AGE, all_and, apply, names, recorded, runner};
use crate::support::{Database, Recorder, Seen, canonical_text, everything, execute};

/// Things of every kind that people leave in a database, each using others.
const LEFTOVERS: &str = "
    CREATE TYPE mood AS ENUM ('fine', 'tired');
    CREATE DOMAIN short AS text CHECK (length(VALUE) < 9);
    CREATE TYPE pair AS (a short, b mood);
    CREATE TYPE span AS RANGE (subtype = numeric);
    CREATE SEQUENCE numbers;
    CREATE TABLE notes (id integer DEFAULT nextval('numbers'), mood mood, \"odd \"\"name\" short);
    CREATE TABLE log (at date) PARTITION BY RANGE (at);
    CREATE TABLE log_default PARTITION OF log DEFAULT;
    CREATE VIEW tired AS SELECT * FROM notes WHERE mood = 'tired';
    CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM notes;
    CREATE FUNCTION cheer(mood) RETURNS mood LANGUAGE sql AS 'SELECT $1';
    CREATE FUNCTION cheer(integer, VARIADIC names text[]) RETURNS integer LANGUAGE sql AS 'SELECT $1';
    CREATE PROCEDURE clean(INOUT rows integer) LANGUAGE plpgsql AS 'BEGIN rows := 0; END';
    CREATE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer);
    CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER notes_stamp BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION stamp();";

const FAILING: Migration =
    Migration::new("m20990101_000007_failing", || Script::new().sql("SELECT 1 / 0"), Script::new);

#[tokio::test]
async fn fresh_drops_whatever_is_left_and_gives_the_schema_of_a_new_database() {
    let database = Database::migrated().await;
    database.execute(LEFTOVERS).await;
    database.execute("INSERT INTO scopes (name, display_name, description) VALUES ('x', 'x', 'x')").await;
    let recorder = Recorder::default();
    let done = Runner::new(database.pool().clone()).fresh(&recorder.observer()).await;
    assert_eq!(done.unwrap_or_else(|error| panic!("{error}: {error:?}")), names(ALL));
    assert_eq!(recorder.seen().first(), Some(&Seen::Recreated(ALL.len())));
    let migrated = Database::migrated().await;
    assert_eq!(canonical_text(database.pool()).await, canonical_text(migrated.pool()).await);
    let standing = "SELECT pg_describe_object(classid, objid, objsubid) FROM pg_depend
                    WHERE refclassid = 'pg_namespace'::regclass AND refobjid = 'public'::regnamespace ORDER BY 1";
    assert_eq!(database.column(standing).await, migrated.column(standing).await);
    assert_eq!(database.column("SELECT count(*) FROM scopes").await, ["0"]);
    assert!(Runner::new(database.pool().clone()).status().await.expect("status").is_up_to_date());
}

#[tokio::test]
async fn fresh_that_fails_in_a_later_migration_leaves_everything_as_it_was() {
    let database = Database::migrated().await;
    database.execute(LEFTOVERS).await;
    let before = everything(database.pool()).await;
    let error = runner(&database, &all_and(&[PEOPLE, FAILING])).fresh(&|_| {}).await;
    assert!(
        matches!(&error, Err(Error::Failed { statement, .. }) if statement == "SELECT 1 / 0"),
        "{error:?}"
    );
    assert_eq!(everything(database.pool()).await, before);
}

#[tokio::test]
async fn fresh_also_applies_what_runs_outside_a_transaction() {
    let database = Database::empty().await;
    let migrations = [PEOPLE, PEOPLE_AGE, INDEX, LAST];
    apply(&runner(&database, &migrations)).await;
    let before = canonical_text(database.pool()).await;
    let recorder = Recorder::default();
    let done = runner(&database, &migrations).fresh(&recorder.observer()).await;
    assert_eq!(done.expect("fresh"), names(&migrations));
    let [index, last] = [INDEX, LAST].map(|migration| Seen::Applied(migration.name().to_owned()));
    let granted = Seen::Granted { role: SERVING_ROLE.to_owned(), tables: 1 };
    assert_eq!(recorder.seen(), [Seen::Recreated(2), index, last, granted]);
    assert_eq!(recorded(&database).await, names(&migrations));
    assert_eq!(canonical_text(database.pool()).await, before);
}

#[tokio::test]
async fn fresh_keeps_the_objects_of_an_extension() {
    let database = Database::migrated().await;
    let superuser = database.pool_as(SUPERUSER).await;
    let available = "SELECT name FROM pg_available_extensions WHERE name = 'pg_trgm'";
    if database.column(available).await.is_empty() {
        return; // Builds of the server alone come without extensions.
    }
    execute(&superuser, "CREATE EXTENSION pg_trgm").await;
    Runner::new(database.pool().clone()).fresh(&|_| {}).await.expect("fresh");
    assert_eq!(database.column("SELECT similarity('one', 'one')").await, ["1"]);
}

#[tokio::test]
async fn fresh_refuses_the_tables_of_somebody_else() {
    let database = Database::empty().await;
    for table in ["users", "invoices"] {
        database.execute(&format!("CREATE TABLE {table} (id integer)")).await;
        let before = everything(database.pool()).await;
        let error = Runner::new(database.pool().clone()).fresh(&|_| {}).await;
        assert!(matches!(error, Err(Error::InTheWay { .. })), "{table}: {error:?}");
        assert_eq!(everything(database.pool()).await, before);
        database.execute(&format!("DROP TABLE {table}")).await;
    }
}

#[tokio::test]
async fn fresh_refuses_a_database_that_another_application_migrated() {
    let database = Database::empty().await;
    database
        .execute(
            "CREATE TABLE seaql_migrations (version varchar PRIMARY KEY, applied_at bigint NOT NULL);
             INSERT INTO seaql_migrations VALUES ('m20220101_000001_create_table', 0)",
        )
        .await;
    let before = everything(database.pool()).await;
    let error = Runner::new(database.pool().clone()).fresh(&|_| {}).await;
    assert!(matches!(error, Err(Error::OtherApplication { .. })), "{error:?}");
    assert_eq!(everything(database.pool()).await, before);
}
