//! `generate`: everything that is derived from the migrations.
//!
//! All of it is made in memory from one freshly migrated scratch database; then it is written, or
//! compared with what is in the tree.

mod entities;
mod files;
mod losses;
mod refine;
mod secrets;
mod snapshots;
mod verify;

use anstream::{eprintln, println};
use authority_admin::{Connected, Context, Failure, Outcome, Scratch};
use authority_migration::grants::SERVING_ROLE;
use authority_migration::runner::{Error, Runner};
use clap::Args;

use files::Files;

use crate::tree;

/// What `generate` is given.
#[derive(Args, Debug)]
pub(crate) struct GenerateArgs {
    /// Write nothing; exit with 1 and name what is stale
    #[arg(long)]
    check: bool,
}

pub(crate) async fn run(context: &Context, args: &GenerateArgs) -> Outcome {
    let scratch = Scratch::create(context, "generate").await?;
    let files = derive(context, &scratch).await;
    scratch.remove().await?;
    let stale = files?.stale(&tree::root())?;
    if stale.is_empty() {
        println!("every generated file is fresh");
        return Ok(());
    }
    if !args.check {
        for change in &stale {
            change.carry_out()?;
            println!("{change}");
        }
        return Ok(());
    }
    for change in &stale {
        eprintln!("{change}");
    }
    let what = if stale.len() == 1 {
        "1 generated file is".to_owned()
    } else {
        format!("{} generated files are", stale.len())
    };
    Err(Failure::saying(format!("{what} stale")).with_fix(format!("{} generate", context.program())))
}

async fn derive(context: &Context, scratch: &Scratch) -> Outcome<Files> {
    let database = scratch.connect().await?;
    require_serving_role(&database).await?;
    let explain = |error: Error| Failure::new(&error).with_fix(error.fix(context.program()));
    Runner::new(database.pool().clone()).up(None, &|_| {}).await.map_err(explain)?;
    let schema = database.schema().await?;
    losses::require_known(&schema)?;

    let mut files = Files::default();
    files.add_all(tree::ENTITIES, entities::generate(&database, &schema).await?);
    files.add_all(tree::SCHEMA_DOCS, authority_schema::docs::pages(&schema));
    files.add_all(tree::SCHEMA_SNAPSHOTS, snapshots::of_schema(&schema));
    files.add_all(tree::MIGRATION_SNAPSHOTS, snapshots::of_migrations());
    let expected = authority_admin::doctor::expected_schema(&schema);
    files.add_all(tree::EXPECTED_SCHEMA, [("schema.txt".to_owned(), expected)]);
    Ok(files)
}

/// Without the serving role the snapshots would lack its grants.
async fn require_serving_role(database: &Connected) -> Outcome {
    let sql = "SELECT FROM pg_catalog.pg_roles WHERE rolname = $1";
    let found = sqlx::query(sql).bind(SERVING_ROLE).fetch_optional(database.pool()).await;
    if found.map_err(|error| Failure::new(&error))?.is_none() {
        return Err(Failure::saying(format!(
            "the server has no role {SERVING_ROLE}, whose grants are part of the schema"
        ))
        .with_fix(format!("CREATE ROLE {SERVING_ROLE} LOGIN; or unset DATABASE_URL")));
    }
    Ok(())
}
