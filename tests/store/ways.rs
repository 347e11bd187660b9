//! The two ways to the server: directly, and through PgBouncer in transaction mode.

use std::cell::Cell;
use std::pin::Pin;

use authority_local_postgres::APP_ROLE;
use sqlx::{Connection, PgConnection};

use crate::pgbouncer::Shared;
use crate::support::{Database, Need};

/// Makes two tests of a function: `directly` and `through_the_pooler`, in a module with its name.
macro_rules! both_ways {
    ($(#[$attribute:meta])* async fn $name:ident() $body:block) => {
        $(#[$attribute])*
        async fn $name() $body

        mod $name {
            use $crate::store::ways::Way;

            #[test]
            fn directly() {
                Way::Direct.run(Box::pin(super::$name()));
            }

            #[test]
            fn through_the_pooler() {
                Way::Pooled.run(Box::pin(super::$name()));
            }
        }
    };
}

/// How the stores of a test reach the server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Direct,
    Pooled,
}

/// What a test does that goes one of the ways.
struct Journey {
    way: Way,
    addresses: Cell<usize>,
}

tokio::task_local! {
    static JOURNEY: Journey;
}

impl Way {
    /// Runs a test whose worlds go this way. It is an error when it makes none, or makes all of them in other tasks.
    pub(super) fn run(self, test: Pin<Box<dyn Future<Output = ()>>>) {
        if self == Self::Pooled && Need::PgBouncer.is_missing() {
            return;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
        let journey = Journey { way: self, addresses: Cell::new(0) };
        let test = JOURNEY.scope(journey, async {
            test.await;
            assert!(JOURNEY.with(|journey| journey.addresses.get()) > 0, "the test went no way");
        });
        runtime.expect("a runtime").block_on(test);
    }

    /// The way of the test that asks: directly, unless it was made by `both_ways`.
    fn of_this_test() -> Self {
        let asked = JOURNEY.try_with(|journey| {
            journey.addresses.set(journey.addresses.get() + 1);
            journey.way
        });
        asked.unwrap_or(Self::Direct)
    }
}

/// The address of a database for the role of the store, the way that this test goes.
pub(super) async fn address_of(database: &Database) -> String {
    match Way::of_this_test() {
        Way::Direct => database.url_as(APP_ROLE),
        Way::Pooled => {
            let url = Shared::get().url(database.name());
            open_two_sessions(&url).await;
            url
        }
    }
}

/// Whether this test goes through the pooler.
pub(super) fn is_pooled() -> bool {
    Way::of_this_test() == Way::Pooled
}

/// Has the pooler keep two sessions at least. They take turns, so no two statements in a row are in the same one.
async fn open_two_sessions(url: &str) {
    let connect = async || PgConnection::connect(url).await.expect("a connection to the pooler");
    let (mut one, mut other) = (connect().await, connect().await);
    let run = async |connection: &mut PgConnection, sql: &'static str| {
        sqlx::raw_sql(sql).execute(connection).await.expect("a session");
    };
    run(&mut one, "BEGIN").await;
    run(&mut other, "SELECT").await;
    run(&mut one, "COMMIT").await;
    let _ = (one.close().await, other.close().await);
}
