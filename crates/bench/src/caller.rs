//! Callers of the store, who do one thing again and again, each in a task of its own.

use std::future::Future;
use std::time::{Duration, Instant};

use authority_admin::{Failure, Outcome};

use crate::contest::Run;
use crate::cpu;
use crate::ground::Ground;

/// Somebody who calls the store.
pub(crate) trait Caller: Send + 'static {
    /// Does it once. Fails when the outcome is not the one that is measured.
    fn call(&mut self) -> impl Future<Output = Outcome> + Send;
}

/// How long a run is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Length {
    /// Until this time has passed.
    Time(Duration),
    /// Until each caller has done it so many times.
    Calls(u64),
}

/// Lets everybody call at the same time, and gives them back.
pub(crate) async fn drive<C: Caller>(
    ground: &Ground,
    callers: Vec<C>,
    length: Length,
) -> Outcome<(Run, Vec<C>)> {
    let postmaster = ground.postmaster();
    let server_before = postmaster.and_then(cpu::of_server);
    let client_before = cpu::of_this_process();
    let began = Instant::now();
    let tasks: Vec<_> = callers.into_iter().map(|caller| tokio::spawn(work(caller, length, began))).collect();
    let mut done = Vec::with_capacity(tasks.len());
    let mut operations = 0;
    for task in tasks {
        let (caller, calls) = task.await.map_err(|error| Failure::new(&error))??;
        operations += calls;
        done.push(caller);
    }
    let elapsed = began.elapsed();
    let since = |now: Option<Duration>, before: Option<Duration>| Some(now?.saturating_sub(before?));
    let run = Run {
        operations,
        elapsed,
        client: since(cpu::of_this_process(), client_before),
        server: since(postmaster.and_then(cpu::of_server), server_before),
    };
    Ok((run, done))
}

async fn work<C: Caller>(mut caller: C, length: Length, began: Instant) -> Outcome<(C, u64)> {
    let mut calls = 0;
    loop {
        match length {
            Length::Time(time) if began.elapsed() >= time => return Ok((caller, calls)),
            Length::Calls(most) if calls >= most => return Ok((caller, calls)),
            Length::Time(_) | Length::Calls(_) => {}
        }
        caller.call().await?;
        calls += 1;
    }
}
