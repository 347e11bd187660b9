//! The pool.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool};

use super::idle_limit::IdleLimit;
use super::{Server, inspect};
use crate::{Config, ConnectError, TargetSessionAttrs};

/// An idle connection older than this is tested before it is used.
pub(crate) const TEST_AFTER: Duration = Duration::from_secs(30);
/// An idle connection is closed after this time: firewalls forget connections after about as long.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_mins(10);
/// No connection gets older, so that the memory of its server process is freed from time to time.
pub(crate) const MAX_LIFETIME: Duration = Duration::from_mins(30);

pub(super) async fn pool(
    config: &Config,
    options: PgConnectOptions,
    server: &Server,
) -> Result<PgPool, ConnectError> {
    let settings = &config.pool;
    let limit = settings.max_idle_pool_size.filter(|most| *most < settings.max_pool_size).map(|most| {
        // Opening the pool gives back one connection behind the back of the counter: either one of the initial
        // ones, which was counted as taken, or one more.
        IdleLimit::new(most, settings.initial_pool_size + 1, IDLE_TIMEOUT, MAX_LIFETIME)
    });
    let mut pool_options = PgPoolOptions::new()
        .min_connections(settings.initial_pool_size)
        .max_connections(settings.max_pool_size)
        .acquire_timeout(settings.checkout_timeout)
        .test_before_acquire(false)
        .idle_timeout(limit.is_none().then_some(IDLE_TIMEOUT))
        .max_lifetime(limit.is_none().then_some(MAX_LIFETIME));
    let wanted = config.target_session_attrs;
    if !matches!(wanted, TargetSessionAttrs::Any | TargetSessionAttrs::PreferStandby) {
        pool_options = pool_options.after_connect(move |connection, _| {
            Box::pin(async move {
                let state = inspect::state(connection).await?;
                let acceptable = wanted.accepts(state.in_recovery, state.read_only);
                let reason = || sqlx::Error::Protocol(format!("the server is no longer {wanted}"));
                if acceptable { Ok(()) } else { Err(reason()) }
            })
        });
    }
    let taken = limit.clone();
    pool_options = pool_options.before_acquire(move |connection, metadata| {
        let usable = taken.as_ref().is_none_or(|limit| limit.takes(&metadata));
        Box::pin(async move {
            if usable && metadata.idle_for > TEST_AFTER {
                connection.ping().await?;
            }
            Ok(usable)
        })
    });
    if let Some(limit) = limit {
        pool_options = pool_options.after_release(move |_, metadata| {
            let keep = limit.keeps(&metadata);
            Box::pin(async move { Ok(keep) })
        });
    }
    pool_options.connect_with(options).await.map_err(|error| match error {
        sqlx::Error::PoolTimedOut => ConnectError::PoolTimeout {
            at: Box::new(config.target(&server.host)),
            connections: settings.initial_pool_size.max(1),
            after: settings.checkout_timeout,
        },
        error => crate::connect_error::classify(error, config.target(&server.host), true),
    })
}
