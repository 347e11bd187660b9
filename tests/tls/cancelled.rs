//! A statement that is stopped, over a connection that is encrypted and verified.

use super::case::{Case, Expected};
use super::ground::Ground;
use crate::servers::superuser_reads;
use crate::support::{Need, eventually};

const SLEEP: &str = "SELECT 1 FROM pg_sleep(600)";
const RUNS: &str = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(600)%' \
                    AND pid <> pg_backend_pid()";

#[tokio::test]
async fn a_statement_that_nobody_waits_for_is_stopped_through_tls() {
    if Need::Tls.is_missing() {
        return;
    }
    let ground = Ground::get();
    let parameters = format!("sslmode=verify-full&max_pool_size=1&sslrootcert={}", ground.file("right.crt"));
    let case = Case::new("", &ground.good, &parameters, Expected::Encrypted);
    let pool = case.config().expect("a URL").client_pool().await.expect("a pool");
    let mut client = pool.get().await.expect("a connection");
    let sleeping = tokio::spawn(async move { client.query(SLEEP, &[], &[]).await });
    let runs = async || superuser_reads(&ground.good, "postgres", RUNS).await;
    eventually("it runs", async || runs().await == ["1"]).await;
    sleeping.abort();
    eventually("it is stopped", async || runs().await == ["0"]).await;
    eventually("its place is free", async || pool.status().size == 0).await;
}
