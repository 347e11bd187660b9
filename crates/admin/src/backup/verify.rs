use super::archive::Archive;
use super::interrupt::Interrupt;
use super::manifest::TableRecord;
use super::server::Reached;
use super::{compare, snapshot, transaction};
use crate::scratch::Scratch;
use crate::{Context, Outcome};

/// Restores a backup into a database of its own beside the one in use, compares, and drops it again, also when
/// that failed or was interrupted.
///
/// Fails when the role may not create databases, and when what came out is not what the manifest says.
pub(super) async fn in_scratch(
    context: &Context,
    archive: &Archive,
    interrupt: &mut Interrupt,
) -> Outcome<Vec<TableRecord>> {
    let scratch = Scratch::create(context, "verify").await;
    let scratch = scratch.map_err(|failure| failure.preventing("the backup cannot be proved"))?;
    let proof = async {
        let target = Reached::connect(scratch.database()).await?;
        let tables = transaction::restore(context, &target, archive, &[]).await?;
        schema(&target, archive).await?;
        target.pool.close().await;
        Ok(tables)
    };
    let tables = interrupt.unless(proof).await;
    let removed = scratch.remove().await;
    let tables = tables?;
    removed.map(|()| tables)
}

/// Compares the schema with the manifest, where there is one.
pub(super) async fn schema(target: &Reached, archive: &Archive) -> Outcome {
    let Some(manifest) = &archive.manifest else { return Ok(()) };
    let mut connection = target.pool.acquire().await.map_err(|error| crate::Failure::new(&error))?;
    compare::schema(manifest, snapshot::fingerprint(&mut connection).await?)
}
