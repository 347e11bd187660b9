//! The rotation of a refresh token, with a new access token, beside the same statement in `pgbench`.

use std::collections::HashMap;
use std::time::Duration;

use authority_admin::{Failure, Outcome};
use authority_store::{AccessToken, NewAccessToken, RefreshToken, Rotate, Rotation, Store};
use rand::rngs::StdRng;
use sha2::{Digest as _, Sha256};

use super::exchange::statement;
use super::{FIRST_CALLS, audit, audit_values, calls};
use crate::caller::{Caller, Length, drive};
use crate::contest::{Contest, Run, compare};
use crate::credentials::{self, FIRST};
use crate::data::{AUDIENCE, CLIENTS, Data};
use crate::ground::{CONNECTIONS, Ground, Way};
use crate::observed::{self, Updates};
use crate::pgbench::Pgbench;
use crate::report::{Report, Row};
use crate::same_statement::{self, nothing, octets};
use crate::time::now;

/// From one family to the next: a prime, so that all have their turn, and not one beside the other.
const STEP: u64 = 7919;
/// The random octets of a comparison.
const BLIND: [u8; 16] = [7; 16];

/// Rotates families of its own, each time with the token that it was given last.
pub(super) struct Rotator {
    store: Store,
    data: Data,
    first: u64,
    share: u64,
    done: u64,
    tokens: HashMap<u64, RefreshToken>,
    audience: [String; 1],
    audits: bool,
    random: StdRng,
}

impl Caller for Rotator {
    async fn call(&mut self) -> Outcome {
        let number = self.first + self.done * STEP % self.share;
        self.done += 1;
        let now = now();
        let token = self.tokens.remove(&number).unwrap_or_else(|| {
            credentials::refresh_token(self.data.family(number), self.data.secret_of_family(number))
        });
        let successor = token.successor(&mut self.random);
        let access_token = AccessToken::generate(now, &mut self.random);
        let audit = self.audits.then(|| audit(now, &mut self.random));
        let request = Rotate {
            refresh_token: &token,
            successor: &successor,
            client: self.data.client_of(number),
            scopes: None,
            resources: None,
            sender: None,
            access_token: NewAccessToken::Opaque(&access_token),
            audience: &self.audience,
            audit: audit.as_ref(),
        };
        match self.store.rotate_refresh_token(&request, now, &mut self.random).await {
            Ok(Ok(Rotation::Rotated(_grant))) => {}
            Ok(outcome) => {
                return Err(Failure::saying(format!("family {number} was not rotated: {outcome:?}")));
            }
            Err(error) => return Err(Failure::new(&error)),
        }
        self.tokens.insert(number, successor);
        Ok(())
    }
}

/// How they rotate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) way: Way,
    /// Whether each rotation writes its audit event.
    pub(super) audits: bool,
}

/// Callers that share a quarter of the families, with the tokens that they hold from run to run.
pub(super) struct Rotators(Vec<Rotator>);

/// A quarter of the families that nobody else rotates.
#[derive(Clone, Copy, Debug)]
pub(super) enum Quarter {
    First,
    Second,
}

impl Rotators {
    pub(super) async fn new(ground: &Ground, data: &Data, quarter: Quarter, terms: Terms) -> Outcome<Self> {
        let store = ground.store(terms.way).await?;
        let size = data.first_family_of_ceiling() / 2;
        let share = size / CONNECTIONS as u64;
        let caller = |caller| Rotator {
            store: store.clone(),
            data: data.clone(),
            first: caller * share + if matches!(quarter, Quarter::Second) { size } else { 0 },
            share,
            done: 0,
            tokens: HashMap::new(),
            audience: [AUDIENCE.to_owned()],
            audits: terms.audits,
            random: credentials::random("rotate", caller ^ now().timestamp_micros().unsigned_abs()),
        };
        Ok(Self((0..CONNECTIONS as u64).map(caller).collect()))
    }

    /// The same callers with the tokens that they hold, over new connections.
    pub(super) async fn on(mut self, ground: &Ground, terms: Terms) -> Outcome<Self> {
        let store = ground.store(terms.way).await?;
        for caller in &mut self.0 {
            caller.store = store.clone();
            caller.audits = terms.audits;
        }
        Ok(self)
    }

    /// A run over new connections.
    pub(super) async fn run_anew(&mut self, ground: &Ground, length: Length) -> Outcome<Run> {
        let store = ground.store(Way::Socket).await?;
        for caller in &mut self.0 {
            caller.store = store.clone();
        }
        self.run(ground, length).await
    }

    /// A run over the connections of the last one, which have prepared their statements.
    pub(super) async fn run(&mut self, ground: &Ground, length: Length) -> Outcome<Run> {
        let (run, callers) = drive(ground, std::mem::take(&mut self.0), length).await?;
        self.0 = callers;
        Ok(run)
    }
}

struct Rotations<'a> {
    ground: &'a Ground,
    data: &'a Data,
    rotators: Rotators,
    calls: u64,
    /// Rotations of each client of the ceiling.
    done: u64,
}

impl Rotations<'_> {
    /// What `pgbench` runs: in its first pass over the families, they have the first digest and get the second one, in
    /// the next pass the other way round.
    fn script(&self) -> Outcome<String> {
        let data = self.data;
        let first = data.first_family_of_ceiling();
        let share = (data.families - first) / CONNECTIONS as u64;
        let token = credentials::refresh_token(data.family(first), data.secret_of_family(first));
        let other = token.successor(&mut credentials::random("successor", 0));
        let access = credentials::access_token(data.family(0), 0);
        let blinded = |octets: &[u8]| Sha256::new().chain_update(octets).chain_update(BLIND).finalize();
        let by_pass = |even: &[u8], odd: &[u8]| {
            format!("CASE :pass::text WHEN '0' THEN {} ELSE {} END", octets(even), octets(odd))
        };
        let (digest, other_digest) = (token.digest(), other.digest());
        let instant = now();
        let mut values = audit_values(instant, "n");
        values.extend([
            same_statement::id(data.instant, "f"),
            octets(&BLIND),
            by_pass(&blinded(digest.octets()), &blinded(other_digest.octets())),
            octets(&blinded(token.lineage_digest().octets())),
            same_statement::id(data.instant, "c"),
            by_pass(other_digest.octets(), digest.octets()),
            octets(&[9; 60]),
            nothing("text[]"),
            nothing("text[]"),
            nothing("text"),
            nothing("text"),
            same_statement::id(instant, "n"),
            octets(access.digest().octets()),
            format!("'{{{AUDIENCE}}}'::text[]"),
        ]);
        let numbers = format!(
            "\\set family {first} + :client_id * {share} + (:i * {STEP}) % {share}
\\set f {FIRST} + :family
\\set c {FIRST} + :family % {CLIENTS}
\\set n {FIRST} + :client_id * 1000000000 + :i
\\set pass (:i / {share}) % 2
\\set i :i + 1
"
        );
        Ok(numbers + &same_statement::script(statement("refresh_tokens.rotate")?, &values))
    }

    async fn generations(&self) -> Outcome<u64> {
        let first = self.data.family(self.data.first_family_of_ceiling());
        let last = self.data.family(self.data.families);
        let sql = format!(
            "SELECT sum(generation)::bigint FROM refresh_tokens WHERE id BETWEEN '{first}' AND '{last}'"
        );
        self.ground.number(sql).await.map(i64::unsigned_abs)
    }
}

impl Contest for Rotations<'_> {
    async fn store(&mut self) -> Outcome<Run> {
        self.rotators.run_anew(self.ground, Length::Calls(self.calls)).await
    }

    async fn other(&mut self) -> Outcome<Run> {
        let before = self.generations().await?;
        let pgbench = Pgbench::default().script(self.script()?).variable("i", self.done);
        let run = pgbench.run(self.ground, Length::Calls(self.calls))?;
        self.done += self.calls;
        let rotated = self.generations().await? - before;
        if rotated != run.operations {
            let sentence = format!("pgbench rotated {rotated} times in {} calls", run.operations);
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
    let terms = Terms { way: Way::Socket, audits: true };
    let rotators = Rotators::new(ground, data, Quarter::First, terms).await?;
    let mut contest = Rotations { ground, data, rotators, calls: FIRST_CALLS, done: 0 };
    let first = contest.store().await?;
    contest.calls = calls(first, length);
    let before = Updates::of(ground, "refresh_tokens").await?;
    let compared = compare("rotate", &mut contest, pairs).await?;
    let hot = Updates::of(ground, "refresh_tokens").await?.hot_share_since(before);
    report.fact("HOT share of rotations", format!("{:.2} % (aim: over 95 %)", hot * 100.0));

    observed::log_everything(ground, true).await?;
    let mut caller = contest.rotators.0.remove(0);
    caller.store = ground.store(Way::Socket).await?;
    let observed = observed::observe(ground, "rotate", caller).await?;
    observed::log_everything(ground, false).await?;
    report.add(Row {
        operation: "rotate, with a new access token".to_owned(),
        other: "pgbench: the same statement".to_owned(),
        aim: 0.85,
        compared,
        observed: Some(observed),
    });
    Ok(())
}
