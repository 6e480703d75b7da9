//! Versions, and the end of what is older than the history is to be.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Failure, id_of, signed};
use crate::port::{Expired, Version};

fn version_of(row: &Row<'_>) -> rusqlite::Result<Version> {
    Ok(Version {
        id: row.get(0)?,
        name: row.get(1)?,
        revision: row.get(2)?,
        at_ms: row.get(3)?,
        author: row.get(4)?,
    })
}

pub(super) fn all(transaction: &Connection, world: &str) -> Result<Vec<Version>, Failure> {
    let id = id_of(transaction, world)?;
    let mut find = transaction.prepare_cached(
        "SELECT id, name, revision, at_ms, author FROM version WHERE world = ?1 ORDER BY id DESC",
    )?;
    let versions = find.query_map([id], version_of)?;
    Ok(versions.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn keep(
    transaction: &Connection,
    world: &str,
    version: &Version,
    document: &[u8],
) -> Result<u64, Failure> {
    let id = id_of(transaction, world)?;
    let (count, bytes): (u64, u64) = transaction.query_row(
        "SELECT count(*), coalesce(sum(bytes), 0) FROM version WHERE world = ?1",
        [id],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Version::check_room(count, bytes, document.len())?;
    let Version { name, revision, at_ms, author, .. } = version;
    let made = transaction.query_row(
        "INSERT INTO version (world, name, revision, at_ms, author, bytes, document)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id",
        params![id, name, revision, at_ms, author, document.len() as i64, document],
        |row| row.get(0),
    )?;
    Ok(made)
}

pub(super) fn one(
    transaction: &Connection,
    world: &str,
    version: u64,
) -> Result<Option<(Version, Vec<u8>)>, Failure> {
    let id = id_of(transaction, world)?;
    let mut find = transaction.prepare_cached(
        "SELECT id, name, revision, at_ms, author, document FROM version
         WHERE world = ?1 AND id = ?2",
    )?;
    let found =
        find.query_row(params![id, signed(version)], |row| Ok((version_of(row)?, row.get(5)?)));
    Ok(found.optional()?)
}

pub(super) fn delete(transaction: &Connection, world: &str, version: u64) -> Result<(), Failure> {
    let id = id_of(transaction, world)?;
    let query = "DELETE FROM version WHERE world = ?1 AND id = ?2";
    transaction.execute(query, params![id, signed(version)])?;
    Ok(())
}

pub(super) fn expire(
    transaction: &Connection,
    world: &str,
    expired: Expired,
    count: u32,
) -> Result<u32, Failure> {
    let id = id_of(transaction, world)?;
    let mut find = transaction.prepare_cached(
        "SELECT revision, at_ms FROM batch
         WHERE world = ?1 AND revision <= min(?2, (SELECT revision FROM snapshot WHERE world = ?1))
         ORDER BY revision LIMIT ?3",
    )?;
    let oldest = find.query_map(params![id, signed(expired.through), count], |row| {
        Ok((row.get::<_, u64>(0)?, row.get::<_, u64>(1)?))
    })?;
    let oldest = oldest.collect::<rusqlite::Result<Vec<_>>>()?;
    // The history has no holes: it ends with the first that stays.
    let gone = oldest.iter().take_while(|(_, at_ms)| *at_ms < expired.before_ms);
    let Some((through, _)) = gone.last() else { return Ok(0) };
    let query = "DELETE FROM batch WHERE world = ?1 AND revision <= ?2";
    Ok(transaction.execute(query, params![id, through])? as u32)
}
