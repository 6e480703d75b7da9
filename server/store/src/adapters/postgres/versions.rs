//! Versions, and the end of what is older than the history is to be. (The table `version` has the
//! number of the schema.)

use postgres::{Row, Transaction};

use super::{Failure, id_of, signed, unsigned};
use crate::port::{Expired, Version};

fn version_of(row: &Row) -> Version {
    Version {
        id: unsigned(row, 0),
        name: row.get(1),
        revision: unsigned(row, 2),
        at_ms: unsigned(row, 3),
        author: row.get(4),
    }
}

pub(super) fn all(transaction: &mut Transaction<'_>, world: &str) -> Result<Vec<Version>, Failure> {
    let id = id_of(transaction, world)?;
    let query = "SELECT id, name, revision, at_ms, author FROM named WHERE world = $1
        ORDER BY id DESC";
    Ok(transaction.query(query, &[&id])?.iter().map(version_of).collect())
}

pub(super) fn keep(
    transaction: &mut Transaction<'_>,
    world: &str,
    version: &Version,
    document: &[u8],
) -> Result<u64, Failure> {
    let id = id_of(transaction, world)?;
    let query = "SELECT count(*), coalesce(sum(bytes), 0)::BIGINT FROM named WHERE world = $1";
    let sums = transaction.query_one(query, &[&id])?;
    Version::check_room(unsigned(&sums, 0), unsigned(&sums, 1), document.len())?;
    let Version { name, revision, at_ms, author, .. } = version;
    let (revision, at_ms, bytes) = (signed(*revision), signed(*at_ms), document.len() as i64);
    let query = "INSERT INTO named (world, name, revision, at_ms, author, bytes, document)
        VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
    let row: [&(dyn postgres::types::ToSql + Sync); 7] =
        [&id, name, &revision, &at_ms, author, &bytes, &document];
    Ok(unsigned(&transaction.query_one(query, &row)?, 0))
}

pub(super) fn one(
    transaction: &mut Transaction<'_>,
    world: &str,
    version: u64,
) -> Result<Option<(Version, Vec<u8>)>, Failure> {
    let id = id_of(transaction, world)?;
    let query = "SELECT id, name, revision, at_ms, author, document FROM named
        WHERE world = $1 AND id = $2";
    let found = transaction.query_opt(query, &[&id, &signed(version)])?;
    Ok(found.map(|row| (version_of(&row), row.get(5))))
}

pub(super) fn delete(
    transaction: &mut Transaction<'_>,
    world: &str,
    version: u64,
) -> Result<(), Failure> {
    let id = id_of(transaction, world)?;
    let query = "DELETE FROM named WHERE world = $1 AND id = $2";
    transaction.execute(query, &[&id, &signed(version)])?;
    Ok(())
}

pub(super) fn expire(
    transaction: &mut Transaction<'_>,
    world: &str,
    expired: Expired,
    count: u32,
) -> Result<u32, Failure> {
    let id = id_of(transaction, world)?;
    let query = "SELECT revision, at_ms FROM batch
        WHERE world = $1
        AND revision <= least($2, (SELECT revision FROM snapshot WHERE world = $1))
        ORDER BY revision LIMIT $3";
    let oldest = transaction.query(query, &[&id, &signed(expired.through), &i64::from(count)])?;
    // The history has no holes: it ends with the first that stays.
    let gone = oldest.iter().take_while(|row| unsigned(row, 1) < expired.before_ms);
    let Some(through) = gone.last().map(|row| row.get::<_, i64>(0)) else { return Ok(0) };
    let query = "DELETE FROM batch WHERE world = $1 AND revision <= $2";
    Ok(transaction.execute(query, &[&id, &through])? as u32)
}
