//! Behind PgBouncer in transaction mode.

use authority_local_postgres::SUPERUSER;

use super::examination::{examine, examine_for};
use crate::pgbouncer::Pooler;
use crate::support::{Database, Need, execute};

#[tokio::test]
async fn a_pooler_is_named_and_everything_else_is_examined_through_it() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::migrated().await;
    let direct = examine(&database.url(), &[]);
    direct.is_well("pooler");
    let pooler = Pooler::of(&database).await;
    let through = examine(pooler.url(), &[]);
    let subject = format!("127.0.0.1:{}", pooler.port());
    let findings = through.of("pooler");
    let [finding] = &*findings else { panic!("{findings:?}") };
    // Whether it carries prepared statements depends on its version.
    if finding.severity() == "warning" {
        let finding = through.finds("pooler", "warning", &subject);
        assert!(finding.fix().contains("prepared_statements=false"), "{finding:?}");
    } else {
        through.finds("pooler", "info", &subject);
    }
    for check in
        ["schema-drift", "serving-role-privileges", "migrations-edited", "default-admin-password", "tls"]
    {
        through.is_well(check);
    }
    assert!(through.skips("connection-limit").contains("pooler"));
    let told = examine(&format!("{}?prepared_statements=false", pooler.url()), &[]);
    told.finds("pooler", "info", &subject);
    told.is_well("schema-drift");
}

#[tokio::test]
async fn sessions_behind_a_pooler_that_may_wait_for_a_lock_for_ever_are_a_note() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::migrated().await;
    let superuser = database.pool_as(SUPERUSER).await;
    execute(&superuser, "CREATE ROLE doctor_waiting LOGIN").await;
    examine_for(&database.url(), "doctor_waiting").is_well("lock-timeout");
    let pooler = Pooler::of(&database).await;
    let finding = examine_for(pooler.url(), "doctor_waiting").finds("lock-timeout", "info", "lock_timeout");
    finding.mend(&superuser).await;
    examine_for(pooler.url(), "doctor_waiting").is_well("lock-timeout");
    execute(
        &superuser,
        "ALTER ROLE doctor_waiting RESET lock_timeout; ALTER ROLE doctor_waiting SET statement_timeout = '9s'",
    )
    .await;
    examine_for(pooler.url(), "doctor_waiting").is_well("lock-timeout");
}

#[tokio::test]
async fn a_pooler_that_refuses_a_parameter_is_an_error() {
    if Need::PgBouncer.is_missing() {
        return;
    }
    let database = Database::migrated().await;
    let pooler = Pooler::of(&database).await;
    let url = format!("{}?statement_timeout=1000", pooler.url());
    let finding = examine(&url, &[]).finds("pooler", "error", "");
    assert!(finding.fix().contains("statement_timeout"), "{finding:?}");
}
