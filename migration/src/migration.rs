use std::fmt;

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait, sea_orm};
use sha2::{Digest, Sha256};

use crate::Script;

/// One step of the schema's history: a name, and the SQL of both directions.
///
/// A migration is frozen once it was released. It is a pure function of nothing: it cannot look
/// at a database, at the clock or at the live entities.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    name: &'static str,
    up: fn() -> Script,
    down: fn() -> Script,
    in_transaction: bool,
    breaking: bool,
}

impl Migration {
    /// A migration that runs in one transaction and leaves older programs working.
    ///
    /// `module_path` is the `module_path!()` of its file; the last segment is its name.
    #[must_use]
    pub const fn new(module_path: &'static str, up: fn() -> Script, down: fn() -> Script) -> Self {
        Self { name: last_segment(module_path), up, down, in_transaction: true, breaking: false }
    }

    /// The migration runs outside a transaction, as `CREATE INDEX CONCURRENTLY` has to.
    ///
    /// Its script may then hold one statement only, so that a failure leaves either nothing or an
    /// invalid index, which the runner removes.
    #[must_use]
    pub const fn without_transaction(mut self) -> Self {
        self.in_transaction = false;
        self
    }

    /// Programs that do not know this migration cannot work with the database any more.
    #[must_use]
    pub const fn breaking(mut self) -> Self {
        self.breaking = true;
        self
    }

    /// `m<date>_<number>_<what>`; names sort in the order in which migrations run.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The SQL that applies it.
    #[must_use]
    pub fn up(&self) -> Script {
        (self.up)()
    }

    /// The SQL that takes it back.
    #[must_use]
    pub fn down(&self) -> Script {
        (self.down)()
    }

    /// Whether it runs in one transaction.
    #[must_use]
    pub fn in_transaction(&self) -> bool {
        self.in_transaction
    }

    /// Whether programs that do not know it stop working.
    #[must_use]
    pub fn is_breaking(&self) -> bool {
        self.breaking
    }

    /// What tells an edited migration from the one that was applied.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.up().text())
    }
}

/// Lets SeaORM's own tools run the migrations too. They take no lock, set no time-outs and record
/// no fingerprint: `runner` is the way to apply them.
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &(self.up)()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &(self.down)()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(self.in_transaction)
    }
}

impl MigrationName for Migration {
    fn name(&self) -> &str {
        self.name
    }
}

async fn run(manager: &SchemaManager<'_>, script: &Script) -> Result<(), DbErr> {
    for statement in script.statements() {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

/// SHA-256 of a migration's SQL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a script's text.
    #[must_use]
    pub fn of(sql: &str) -> Self {
        Self(Sha256::digest(sql.as_bytes()).into())
    }

    pub(crate) fn from_octets(octets: &[u8]) -> Option<Self> {
        octets.try_into().ok().map(Self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const fn last_segment(path: &'static str) -> &'static str {
    let bytes = path.as_bytes();
    let mut at = bytes.len();
    while at > 0 && bytes[at - 1] != b':' {
        at -= 1;
    }
    path.split_at(at).1
}
