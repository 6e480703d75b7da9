//! Drafts of worlds.

use postgres::{Row, Transaction};

use super::{Failure, create, signed, unsigned, versions};
use crate::port::{Draft, Version};

fn draft_of(row: &Row) -> Draft {
    Draft {
        world: row.get(0),
        of: row.get(1),
        title: row.get(2),
        author: row.get(3),
        at_ms: unsigned(row, 4),
        base: unsigned(row, 5),
    }
}

pub(super) fn all(transaction: &mut Transaction<'_>) -> Result<Vec<Draft>, Failure> {
    let query = "SELECT world.name, draft.of, title, author, at_ms, base
        FROM draft JOIN world ON world.id = draft.world ORDER BY world.name COLLATE \"C\"";
    Ok(transaction.query(query, &[])?.iter().map(draft_of).collect())
}

pub(super) fn begin(
    transaction: &mut Transaction<'_>,
    draft: &Draft,
    document: &[u8],
) -> Result<u64, Failure> {
    let id = create(transaction, &draft.world, document)?;
    let base = versions::keep(transaction, &draft.world, &Version::base_of(draft), document)?;
    let Draft { of, title, author, at_ms, .. } = draft;
    let query = "INSERT INTO draft (world, of, title, author, at_ms, base)
        VALUES ($1, $2, $3, $4, $5, $6)";
    transaction.execute(query, &[&id, of, title, author, &signed(*at_ms), &signed(base)])?;
    Ok(base)
}

pub(super) fn end(transaction: &mut Transaction<'_>, world: &str) -> Result<bool, Failure> {
    let query = "DELETE FROM world WHERE name = $1 AND id IN (SELECT world FROM draft)";
    Ok(transaction.execute(query, &[&world])? > 0)
}
