//! The exchange of an authorization code for an access token and a refresh family, beside the same statement in
//! `pgbench`.

use std::time::Duration;

use authority_admin::{Failure, Outcome};
use authority_store::{
    AccessToken, CodeVerifier, Exchange, NewAccessToken, RefreshToken, STATEMENTS, Statement, Store,
};
use chrono::{DateTime, Utc};
use rand::rngs::StdRng;
use sha2::{Digest as _, Sha256};

use super::{FIRST_CALLS, audit, audit_values, calls};
use crate::caller::{Caller, Length, drive};
use crate::contest::{Contest, Run, compare};
use crate::credentials::{self, FIRST};
use crate::data::{AUDIENCE, CHALLENGE, CLIENTS, Data, REDIRECT_URI, VERIFIER};
use crate::ground::{CONNECTIONS, Ground, Way};
use crate::observed;
use crate::pgbench::Pgbench;
use crate::report::{Report, Row};
use crate::same_statement::{self, nothing, octets};
use crate::time::now;

/// Between the numbers of two callers, so that they work on different users at any time.
const STRIDE: u64 = 1_234_577;
/// The random octets of a comparison.
const BLIND: [u8; 16] = [7; 16];

struct Exchanger {
    store: Store,
    data: Data,
    /// The instant of its codes.
    instant: DateTime<Utc>,
    next: u64,
    audience: [String; 1],
    random: StdRng,
}

impl Caller for Exchanger {
    async fn call(&mut self) -> Outcome {
        let number = self.next;
        self.next += 1;
        let now = now();
        let code = credentials::code(credentials::id(self.instant, number), number);
        let verifier = CodeVerifier::new(VERIFIER).map_err(|error| Failure::new(&error))?;
        let access_token = AccessToken::generate(now, &mut self.random);
        let refresh_token = RefreshToken::generate(now, &mut self.random);
        let audit = audit(now, &mut self.random);
        let request = Exchange {
            code: &code,
            client: self.data.client_of(number),
            redirect_uri: Some(REDIRECT_URI),
            code_verifier: Some(&verifier),
            sender: None,
            resources: None,
            access_token: NewAccessToken::Opaque(&access_token),
            audience: &self.audience,
            refresh_token: Some(&refresh_token),
            audit: Some(&audit),
        };
        match self.store.exchange_authorization_code(&request, now, &mut self.random).await {
            Ok(Ok(_tokens)) => Ok(()),
            Ok(Err(refusal)) => Err(Failure::saying(format!("code {number} was not exchanged: {refusal}"))),
            Err(error) => Err(Failure::new(&error)),
        }
    }
}

struct Exchanges<'a> {
    ground: &'a Ground,
    data: &'a Data,
    length: Duration,
    calls: u64,
}

impl Exchanges<'_> {
    fn numbers(count: u64) -> Vec<std::ops::Range<u64>> {
        (0..CONNECTIONS as u64).map(|caller| caller * STRIDE..caller * STRIDE + count).collect()
    }

    async fn callers(&self, number: usize, calls: u64) -> Outcome<Vec<Exchanger>> {
        let instant = now();
        let numbers = Self::numbers(calls);
        self.data.copy_codes(self.ground, instant, &numbers[..number], None).await?;
        let store = self.ground.store(Way::Socket).await?;
        let caller = |caller| Exchanger {
            store: store.clone(),
            data: self.data.clone(),
            instant,
            next: caller * STRIDE,
            audience: [AUDIENCE.to_owned()],
            random: credentials::random("exchange", instant.timestamp_micros().unsigned_abs() ^ caller),
        };
        Ok((0..number as u64).map(caller).collect())
    }

    /// What `pgbench` runs on codes of this instant, all of which have the secret of number 0.
    fn script(instant: DateTime<Utc>, data: &Data) -> Outcome<String> {
        let code = credentials::code(credentials::id(instant, 0), 0);
        let token = credentials::access_token(credentials::id(instant, 0), 0);
        let refresh = credentials::refresh_token(credentials::id(instant, 0), 0);
        let blinded = |octets: &[u8]| Sha256::new().chain_update(octets).chain_update(BLIND).finalize();
        let mut values = audit_values(instant, "n");
        values.extend([
            same_statement::id(instant, "n"),
            octets(&BLIND),
            octets(&blinded(code.digest().octets())),
            same_statement::id(data.instant, "c"),
            format!("'{REDIRECT_URI}'::text"),
            octets(&blinded(CHALLENGE.as_bytes())),
            octets(&blinded(VERIFIER.as_bytes())),
            nothing("text"),
            nothing("text"),
            same_statement::id(instant, "n"),
            octets(token.digest().octets()),
            format!("'{{{AUDIENCE}}}'::text[]"),
            same_statement::id(instant, "n"),
            octets(refresh.digest().octets()),
            octets(refresh.lineage_digest().octets()),
            nothing("text[]"),
        ]);
        let number = format!(
            "\\set number :client_id * {STRIDE} + :i\n\\set n {FIRST} + :number\n\\set c {FIRST} + :number % {CLIENTS}\n\\set i :i + 1\n"
        );
        Ok(number + &same_statement::script(statement("authorization_codes.exchange")?, &values))
    }
}

impl Contest for Exchanges<'_> {
    async fn store(&mut self) -> Outcome<Run> {
        let callers = self.callers(CONNECTIONS, self.calls).await?;
        let (run, _) = drive(self.ground, callers, Length::Calls(self.calls)).await?;
        Ok(run)
    }

    async fn other(&mut self) -> Outcome<Run> {
        let instant = now();
        self.data.copy_codes(self.ground, instant, &Self::numbers(self.calls), Some(0)).await?;
        let script = Self::script(instant, self.data)?;
        let pgbench = Pgbench::default().script(script).variable("i", 0);
        let run = pgbench.run(self.ground, Length::Calls(self.calls))?;
        let (first, last) =
            (credentials::id(instant, 0), credentials::id(instant, CONNECTIONS as u64 * STRIDE));
        let consumed = self
            .ground
            .number(format!(
                "SELECT count(*) FROM authorization_codes
                 WHERE id BETWEEN '{first}' AND '{last}' AND consumed_at IS NOT NULL"
            ))
            .await?;
        if consumed.unsigned_abs() != run.operations {
            let sentence = format!("pgbench consumed {consumed} codes in {} exchanges", run.operations);
            return Err(Failure::saying(sentence));
        }
        Ok(run)
    }
}

pub(super) async fn measure(
    ground: &Ground,
    data: &Data,
    pairs: u32,
    length: Duration,
    report: &mut Report,
) -> Outcome {
    let mut contest = Exchanges { ground, data, length, calls: FIRST_CALLS };
    let first = contest.store().await?;
    contest.calls = calls(first, contest.length);
    let compared = compare("exchange", &mut contest, pairs).await?;
    observed::log_everything(ground, true).await?;
    let caller = contest.callers(1, FIRST_CALLS).await?.remove(0);
    let observed = observed::observe(ground, "exchange", caller).await?;
    observed::log_everything(ground, false).await?;
    report.add(Row {
        operation: "exchange a code".to_owned(),
        other: "pgbench: the same statement".to_owned(),
        aim: 0.85,
        compared,
        observed: Some(observed),
    });
    Ok(())
}

/// A statement of the store by its name.
pub(super) fn statement(name: &str) -> Outcome<&'static Statement> {
    let found = STATEMENTS.iter().find(|statement| statement.name == name);
    found.copied().ok_or_else(|| Failure::saying(format!("the store has no statement {name}")))
}
