//! What only a file can do: be opened twice, be newer, be something else, be copied.

use vivarium_contract::editing::Role;
use vivarium_store::{
    adapters::sqlite::{FILE, SqliteStore, back_up},
    port::{Draft, Grant, StoreError, Version, WorldStore, minds::NewPersona},
};

use crate::{batch, keys::key, minds::turn, of};

#[test]
fn a_database_is_there_again_and_belongs_to_one_server() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(folder.path()).unwrap();
    store.create("plaza", b"{}").unwrap();
    store.append(&of("plaza", 1..=2)).unwrap();
    let second = SqliteStore::open(folder.path()).unwrap_err();
    assert!(matches!(second, StoreError::InUse(_)), "{second}");
    drop(store);
    let mut again = SqliteStore::open(folder.path()).unwrap();
    assert_eq!(again.load("plaza").unwrap().unwrap().batches, [batch(1), batch(2)]);
}

#[test]
fn newer_and_foreign_databases_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(folder.path()).unwrap());
    let file = folder.path().join(FILE);
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let newer = SqliteStore::open(folder.path()).unwrap_err();
    assert_eq!(newer, StoreError::Newer { found: 99, known: 9 });
    assert!(newer.to_string().contains("use a newer program"), "{newer}");

    std::fs::remove_file(&file).unwrap();
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE bookmark (url TEXT)").unwrap();
    drop(other);
    let foreign = SqliteStore::open(folder.path()).unwrap_err();
    assert!(matches!(foreign, StoreError::Foreign(_)), "{foreign}");

    std::fs::write(&file, "not a database at all, but long enough to look at it twice".repeat(99))
        .unwrap();
    let foreign = SqliteStore::open(folder.path()).unwrap_err();
    assert!(matches!(foreign, StoreError::Foreign(_)), "{foreign}");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("not a database"), "it is left as it was");
}

#[test]
fn a_database_of_an_earlier_version_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let connection = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    // As the second version wrote it.
    connection
        .execute_batch(
            "CREATE TABLE world (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, poses BLOB) STRICT;
             CREATE TABLE snapshot (world INTEGER PRIMARY KEY REFERENCES world (id) ON DELETE CASCADE,
                revision INTEGER NOT NULL, document BLOB NOT NULL) STRICT;
             CREATE TABLE batch (world INTEGER NOT NULL REFERENCES world (id) ON DELETE CASCADE,
                revision INTEGER NOT NULL, at_ms INTEGER NOT NULL, author TEXT NOT NULL,
                operations TEXT NOT NULL, inverses TEXT NOT NULL, PRIMARY KEY (world, revision)) STRICT;
             CREATE TABLE role (account TEXT NOT NULL, world TEXT NOT NULL, role INTEGER NOT NULL,
                PRIMARY KEY (account, world)) STRICT;
             CREATE TABLE invitation (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE,
                world TEXT NOT NULL, role INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL) STRICT;
             INSERT INTO world VALUES (1, 'plaza', x'07');
             INSERT INTO snapshot VALUES (1, 2, x'7b7d');
             INSERT INTO batch VALUES (1, 3, 4, 'ana', '[]', '[]');
             INSERT INTO role VALUES ('ana', '', 2);
             PRAGMA application_id = 1447646785;
             PRAGMA user_version = 2;",
        )
        .unwrap();
    drop(connection);
    let mut store = SqliteStore::open(folder.path()).unwrap();
    let kept = store.load("plaza").unwrap().unwrap();
    assert_eq!((kept.revision, &kept.document[..], kept.batches.len()), (2, &b"{}"[..], 1));
    assert_eq!(store.poses("plaza").unwrap(), Some(vec![7]));
    assert_eq!(store.grants().unwrap().len(), 1);
    let version = Version {
        id: 0,
        name: "before the party".into(),
        revision: 3,
        at_ms: 4,
        author: "ana".into(),
    };
    let id = store.keep_version("plaza", &version, b"{}").unwrap();
    drop(store);
    let mut again = SqliteStore::open(folder.path()).unwrap();
    let kept = again.version("plaza", id).unwrap().unwrap();
    assert_eq!(kept, (Version { id, ..version }, b"{}".to_vec()));
}

#[test]
fn roles_of_the_fourth_version_have_no_names_yet() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(folder.path()).unwrap());
    let connection = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    // Nothing else is different.
    connection
        .execute_batch(
            "ALTER TABLE role DROP COLUMN name;
             INSERT INTO role VALUES ('ana', '', 2), ('bo', 'plaza', 1);
             INSERT INTO invitation VALUES (1, 'a', 'plaza', 2, 9);
             DROP TABLE draft;
             DROP TABLE spending;
             DROP TABLE api_key;
             DROP TABLE memory;
             DROP TABLE acquaintance;
             DROP TABLE persona;
             DROP TABLE mind;
             PRAGMA user_version = 4;",
        )
        .unwrap();
    drop(connection);
    let mut store = SqliteStore::open(folder.path()).unwrap();
    let named = |account: &str, world: Option<&str>, role, name: &str| Grant {
        account: account.into(),
        world: world.map(str::to_owned),
        role,
        name: name.into(),
    };
    let ana = named("ana", None, Role::Owner, "");
    assert_eq!(
        store.grants().unwrap(),
        [ana.clone(), named("bo", Some("plaza"), Role::Builder, "")]
    );
    let bo = named("bo", Some("plaza"), Role::Owner, "Bo");
    assert_eq!(store.redeem("a", "bo", "Bo", 1).unwrap().as_ref(), Some(&bo));
    assert_eq!(store.grants().unwrap(), [ana, bo]);
}

#[test]
fn the_sixth_version_had_neither_minds_nor_keys_and_keeps_all_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(folder.path()).unwrap();
    let owner = Grant { account: "ana".into(), world: None, role: Role::Owner, name: "Ana".into() };
    let draft = Draft {
        world: "plaza-draft-1".into(),
        of: "plaza".into(),
        title: "Lamps".into(),
        author: "ana Ana".into(),
        at_ms: 12,
        base: 0,
    };
    store.create("plaza", b"{}").unwrap();
    store.append(&of("plaza", 1..=2)).unwrap();
    store.begin_draft(&draft, b"[1]").unwrap();
    store.grant(&owner).unwrap();
    let drafts = store.drafts().unwrap();
    drop(store);
    let connection = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    // Nothing else is different.
    connection
        .execute_batch(
            "DROP TABLE api_key;
             DROP TABLE spending;
             DROP TABLE memory;
             DROP TABLE acquaintance;
             DROP TABLE persona;
             DROP TABLE mind;
             PRAGMA user_version = 6;",
        )
        .unwrap();
    drop(connection);
    let mut store = SqliteStore::open(folder.path()).unwrap();
    assert_eq!(store.load("plaza").unwrap().unwrap().batches, [batch(1), batch(2)]);
    assert_eq!(store.drafts().unwrap(), drafts);
    assert_eq!(store.grants().unwrap(), [owner]);
    assert_eq!(store.minds().load_mind("nia"), Ok(None));
    store.minds().keep_turns(&[turn("nia", "ana", [1])]).unwrap();
    drop(store);
    let mut again = SqliteStore::open(folder.path()).unwrap();
    assert_eq!(again.minds().people_of("nia", "", 9).unwrap().len(), 1);
    assert_eq!(again.api_keys().keys(), Ok(Vec::new()));
    drop(again);
    let connection = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    connection
        .execute_batch("DROP TABLE api_key; DROP TABLE spending; PRAGMA user_version = 7;")
        .unwrap();
    drop(connection);
    let mut store = SqliteStore::open(folder.path()).unwrap();
    store.api_keys().add_key(&key("k1", 1)).unwrap();
    assert_eq!(store.minds().people_of("nia", "", 9).unwrap().len(), 1);
}

#[test]
fn what_is_forgotten_leaves_no_rows() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(folder.path()).unwrap();
    let minds = store.minds();
    minds.keep_turns(&[turn("nia", "ana", 1..=9), turn("nia", "bo", [1])]).unwrap();
    let new = NewPersona { persona: b"{}", author: "ana", at_ms: 1, owner: "" };
    minds.put_persona("nia", new).unwrap();
    let connection = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    let left = || {
        ["mind", "persona", "acquaintance", "memory"].map(|table| {
            let query = format!("SELECT count(*) FROM {table}");
            connection.query_row(&query, [], |row| row.get::<_, u64>(0)).unwrap()
        })
    };
    assert_eq!(left(), [1, 1, 2, 10]);
    minds.forget("nia", "ana").unwrap();
    assert_eq!(left(), [1, 1, 1, 1]);
    minds.forget_mind("nia").unwrap();
    assert_eq!(left(), [0, 0, 0, 0]);
}

#[test]
fn a_backup_is_taken_while_the_server_writes() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(folder.path()).unwrap();
    store.create("plaza", b"{}").unwrap();
    store.append(&of("plaza", 1..=50)).unwrap();
    let away = tempfile::tempdir().unwrap();
    let copy = away.path().join(FILE);
    back_up(folder.path(), &copy).unwrap();
    store.append(&of("plaza", 51..=60)).unwrap();
    let occupied = back_up(folder.path(), &copy).unwrap_err();
    assert!(matches!(occupied, StoreError::Occupied(_)), "nothing is overwritten: {occupied}");
    let nothing = back_up(away.path().join("nowhere").as_path(), &away.path().join("copy"));
    nothing.unwrap_err();

    let mut restored = SqliteStore::open(away.path()).unwrap();
    let batches = restored.load("plaza").unwrap().unwrap().batches;
    assert_eq!(batches, (1..=50).map(batch).collect::<Vec<_>>());
}
