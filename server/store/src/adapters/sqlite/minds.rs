//! Minds.

use rusqlite::{Connection, OptionalExtension, Row, params};
use vivarium_contract::saving::MindTurn;

use super::{Failure, SqliteStore, signed};
use crate::{
    limits::{LISTED_MAX, PERSONAS_MAX},
    port::{
        StoreError,
        minds::{
            Acquaintance, KnownMind, KnownPerson, ListedMind, MindStore, NewPersona,
            PersonaVersion, check_author, check_memories, check_mind, check_minds, check_people,
            check_person, check_turn, makes_known, remembered,
        },
    },
};

/// The migration that makes their tables.
pub(super) const TABLES: &str = "
    CREATE TABLE mind (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        state BLOB
    ) STRICT;
    CREATE TABLE persona (
        mind INTEGER NOT NULL REFERENCES mind (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        author TEXT NOT NULL,
        persona BLOB NOT NULL,
        PRIMARY KEY (mind, number)
    ) STRICT;
    CREATE TABLE acquaintance (
        id INTEGER PRIMARY KEY,
        mind INTEGER NOT NULL REFERENCES mind (id) ON DELETE CASCADE,
        person TEXT NOT NULL,
        memories INTEGER NOT NULL,
        tie BLOB,
        UNIQUE (mind, person)
    ) STRICT;
    CREATE TABLE memory (
        acquaintance INTEGER NOT NULL REFERENCES acquaintance (id) ON DELETE CASCADE,
        id INTEGER NOT NULL,
        content BLOB NOT NULL,
        PRIMARY KEY (acquaintance, id)
    ) STRICT;
";

fn version_of(row: &Row<'_>) -> rusqlite::Result<PersonaVersion> {
    Ok(PersonaVersion { number: row.get(0)?, at_ms: row.get(1)?, author: row.get(2)? })
}

fn find(transaction: &Connection, mind: &str) -> Result<Option<i64>, Failure> {
    check_mind(mind)?;
    let mut find = transaction.prepare_cached("SELECT id FROM mind WHERE name = ?1")?;
    Ok(find.query_row([mind], |row| row.get(0)).optional()?)
}

fn id_of(transaction: &Connection, mind: &str) -> Result<i64, Failure> {
    Ok(find(transaction, mind)?.ok_or_else(|| StoreError::NoMind(mind.to_owned()))?)
}

/// The id of a mind, which is made if it is new.
fn made(transaction: &Connection, mind: &str) -> Result<i64, Failure> {
    if let Some(id) = find(transaction, mind)? {
        return Ok(id);
    }
    let count: u64 = transaction.query_row("SELECT count(*) FROM mind", [], |row| row.get(0))?;
    check_minds(count + 1)?;
    transaction.execute("INSERT INTO mind (name, owner) VALUES (?1, '')", [mind])?;
    Ok(transaction.last_insert_rowid())
}

fn put(
    transaction: &Connection,
    mind: i64,
    persona: &[u8],
    author: &str,
    at_ms: u64,
) -> Result<u64, Failure> {
    let number: u64 = transaction.query_row(
        "INSERT INTO persona (mind, number, at_ms, author, persona) VALUES
         (?1, (SELECT coalesce(max(number), 0) + 1 FROM persona WHERE mind = ?1), ?2, ?3, ?4)
         RETURNING number",
        params![mind, signed(at_ms), author, persona],
        |row| row.get(0),
    )?;
    let query = "DELETE FROM persona WHERE mind = ?1 AND number <= ?2";
    transaction.execute(query, params![mind, number.saturating_sub(PERSONAS_MAX)])?;
    Ok(number)
}

fn version(
    transaction: &Connection,
    mind: i64,
    number: u64,
) -> Result<Option<(PersonaVersion, Vec<u8>)>, Failure> {
    let mut find = transaction.prepare_cached(
        "SELECT number, at_ms, author, persona FROM persona WHERE mind = ?1 AND number = ?2",
    )?;
    let found =
        find.query_row(params![mind, signed(number)], |row| Ok((version_of(row)?, row.get(3)?)));
    Ok(found.optional()?)
}

fn load(transaction: &Connection, mind: &str) -> Result<Option<KnownMind>, Failure> {
    let Some(id) = find(transaction, mind)? else { return Ok(None) };
    let query = "SELECT owner, state FROM mind WHERE id = ?1";
    let (owner, state) =
        transaction.query_row(query, [id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut find = transaction.prepare_cached(
        "SELECT number, at_ms, author, persona FROM persona WHERE mind = ?1
         ORDER BY number DESC LIMIT 1",
    )?;
    let persona = find.query_row([id], |row| Ok((version_of(row)?, row.get(3)?))).optional()?;
    Ok(Some(KnownMind { owner, state, persona }))
}

/// The id of what a mind knows of a person.
fn acquaintance(transaction: &Connection, mind: i64, person: &str) -> Result<Option<i64>, Failure> {
    check_person(person)?;
    let mut find = transaction
        .prepare_cached("SELECT id FROM acquaintance WHERE mind = ?1 AND person = ?2")?;
    Ok(find.query_row(params![mind, person], |row| row.get(0)).optional()?)
}

fn load_acquaintance(
    transaction: &Connection,
    mind: &str,
    person: &str,
) -> Result<Option<Acquaintance>, Failure> {
    check_person(person)?;
    let Some(mind) = find(transaction, mind)? else { return Ok(None) };
    let Some(id) = acquaintance(transaction, mind, person)? else { return Ok(None) };
    let query = "SELECT tie FROM acquaintance WHERE id = ?1";
    let tie = transaction.query_row(query, [id], |row| row.get(0))?;
    let mut find = transaction
        .prepare_cached("SELECT id, content FROM memory WHERE acquaintance = ?1 ORDER BY id")?;
    let memories = find.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Some(Acquaintance { tie, memories: memories.collect::<rusqlite::Result<_>>()? }))
}

fn keep_turn(transaction: &Connection, turn: &MindTurn) -> Result<(), Failure> {
    check_turn(turn)?;
    let mind = made(transaction, &turn.mind)?;
    if let Some(state) = &turn.state {
        transaction
            .prepare_cached("UPDATE mind SET state = ?2 WHERE id = ?1")?
            .execute(params![mind, state])?;
    }
    let Some(person) = &turn.person else { return Ok(()) };
    let id = match acquaintance(transaction, mind, person)? {
        Some(id) => id,
        None if makes_known(turn) => {
            let query = "SELECT count(*) FROM acquaintance WHERE mind = ?1";
            let count: u64 = transaction.query_row(query, [mind], |row| row.get(0))?;
            check_people(count + 1)?;
            let query = "INSERT INTO acquaintance (mind, person, memories) VALUES (?1, ?2, 0)";
            transaction.execute(query, params![mind, person])?;
            transaction.last_insert_rowid()
        }
        None => return Ok(()),
    };
    if let Some(tie) = &turn.tie {
        transaction
            .prepare_cached("UPDATE acquaintance SET tie = ?2 WHERE id = ?1")?
            .execute(params![id, tie])?;
    }
    keep_memories(transaction, id, turn)
}

fn keep_memories(transaction: &Connection, id: i64, turn: &MindTurn) -> Result<(), Failure> {
    let (mut gone, mut new) = (0, 0);
    let mut delete =
        transaction.prepare_cached("DELETE FROM memory WHERE acquaintance = ?1 AND id = ?2")?;
    for memory in &turn.forgotten {
        gone += delete.execute(params![id, memory])?;
    }
    let mut change = transaction
        .prepare_cached("UPDATE memory SET content = ?3 WHERE acquaintance = ?1 AND id = ?2")?;
    let mut insert = transaction
        .prepare_cached("INSERT INTO memory (acquaintance, id, content) VALUES (?1, ?2, ?3)")?;
    for (memory, content) in remembered(turn) {
        if change.execute(params![id, memory, content])? == 0 {
            new += insert.execute(params![id, memory, content])?;
        }
    }
    if gone == new {
        return Ok(());
    }
    let mut count = transaction.prepare_cached(
        "UPDATE acquaintance SET memories = memories - ?2 + ?3 WHERE id = ?1 RETURNING memories",
    )?;
    let count = count.query_row(params![id, gone as i64, new as i64], |row| row.get(0))?;
    Ok(check_memories(count)?)
}

impl MindStore for SqliteStore {
    fn load_mind(&mut self, mind: &str) -> Result<Option<KnownMind>, StoreError> {
        self.change(|transaction| load(transaction, mind))
    }

    fn list_minds(&mut self, after: &str, count: u32) -> Result<Vec<ListedMind>, StoreError> {
        if !after.is_empty() {
            check_mind(after)?;
        }
        self.change(|transaction| {
            let mut find = transaction.prepare_cached(
                "SELECT name, owner FROM mind WHERE name > ?1 ORDER BY name LIMIT ?2",
            )?;
            let listed = find.query_map(params![after, count.min(LISTED_MAX)], |row| {
                Ok(ListedMind { name: row.get(0)?, owner: row.get(1)? })
            })?;
            Ok(listed.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn put_persona(&mut self, mind: &str, new: NewPersona<'_>) -> Result<u64, StoreError> {
        new.check()?;
        self.change(|transaction| {
            let id = made(transaction, mind)?;
            if !new.owner.is_empty() {
                let query = "UPDATE mind SET owner = ?2 WHERE id = ?1";
                transaction.execute(query, params![id, new.owner])?;
            }
            put(transaction, id, new.persona, new.author, new.at_ms)
        })
    }

    fn personas(&mut self, mind: &str) -> Result<Vec<PersonaVersion>, StoreError> {
        self.change(|transaction| {
            let id = id_of(transaction, mind)?;
            let mut find = transaction.prepare_cached(
                "SELECT number, at_ms, author FROM persona WHERE mind = ?1 ORDER BY number DESC",
            )?;
            let versions = find.query_map([id], version_of)?;
            Ok(versions.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn persona(
        &mut self,
        mind: &str,
        number: u64,
    ) -> Result<Option<(PersonaVersion, Vec<u8>)>, StoreError> {
        self.change(|transaction| {
            let id = id_of(transaction, mind)?;
            version(transaction, id, number)
        })
    }

    fn return_to_persona(
        &mut self,
        mind: &str,
        number: u64,
        author: &str,
        at_ms: u64,
    ) -> Result<Option<u64>, StoreError> {
        check_author(author)?;
        self.change(|transaction| {
            let id = id_of(transaction, mind)?;
            let Some((_, persona)) = version(transaction, id, number)? else { return Ok(None) };
            put(transaction, id, &persona, author, at_ms).map(Some)
        })
    }

    fn load_acquaintance(
        &mut self,
        mind: &str,
        person: &str,
    ) -> Result<Option<Acquaintance>, StoreError> {
        self.change(|transaction| load_acquaintance(transaction, mind, person))
    }

    fn people_of(
        &mut self,
        mind: &str,
        after: &str,
        count: u32,
    ) -> Result<Vec<KnownPerson>, StoreError> {
        if !after.is_empty() {
            check_person(after)?;
        }
        self.change(|transaction| {
            let id = id_of(transaction, mind)?;
            let mut find = transaction.prepare_cached(
                "SELECT person, memories FROM acquaintance WHERE mind = ?1 AND person > ?2
                 ORDER BY person LIMIT ?3",
            )?;
            let listed = find.query_map(params![id, after, count.min(LISTED_MAX)], |row| {
                Ok(KnownPerson { person: row.get(0)?, memories: row.get(1)? })
            })?;
            Ok(listed.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn keep_turns(&mut self, turns: &[MindTurn]) -> Result<(), StoreError> {
        self.change(|transaction| turns.iter().try_for_each(|turn| keep_turn(transaction, turn)))
    }

    fn forget(&mut self, mind: &str, person: &str) -> Result<bool, StoreError> {
        check_person(person)?;
        self.change(|transaction| {
            let Some(mind) = find(transaction, mind)? else { return Ok(false) };
            let query = "DELETE FROM acquaintance WHERE mind = ?1 AND person = ?2";
            Ok(transaction.execute(query, params![mind, person])? > 0)
        })
    }

    fn forget_mind(&mut self, mind: &str) -> Result<bool, StoreError> {
        check_mind(mind)?;
        self.change(|transaction| {
            Ok(transaction.execute("DELETE FROM mind WHERE name = ?1", [mind])? > 0)
        })
    }
}
