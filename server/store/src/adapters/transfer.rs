//! Carries everything that is kept between PostgreSQL and a file of SQLite, which is what a backup is.
//!
//! What leaves PostgreSQL is of one moment, while a server may be writing to it; what comes into it
//! comes whole or not at all. Invariants: every row arrives as it was, with its ids, and of all rows
//! one is in memory at a time. A table or column that is added to the databases belongs into
//! [`TABLES`].

use std::{fs::Permissions, io::ErrorKind, os::unix::fs::PermissionsExt, path::Path};

use postgres::{
    Client, IsolationLevel, Transaction,
    binary_copy::BinaryCopyInWriter,
    fallible_iterator::FallibleIterator,
    types::{ToSql, Type},
};
use rusqlite::{Connection, OptionalExtension, backup::Backup, params_from_iter, types::Value};

use super::{postgres as there, sqlite as here};
use crate::port::StoreError;

/// What a column has in it.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Number,
    Text,
    Bytes,
}
use Kind::{Bytes, Number, Text};

/// A table as both databases have it.
#[derive(Debug)]
struct Table {
    /// In SQLite.
    name: &'static str,
    /// In PostgreSQL.
    named: &'static str,
    /// The first of them order it.
    columns: &'static [(&'static str, Kind)],
    /// How many do.
    keys: usize,
    /// Whether PostgreSQL counts the ids of new rows.
    counts: bool,
}

/// Those that others refer to come first.
const TABLES: &[Table] = &[
    Table {
        name: "world",
        named: "world",
        columns: &[("id", Number), ("name", Text), ("poses", Bytes)],
        keys: 1,
        counts: true,
    },
    Table {
        name: "snapshot",
        named: "snapshot",
        columns: &[("world", Number), ("revision", Number), ("document", Bytes)],
        keys: 1,
        counts: false,
    },
    Table {
        name: "batch",
        named: "batch",
        columns: &[
            ("world", Number),
            ("revision", Number),
            ("at_ms", Number),
            ("author", Text),
            ("operations", Text),
            ("inverses", Text),
        ],
        keys: 2,
        counts: false,
    },
    Table {
        name: "role",
        named: "role",
        columns: &[("account", Text), ("world", Text), ("role", Number), ("name", Text)],
        keys: 2,
        counts: false,
    },
    Table {
        name: "invitation",
        named: "invitation",
        columns: &[
            ("id", Number),
            ("digest", Text),
            ("world", Text),
            ("role", Number),
            ("expires_at_ms", Number),
        ],
        keys: 1,
        counts: true,
    },
    Table {
        name: "asset",
        named: "asset",
        columns: &[("world", Text), ("path", Text), ("entry", Bytes)],
        keys: 2,
        counts: false,
    },
    Table {
        name: VERSION,
        named: "named",
        columns: &[
            ("id", Number),
            ("world", Number),
            ("name", Text),
            ("revision", Number),
            ("at_ms", Number),
            ("author", Text),
            ("bytes", Number),
            ("document", Bytes),
        ],
        keys: 1,
        counts: true,
    },
    Table {
        name: "draft",
        named: "draft",
        columns: &[
            ("world", Number),
            ("of", Text),
            ("title", Text),
            ("author", Text),
            ("at_ms", Number),
            ("base", Number),
        ],
        keys: 1,
        counts: false,
    },
    Table {
        name: "mind",
        named: "mind",
        columns: &[("id", Number), ("name", Text), ("owner", Text), ("state", Bytes)],
        keys: 1,
        counts: true,
    },
    Table {
        name: "persona",
        named: "persona",
        columns: &[
            ("mind", Number),
            ("number", Number),
            ("at_ms", Number),
            ("author", Text),
            ("persona", Bytes),
        ],
        keys: 2,
        counts: false,
    },
    Table {
        name: "acquaintance",
        named: "acquaintance",
        columns: &[
            ("id", Number),
            ("mind", Number),
            ("person", Text),
            ("memories", Number),
            ("tie", Bytes),
        ],
        keys: 1,
        counts: true,
    },
    Table {
        name: "memory",
        named: "memory",
        columns: &[("acquaintance", Number), ("id", Number), ("content", Bytes)],
        keys: 2,
        counts: false,
    },
    Table {
        name: "api_key",
        named: "api_key",
        columns: &[
            ("id", Text),
            ("digest", Text),
            ("name", Text),
            ("scope", Text),
            ("tier", Text),
            ("made_on", Number),
            ("used_on", Number),
        ],
        keys: 1,
        counts: false,
    },
    Table {
        name: "spending",
        named: "spending",
        columns: &[("payer", Text), ("windows", Bytes)],
        keys: 1,
        counts: false,
    },
];

/// In SQLite the one table whose ids are never given again.
const VERSION: &str = "version";

impl Table {
    fn columns(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    fn select(&self, table: &str) -> String {
        let keys: Vec<&str> = self.columns[..self.keys].iter().map(|(name, _)| *name).collect();
        format!("SELECT {} FROM {table} ORDER BY {}", self.columns(), keys.join(", "))
    }

    fn insert(&self) -> String {
        let places = vec!["?"; self.columns.len()].join(", ");
        format!("INSERT INTO {} ({}) VALUES ({places})", self.name, self.columns())
    }
}

fn of_there(error: postgres::Error) -> StoreError {
    there::told(&error)
}

/// Writes what is kept in PostgreSQL into a new file, while a server may be writing to it.
pub fn back_up(url: &str, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return Err(StoreError::Occupied(to.display().to_string()));
    }
    let mut client = there::look(url)?;
    let place = |error: std::io::Error| StoreError::Broken(format!("{}: {error}", to.display()));
    // Under a name that nobody else has until it is whole. It goes if that fails.
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let part = tempfile::Builder::new()
        .suffix(".part")
        // For whoever may read any other file.
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map_err(place)?;
    write(&mut client, part.path())?;
    match part.persist_noclobber(to) {
        Ok(_) => Ok(()),
        Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => {
            Err(StoreError::Occupied(to.display().to_string()))
        }
        Err(failed) => Err(place(failed.error)),
    }
}

/// Everything, as it is at one moment.
fn write(client: &mut Client, part: &Path) -> Result<(), StoreError> {
    let level = IsolationLevel::RepeatableRead;
    let moment = client.build_transaction().isolation_level(level).read_only(true).start();
    let mut moment = moment.map_err(of_there)?;
    there::is_known(&mut moment)?;
    let mut file = Connection::open(part).map_err(here::told)?;
    here::migrate(&mut file, 0)?;
    let mut copy = file.transaction().map_err(here::told)?;
    for table in TABLES {
        leave(&mut moment, &mut copy, table)?;
    }
    let query = "SELECT coalesce(pg_sequence_last_value(
        pg_get_serial_sequence('named', 'id')::regclass), 0)";
    let last: i64 = moment.query_one(query, &[]).map_err(of_there)?.get(0);
    copy.execute("DELETE FROM sqlite_sequence WHERE name = ?1", [VERSION])
        .and_then(|_| {
            let query = "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)";
            copy.execute(query, (VERSION, last))
        })
        .map_err(here::told)?;
    copy.commit().map_err(here::told)?;
    file.close().map_err(|(_, error)| here::told(error))
}

fn leave(
    moment: &mut Transaction<'_>,
    copy: &mut rusqlite::Transaction<'_>,
    table: &Table,
) -> Result<(), StoreError> {
    let query = table.select(table.named);
    let mut rows = moment.query_raw(query.as_str(), std::iter::empty::<i64>()).map_err(of_there)?;
    let mut insert = copy.prepare(&table.insert()).map_err(here::told)?;
    while let Some(row) = rows.next().map_err(of_there)? {
        let values =
            (0..).zip(table.columns).map(|(index, (_, kind))| value_of(&row, index, *kind));
        let values = values.collect::<Result<Vec<_>, _>>().map_err(of_there)?;
        insert.execute(params_from_iter(values)).map_err(here::told)?;
    }
    Ok(())
}

fn value_of(row: &postgres::Row, index: usize, kind: Kind) -> Result<Value, postgres::Error> {
    Ok(match kind {
        Number => row.try_get::<_, Option<i64>>(index)?.map_or(Value::Null, Value::Integer),
        Text => row.try_get::<_, Option<String>>(index)?.map_or(Value::Null, Value::Text),
        Bytes => row.try_get::<_, Option<Vec<u8>>>(index)?.map_or(Value::Null, Value::Blob),
    })
}

/// Whether a database of PostgreSQL keeps nothing yet, so that a backup may be put into it.
pub fn check_empty(url: &str) -> Result<(), StoreError> {
    there::as_writer(url, |client| is_empty(&mut client.transaction().map_err(of_there)?))
}

fn is_empty(transaction: &mut Transaction<'_>) -> Result<(), StoreError> {
    for table in TABLES {
        let query = format!("SELECT EXISTS (SELECT FROM {})", table.named);
        if transaction.query_one(query.as_str(), &[]).map_err(of_there)?.get(0) {
            let text = "the database keeps worlds, roles, minds or keys; a backup is put into an empty one";
            return Err(StoreError::Occupied(text.into()));
        }
    }
    Ok(())
}

/// Puts a backup into a database of PostgreSQL that keeps nothing yet: all of it, or nothing.
pub fn restore(from: &Path, url: &str) -> Result<(), StoreError> {
    let file = open(from)?;
    there::as_writer(url, |client| fill(&file, client))
}

fn fill(file: &Connection, client: &mut Client) -> Result<(), StoreError> {
    let mut transaction = client.transaction().map_err(of_there)?;
    is_empty(&mut transaction)?;
    // A server that had begun on it and lost its connection notices.
    there::mark(&mut transaction).map_err(of_there)?;
    for table in TABLES {
        come(file, &mut transaction, table)?;
        if table.counts {
            count_on(file, &mut transaction, table)?;
        }
    }
    let committed = transaction.commit();
    committed.map_err(|error| match client.is_closed() {
        true => StoreError::Broken(format!("look whether the backup is in it: {error}")),
        false => of_there(error),
    })
}

/// A backup as of the newest version.
fn open(path: &Path) -> Result<Connection, StoreError> {
    let file = here::open_backup(path)?;
    if here::check(&file)? == here::known() {
        return Ok(file);
    }
    // Without a name it is a file that goes with the connection.
    let mut newer = Connection::open("").map_err(here::told)?;
    let copied = Backup::new(&file, &mut newer).and_then(|backup| backup.step(-1));
    copied.map_err(here::told)?;
    let found = here::check(&newer)?;
    here::migrate(&mut newer, found)?;
    Ok(newer)
}

fn come(
    file: &Connection,
    transaction: &mut Transaction<'_>,
    table: &Table,
) -> Result<(), StoreError> {
    let types = table.columns.iter().map(|(_, kind)| match kind {
        Number => Type::INT8,
        Text => Type::TEXT,
        Bytes => Type::BYTEA,
    });
    let query = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", table.named, table.columns());
    let writer = transaction.copy_in(query.as_str()).map_err(of_there)?;
    let mut writer = BinaryCopyInWriter::new(writer, &types.collect::<Vec<_>>());
    let mut find = file.prepare(&table.select(table.name)).map_err(here::told)?;
    let mut rows = find.query([]).map_err(here::told)?;
    while let Some(row) = rows.next().map_err(here::told)? {
        let cells = (0..).zip(table.columns).map(|(index, (_, kind))| cell_of(row, index, *kind));
        let cells = cells.collect::<rusqlite::Result<Vec<_>>>().map_err(here::told)?;
        let cells: Vec<&(dyn ToSql + Sync)> = cells.iter().map(|cell| &**cell).collect();
        writer.write(&cells).map_err(of_there)?;
    }
    writer.finish().map(drop).map_err(of_there)
}

fn cell_of(
    row: &rusqlite::Row<'_>,
    index: usize,
    kind: Kind,
) -> rusqlite::Result<Box<dyn ToSql + Sync>> {
    Ok(match kind {
        Number => Box::new(row.get::<_, Option<i64>>(index)?),
        Text => Box::new(row.get::<_, Option<String>>(index)?),
        Bytes => Box::new(row.get::<_, Option<Vec<u8>>>(index)?),
    })
}

/// New rows get ids after those that there ever were.
fn count_on(
    file: &Connection,
    transaction: &mut Transaction<'_>,
    table: &Table,
) -> Result<(), StoreError> {
    let newest = format!("SELECT coalesce(max(id), 0) FROM {}", table.name);
    let newest: i64 = file.query_row(&newest, [], |row| row.get(0)).map_err(here::told)?;
    let query = "SELECT seq FROM sqlite_sequence WHERE name = ?1";
    let last = file.query_row(query, [table.name], |row| row.get::<_, i64>(0)).optional();
    let last = last.map_err(here::told)?.unwrap_or_default().max(newest);
    let query = "SELECT setval(pg_get_serial_sequence($1, 'id')::regclass, greatest($2::BIGINT, 1), $2 > 0)";
    transaction.query_one(query, &[&table.named, &last]).map(drop).map_err(of_there)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// That PostgreSQL has the same is looked at where one is started: `tests/store/transfer.rs`.
    #[test]
    fn every_table_and_column_is_carried() {
        let mut file = Connection::open_in_memory().unwrap();
        here::migrate(&mut file, 0).unwrap();
        let query = "SELECT tables.name, columns.name, columns.type
            FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
            WHERE tables.type = 'table' AND tables.name <> 'sqlite_sequence'";
        let mut find = file.prepare(query).unwrap();
        let found = find.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        let found: BTreeSet<(String, String, String)> = found.collect::<Result<_, _>>().unwrap();
        let carried = TABLES.iter().flat_map(|table| {
            table.columns.iter().map(|(column, kind)| {
                let kind = match kind {
                    Number => "INTEGER",
                    Text => "TEXT",
                    Bytes => "BLOB",
                };
                (table.name.to_owned(), (*column).to_owned(), kind.to_owned())
            })
        });
        assert_eq!(carried.collect::<BTreeSet<_>>(), found);
    }
}
