//! Drafts of worlds.

use rusqlite::{Connection, Row, params};

use super::{Failure, create, versions};
use crate::port::{Draft, Version};

fn draft_of(row: &Row<'_>) -> rusqlite::Result<Draft> {
    Ok(Draft {
        world: row.get(0)?,
        of: row.get(1)?,
        title: row.get(2)?,
        author: row.get(3)?,
        at_ms: row.get(4)?,
        base: row.get(5)?,
    })
}

pub(super) fn all(transaction: &Connection) -> Result<Vec<Draft>, Failure> {
    let mut find = transaction.prepare_cached(
        "SELECT world.name, draft.of, title, author, at_ms, base
         FROM draft JOIN world ON world.id = draft.world ORDER BY world.name",
    )?;
    let drafts = find.query_map([], draft_of)?;
    Ok(drafts.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn begin(
    transaction: &Connection,
    draft: &Draft,
    document: &[u8],
) -> Result<u64, Failure> {
    let id = create(transaction, &draft.world, document)?;
    let base = versions::keep(transaction, &draft.world, &Version::base_of(draft), document)?;
    let Draft { of, title, author, at_ms, .. } = draft;
    transaction.execute(
        "INSERT INTO draft (world, of, title, author, at_ms, base) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![id, of, title, author, at_ms, base],
    )?;
    Ok(base)
}

pub(super) fn end(transaction: &Connection, world: &str) -> Result<bool, Failure> {
    let query = "DELETE FROM world WHERE name = ?1 AND id IN (SELECT world FROM draft)";
    Ok(transaction.execute(query, [world])? > 0)
}
