//! `restore`: a backup that was checked, into a database that was asked for.

use anstream::eprintln;
use authority_migration::grants;
use authority_migration::runner::{Options, Runner};

use super::archive::Archive;
use super::format::Format;
use super::interrupt::Interrupt;
use super::manifest::TableRecord;
use super::server::Reached;
use super::{RestoreArgs, report, room, swap, transaction, verify};
use crate::migrate::explain;
use crate::{Context, Failure, Outcome};

/// How many of the things in the way are named.
const NAMED: usize = 3;

pub(super) async fn run(context: &Context, args: &RestoreArgs) -> Outcome {
    let (format, path) = Format::of(&args.file)?;
    if args.jobs.is_some() && matches!(format, Format::Sql(_)) {
        let sentence = "SQL is restored by one job; only a .dump or a directory can be restored by several";
        return Err(Failure::wrong_usage(sentence).with_fix("leave out --jobs".to_owned()));
    }
    let mut interrupt = Interrupt::listen()?;
    let archive = interrupt.unless(Archive::check(context, &path, format)).await?;
    if archive.manifest.is_none() {
        eprintln!(
            "{} has no manifest of this program: it is restored completely or not at all, but there is nothing to compare the rows with",
            path.display()
        );
    }
    if args.verify {
        let tables = Box::pin(verify::in_scratch(context, &archive, &mut interrupt)).await?;
        return report::verified(&archive, &tables, args.json);
    }
    let database = context.database()?;
    let target = Reached::connect(&database).await?;
    let make_room = room_for(args, &target).await?;
    require_no_other_serving_role(context, &target).await?;
    let tables = match args.jobs {
        // It drops what it made: it must not be dropped itself.
        Some(jobs) => Box::pin(swap::restore(context, &target, &archive, jobs, &mut interrupt)).await?,
        None => interrupt.unless(Box::pin(put_back(context, &target, &archive, &make_room))).await?,
    };
    report::restored(&archive, target.name(), &tables, args.json)
}

/// Fails when another role serves requests on what is to be replaced: it would be locked out of what comes.
async fn require_no_other_serving_role(context: &Context, target: &Reached) -> Outcome {
    let mut connection = target.pool.acquire().await.map_err(|error| Failure::new(&error))?;
    let found = grants::require_no_other(&mut connection, &context.serving_role()).await;
    found.map_err(|error| explain(context, &error))
}

/// The statements that make room; none for an empty database. Fails where somebody has to agree first.
async fn room_for(args: &RestoreArgs, target: &Reached) -> Outcome<Vec<String>> {
    let objects = room::objects(&target.pool).await?;
    if objects.is_empty() {
        return Ok(Vec::new());
    }
    if !args.replace {
        let mut named: Vec<_> = objects.iter().take(NAMED).map(String::as_str).collect();
        let more = format!("and {} more", objects.len().saturating_sub(NAMED));
        named.extend((objects.len() > NAMED).then_some(more.as_str()));
        return Err(Failure::saying(format!("database {} is not empty; nothing was changed", target.name()))
            .because(format!("it holds {}", named.join(", ")))
            .with_fix(
                "restore into an empty database, or drop everything in this one first: --replace".to_owned(),
            ));
    }
    let loss =
        format!("drop everything in database {} and put {} in its place", target.name(), args.file.display());
    args.consent.require(&target.config, &loss)?;
    room::statements(&target.pool).await
}

async fn put_back(
    context: &Context,
    target: &Reached,
    archive: &Archive,
    make_room: &[String],
) -> Outcome<Vec<TableRecord>> {
    let tables = transaction::restore(context, target, archive, make_room).await?;
    let restored = || Failure::saying("the backup was restored, but not everything is as it should be");
    grant(context, target).await.map_err(|failure| failure.beneath(restored()))?;
    verify::schema(target, archive).await.map_err(|failure| failure.beneath(restored()))?;
    Ok(tables)
}

/// Gives the serving role its privileges, which are not part of a backup, where that role exists.
pub(super) async fn grant(context: &Context, target: &Reached) -> Outcome {
    let options = Options { serving_role: context.serving_role(), ..Options::default() };
    let granted = Runner::new(target.pool.clone()).with_options(options).grant(&|_| {}).await;
    granted.map_err(|error| explain(context, &error))
}
