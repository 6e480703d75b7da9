//! Minds.

use postgres::{Row, Statement, Transaction};
use vivarium_contract::saving::MindTurn;

use super::{Failure, PostgresStore, signed, unsigned};
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
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name TEXT COLLATE \"C\" NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        state BYTEA
    );
    CREATE TABLE persona (
        mind BIGINT NOT NULL REFERENCES mind (id) ON DELETE CASCADE,
        number BIGINT NOT NULL,
        at_ms BIGINT NOT NULL,
        author TEXT NOT NULL,
        persona BYTEA NOT NULL,
        PRIMARY KEY (mind, number)
    );
    CREATE TABLE acquaintance (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        mind BIGINT NOT NULL REFERENCES mind (id) ON DELETE CASCADE,
        person TEXT COLLATE \"C\" NOT NULL,
        memories BIGINT NOT NULL,
        tie BYTEA,
        UNIQUE (mind, person)
    );
    CREATE TABLE memory (
        acquaintance BIGINT NOT NULL REFERENCES acquaintance (id) ON DELETE CASCADE,
        id BIGINT NOT NULL,
        content BYTEA NOT NULL,
        PRIMARY KEY (acquaintance, id)
    );
";

fn version_of(row: &Row) -> PersonaVersion {
    PersonaVersion { number: unsigned(row, 0), at_ms: unsigned(row, 1), author: row.get(2) }
}

fn find(transaction: &mut Transaction<'_>, mind: &str) -> Result<Option<i64>, Failure> {
    check_mind(mind)?;
    let found = transaction.query_opt("SELECT id FROM mind WHERE name = $1", &[&mind])?;
    Ok(found.map(|row| row.get(0)))
}

fn id_of(transaction: &mut Transaction<'_>, mind: &str) -> Result<i64, Failure> {
    Ok(find(transaction, mind)?.ok_or_else(|| StoreError::NoMind(mind.to_owned()))?)
}

/// A new mind; gives its id.
fn make(
    transaction: &mut Transaction<'_>,
    mind: &str,
    state: Option<&Vec<u8>>,
) -> Result<i64, Failure> {
    let count = transaction.query_one("SELECT count(*) FROM mind", &[])?;
    check_minds(unsigned(&count, 0) + 1)?;
    let query = "INSERT INTO mind (name, owner, state) VALUES ($1, '', $2) RETURNING id";
    Ok(transaction.query_one(query, &[&mind, &state])?.get(0))
}

fn put(
    transaction: &mut Transaction<'_>,
    mind: i64,
    persona: &[u8],
    author: &str,
    at_ms: u64,
) -> Result<u64, Failure> {
    let query = "INSERT INTO persona (mind, number, at_ms, author, persona) VALUES
        ($1, (SELECT coalesce(max(number), 0) + 1 FROM persona WHERE mind = $1), $2, $3, $4)
        RETURNING number";
    let made = transaction.query_one(query, &[&mind, &signed(at_ms), &author, &persona])?;
    let number = unsigned(&made, 0);
    let query = "DELETE FROM persona WHERE mind = $1 AND number <= $2";
    transaction.execute(query, &[&mind, &signed(number.saturating_sub(PERSONAS_MAX))])?;
    Ok(number)
}

fn version(
    transaction: &mut Transaction<'_>,
    mind: i64,
    number: u64,
) -> Result<Option<(PersonaVersion, Vec<u8>)>, Failure> {
    let query = "SELECT number, at_ms, author, persona FROM persona
        WHERE mind = $1 AND number = $2";
    let found = transaction.query_opt(query, &[&mind, &signed(number)])?;
    Ok(found.map(|row| (version_of(&row), row.get(3))))
}

fn load(transaction: &mut Transaction<'_>, mind: &str) -> Result<Option<KnownMind>, Failure> {
    let Some(id) = find(transaction, mind)? else { return Ok(None) };
    let found = transaction.query_one("SELECT owner, state FROM mind WHERE id = $1", &[&id])?;
    let query = "SELECT number, at_ms, author, persona FROM persona WHERE mind = $1
        ORDER BY number DESC LIMIT 1";
    let persona = transaction.query_opt(query, &[&id])?;
    let persona = persona.map(|row| (version_of(&row), row.get(3)));
    Ok(Some(KnownMind { owner: found.get(0), state: found.get(1), persona }))
}

fn load_acquaintance(
    transaction: &mut Transaction<'_>,
    mind: &str,
    person: &str,
) -> Result<Option<Acquaintance>, Failure> {
    let Some(mind) = find(transaction, mind)? else { return Ok(None) };
    let query = "SELECT id, tie FROM acquaintance WHERE mind = $1 AND person = $2";
    let found = transaction.query_opt(query, &[&mind, &person])?;
    let Some(found) = found else { return Ok(None) };
    let id: i64 = found.get(0);
    let query = "SELECT id, content FROM memory WHERE acquaintance = $1 ORDER BY id";
    let memories = transaction.query(query, &[&id])?;
    let memories = memories.iter().map(|row| (unsigned(row, 0), row.get(1))).collect();
    Ok(Some(Acquaintance { tie: found.get(1), memories }))
}

/// What most turns need: asked of the database once for all turns of a transaction, and as few as can
/// be, since each waits for an answer.
struct Statements {
    mind: Statement,
    acquaintance: Statement,
    forget: Statement,
    remember: Statement,
}

impl Statements {
    fn prepare(transaction: &mut Transaction<'_>) -> Result<Self, Failure> {
        Ok(Self {
            mind: transaction.prepare(
                "UPDATE mind SET state = coalesce($2, state) WHERE name = $1 RETURNING id",
            )?,
            acquaintance: transaction.prepare(
                "UPDATE acquaintance SET tie = coalesce($3, tie) WHERE mind = $1 AND person = $2
                 RETURNING id",
            )?,
            forget: transaction.prepare(
                "WITH gone AS (
                    DELETE FROM memory WHERE acquaintance = $1 AND id = ANY ($2) RETURNING id)
                 UPDATE acquaintance SET memories = memories - (SELECT count(*) FROM gone)
                 WHERE id = $1",
            )?,
            // All parts see what was there before.
            remember: transaction.prepare(
                "WITH known AS (
                    SELECT id FROM memory WHERE acquaintance = $1 AND id = ANY ($2)),
                 put AS (
                    INSERT INTO memory (acquaintance, id, content)
                    SELECT $1, * FROM unnest($2::BIGINT[], $3::BYTEA[])
                    ON CONFLICT (acquaintance, id) DO UPDATE SET content = excluded.content)
                 UPDATE acquaintance
                 SET memories = memories + cardinality($2) - (SELECT count(*) FROM known)
                 WHERE id = $1 RETURNING memories",
            )?,
        })
    }

    fn keep(&self, transaction: &mut Transaction<'_>, turn: &MindTurn) -> Result<(), Failure> {
        let MindTurn { mind, state, person, tie, forgotten, .. } = turn;
        let found = transaction.query_opt(&self.mind, &[mind, state])?;
        let mind = match found {
            Some(found) => found.get(0),
            None => make(transaction, mind, state.as_ref())?,
        };
        let Some(person) = person else { return Ok(()) };
        let found = transaction.query_opt(&self.acquaintance, &[&mind, person, tie])?;
        let id: i64 = match found {
            Some(found) => found.get(0),
            None if makes_known(turn) => know(transaction, mind, person, tie.as_ref())?,
            None => return Ok(()),
        };
        if !forgotten.is_empty() {
            let ids: Vec<i64> = forgotten.iter().map(|id| signed(*id)).collect();
            transaction.execute(&self.forget, &[&id, &ids])?;
        }
        if !turn.remembered.is_empty() {
            let (ids, contents): (Vec<i64>, Vec<&[u8]>) =
                remembered(turn).into_iter().map(|(id, content)| (signed(id), content)).unzip();
            let count = transaction.query_one(&self.remember, &[&id, &ids, &contents])?;
            check_memories(unsigned(&count, 0))?;
        }
        Ok(())
    }
}

/// A mind gets to know a person; gives the id of that.
fn know(
    transaction: &mut Transaction<'_>,
    mind: i64,
    person: &str,
    tie: Option<&Vec<u8>>,
) -> Result<i64, Failure> {
    let query = "SELECT count(*) FROM acquaintance WHERE mind = $1";
    let count = transaction.query_one(query, &[&mind])?;
    check_people(unsigned(&count, 0) + 1)?;
    let query = "INSERT INTO acquaintance (mind, person, tie, memories) VALUES ($1, $2, $3, 0)
        RETURNING id";
    Ok(transaction.query_one(query, &[&mind, &person, &tie])?.get(0))
}

impl MindStore for PostgresStore {
    fn load_mind(&mut self, mind: &str) -> Result<Option<KnownMind>, StoreError> {
        self.change(|transaction| load(transaction, mind))
    }

    fn list_minds(&mut self, after: &str, count: u32) -> Result<Vec<ListedMind>, StoreError> {
        if !after.is_empty() {
            check_mind(after)?;
        }
        self.change(|transaction| {
            let query = "SELECT name, owner FROM mind WHERE name > $1 ORDER BY name LIMIT $2";
            let listed = transaction.query(query, &[&after, &i64::from(count.min(LISTED_MAX))])?;
            let listed = listed.iter();
            Ok(listed.map(|row| ListedMind { name: row.get(0), owner: row.get(1) }).collect())
        })
    }

    fn put_persona(&mut self, mind: &str, new: NewPersona<'_>) -> Result<u64, StoreError> {
        new.check()?;
        self.change(|transaction| {
            let id = match find(transaction, mind)? {
                Some(id) => id,
                None => make(transaction, mind, None)?,
            };
            if !new.owner.is_empty() {
                let query = "UPDATE mind SET owner = $2 WHERE id = $1";
                transaction.execute(query, &[&id, &new.owner])?;
            }
            put(transaction, id, new.persona, new.author, new.at_ms)
        })
    }

    fn personas(&mut self, mind: &str) -> Result<Vec<PersonaVersion>, StoreError> {
        self.change(|transaction| {
            let id = id_of(transaction, mind)?;
            let query = "SELECT number, at_ms, author FROM persona WHERE mind = $1
                ORDER BY number DESC";
            Ok(transaction.query(query, &[&id])?.iter().map(version_of).collect())
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
        check_person(person)?;
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
            let query = "SELECT person, memories FROM acquaintance WHERE mind = $1 AND person > $2
                ORDER BY person LIMIT $3";
            let count = i64::from(count.min(LISTED_MAX));
            let listed = transaction.query(query, &[&id, &after, &count])?;
            let listed = listed.iter();
            let listed =
                listed.map(|row| KnownPerson { person: row.get(0), memories: unsigned(row, 1) });
            Ok(listed.collect())
        })
    }

    fn keep_turns(&mut self, turns: &[MindTurn]) -> Result<(), StoreError> {
        turns.iter().try_for_each(check_turn)?;
        self.change(|transaction| {
            let statements = Statements::prepare(transaction)?;
            turns.iter().try_for_each(|turn| statements.keep(transaction, turn))
        })
    }

    fn forget(&mut self, mind: &str, person: &str) -> Result<bool, StoreError> {
        check_person(person)?;
        self.change(|transaction| {
            let Some(mind) = find(transaction, mind)? else { return Ok(false) };
            let query = "DELETE FROM acquaintance WHERE mind = $1 AND person = $2";
            Ok(transaction.execute(query, &[&mind, &person])? > 0)
        })
    }

    fn forget_mind(&mut self, mind: &str) -> Result<bool, StoreError> {
        check_mind(mind)?;
        self.change(|transaction| {
            Ok(transaction.execute("DELETE FROM mind WHERE name = $1", &[&mind])? > 0)
        })
    }
}
