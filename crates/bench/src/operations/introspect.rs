//! Introspection of one access token a call, beside a SELECT of one row by primary key.

use std::time::Duration;

use authority_admin::{Failure, Outcome};
use authority_store::{PresentedAccessToken, Store};
use rand::RngExt;
use rand::rngs::StdRng;

use crate::caller::{Caller, Length, drive};
use crate::contest::{Contest, Run, compare};
use crate::credentials::{self, FIRST};
use crate::data::Data;
use crate::ground::{CONNECTIONS, Ground, Way};
use crate::observed;
use crate::pgbench::Pgbench;
use crate::report::{Report, Row};
use crate::time::now;

/// Callers that share statements.
pub(super) const MANY: usize = 256;

struct Introspector {
    store: Store,
    data: Data,
    random: StdRng,
}

impl Caller for Introspector {
    async fn call(&mut self) -> Outcome {
        let number = self.random.random_range(0..self.data.access_tokens);
        let token = credentials::access_token(self.data.access_token(number), number);
        let presented = PresentedAccessToken::Opaque(&token);
        match self.store.introspect_access_token(presented, now()).await {
            Ok(Ok(_active)) => Ok(()),
            Ok(Err(inactive)) => {
                Err(Failure::saying(format!("access token {number} is not active: {inactive:?}")))
            }
            Err(error) => Err(Failure::new(&error)),
        }
    }
}

struct Introspection<'a> {
    ground: &'a Ground,
    data: &'a Data,
    callers: usize,
    length: Duration,
}

impl Introspection<'_> {
    async fn callers(&self, number: usize) -> Outcome<Vec<Introspector>> {
        let store = self.ground.store(Way::Socket).await?;
        let caller = |caller| Introspector {
            store: store.clone(),
            data: self.data.clone(),
            random: credentials::random("introspect", caller as u64),
        };
        Ok((0..number).map(caller).collect())
    }
}

impl Contest for Introspection<'_> {
    async fn store(&mut self) -> Outcome<Run> {
        let callers = self.callers(self.callers).await?;
        Ok(drive(self.ground, callers, Length::Time(self.length)).await?.0)
    }

    async fn other(&mut self) -> Outcome<Run> {
        let half = self.data.access_tokens / 2;
        let script = |instant, first: u64, last: u64| {
            let prefix = credentials::id_prefix(instant);
            format!(
                "\\set n random({}, {})\nSELECT * FROM access_tokens WHERE id = ('{prefix}' || :n::text)::uuid;\n",
                FIRST + first,
                FIRST + last
            )
        };
        Pgbench::default()
            .script(script(self.data.yesterday(), 0, half - 1))
            .script(script(self.data.instant, half, self.data.access_tokens - 1))
            .run(self.ground, Length::Time(self.length))
    }
}

pub(super) async fn measure(
    ground: &Ground,
    data: &Data,
    callers: usize,
    pairs: u32,
    length: Duration,
    report: &mut Report,
) -> Outcome {
    let mut contest = Introspection { ground, data, callers, length };
    let (name, operation, aim) = if callers > CONNECTIONS {
        (
            "introspect, 256 callers",
            format!("introspect, {callers} callers on {CONNECTIONS} connections"),
            2.0,
        )
    } else {
        ("introspect", format!("introspect, one token a call, {callers} callers"), 0.40)
    };
    let compared = compare(name, &mut contest, pairs).await?;
    let observed = if callers > CONNECTIONS {
        None
    } else {
        observed::log_everything(ground, true).await?;
        let caller = contest.callers(1).await?.remove(0);
        let observed = observed::observe(ground, name, caller).await?;
        observed::log_everything(ground, false).await?;
        Some(observed)
    };
    let other = "pgbench: SELECT * by primary key";
    report.add(Row { operation, other: other.to_owned(), aim, compared, observed });
    Ok(())
}
