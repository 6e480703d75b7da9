//! Everything that is kept goes from a file into PostgreSQL and back, and is the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::mpsc::sync_channel,
    time::Instant,
};

use rusqlite::{Connection, types::Value};
use vivarium_contract::{editing::Role, saving::MindTurn};
use vivarium_store::{
    adapters::{
        postgres::PostgresStore,
        sqlite::{self, FILE, SqliteStore},
        transfer,
    },
    port::{
        Draft, Expired, Grant, Invitation, Shelved, StoreError, Version, WorldStore,
        keys::KnownKey,
        minds::{MindStore, NewPersona},
        spending::Spending,
    },
};

use crate::{
    batch,
    database::{PATIENCE, Postgres},
    keys::key,
    minds::turn,
    of,
};

/// Something of everything, and nothing that is the same twice.
fn fill(store: &mut dyn WorldStore) {
    for world in ["plaza", "garden", "cellar"] {
        store.create(world, format!("[{world:?}]").as_bytes()).unwrap();
    }
    store.append(&of("plaza", 1..=9)).unwrap();
    store.snapshot("plaza", 7, b"[7]").unwrap();
    store.expire("plaza", Expired { through: 3, before_ms: u64::MAX }, 9).unwrap();
    let long = "\u{e9}\u{1f40e}\\u0000".repeat(99_999);
    store
        .append(&[(
            "garden".into(),
            vivarium_contract::saving::SavedBatch {
                inverses: long,
                author: "bo Bo \u{1f40e}".into(),
                ..batch(1)
            },
        )])
        .unwrap();
    store.save_poses("garden", &[0, 255, 0, 1]).unwrap();
    let version = |name: &str| Version {
        id: 0,
        name: name.into(),
        revision: 8,
        at_ms: u64::from(u32::MAX) * 9,
        author: "ana".into(),
    };
    for name in ["before", "after", "gone"] {
        let id = store.keep_version("plaza", &version(name), name.as_bytes()).unwrap();
        if name == "gone" {
            store.delete_version("plaza", id).unwrap();
        }
    }
    let draft = Draft {
        world: "plaza-draft-1".into(),
        of: "plaza".into(),
        title: "Lamps".into(),
        author: "ana Ana".into(),
        at_ms: 12,
        base: 0,
    };
    store.begin_draft(&draft, b"[1, 2]").unwrap();
    store.append(&of("plaza-draft-1", 1..=2)).unwrap();
    for (account, world, role) in [("ana", None, Role::Owner), ("bo", Some("plaza"), Role::Builder)]
    {
        let (account, world) = (account.to_owned(), world.map(str::to_owned));
        store.grant(&Grant { name: account.to_uppercase(), account, world, role }).unwrap();
    }
    for (digest, world) in [("a", None), ("b", Some("plaza".to_owned()))] {
        let role = Role::Builder;
        let invitation = Invitation { digest: digest.into(), world, role, expires_at_ms: 99 };
        store.invite(&invitation, 1).unwrap();
    }
    for path in ["x", "y"] {
        let entry = path.as_bytes().to_vec();
        store.shelve(&Shelved { world: "plaza".into(), path: path.into(), entry }).unwrap();
    }
    let windows = Some(b"{\"hour\":1}".to_vec());
    let spent = |payer: &str| Spending { payer: payer.into(), windows: windows.clone() };
    store.spending().save_spending(&[spent("\"installation\""), spent("a \u{1f40e}")]).unwrap();
    fill_minds(store.minds());
    for (id, used_on) in [("k1", None), ("k2", Some(20_000))] {
        store.api_keys().add_key(&KnownKey { used_on, ..key(id, 1) }).unwrap();
    }
}

fn fill_minds(minds: &mut dyn MindStore) {
    for (mind, owner, persona) in [("rook", "", "[1]"), ("nia", "ana", "[2]"), ("nia", "", "[3]")] {
        let (persona, at_ms) = (persona.as_bytes(), u64::from(u32::MAX) * 7);
        minds.put_persona(mind, NewPersona { persona, author: "bo Bo", at_ms, owner }).unwrap();
    }
    let full = MindTurn {
        state: Some(vec![0, 255, 1]),
        tie: Some(vec![254, 0]),
        ..turn("nia", "ana", [3, 1, i64::MAX as u64])
    };
    let tied = MindTurn { tie: Some(Vec::new()), ..turn("lee", "\u{1f40e}", []) };
    minds.keep_turns(&[turn("nia", "bo", 1..=500), full, tied, turn("gone", "ana", [1])]).unwrap();
    minds.forget_mind("gone").unwrap();
}

/// What the port tells of minds.
fn told_of_minds(minds: &mut dyn MindStore) -> impl PartialEq + std::fmt::Debug + use<> {
    let listed = minds.list_minds("", 99).unwrap();
    assert_eq!(listed.len(), 3);
    let each = listed.iter().map(|mind| {
        let mind = mind.name.as_str();
        let versions = minds.personas(mind).unwrap();
        let personas = versions.iter().map(|version| minds.persona(mind, version.number).unwrap());
        let personas: Vec<_> = personas.collect();
        let people = minds.people_of(mind, "", 99).unwrap();
        let known = people.iter().map(|known| minds.load_acquaintance(mind, &known.person));
        let known: Vec<_> = known.collect::<Result<_, _>>().unwrap();
        (minds.load_mind(mind).unwrap(), personas, people, known)
    });
    let each: Vec<_> = each.collect();
    (listed, each)
}

/// All rows of all tables of a file.
fn rows(file: &Path) -> BTreeMap<String, Vec<Vec<Value>>> {
    let file = Connection::open(file).unwrap();
    let mut find = file.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let names = find.query_map([], |row| row.get(0)).unwrap();
    let names: Vec<String> = names.collect::<Result<_, _>>().unwrap();
    let tables = names.into_iter().map(|name| {
        let query = format!("SELECT * FROM {name} ORDER BY 1, 2");
        let mut find = file.prepare(&query).unwrap();
        let columns = find.column_count();
        let rows = find.query_map([], |row| (0..columns).map(|index| row.get(index)).collect());
        let rows = rows.unwrap().collect::<Result<_, _>>().unwrap();
        (name, rows)
    });
    tables.collect()
}

/// What the port tells of a world.
fn told(store: &mut dyn WorldStore, world: &str) -> impl PartialEq + std::fmt::Debug + use<> {
    let versions = store.versions(world).unwrap();
    let documents: Vec<_> =
        versions.iter().map(|version| store.version(world, version.id).unwrap()).collect();
    let loaded = store.load(world).unwrap();
    let history = store.history(world, u64::MAX, 99).unwrap();
    (loaded, history, versions, documents, store.poses(world).unwrap())
}

/// Whether both keep the same, and go on in the same way.
fn are_same<'a>(left: &'a mut dyn WorldStore, right: &'a mut dyn WorldStore) {
    assert_eq!(left.worlds(), right.worlds());
    for world in left.worlds().unwrap() {
        assert_eq!(told(left, &world), told(right, &world), "{world}");
    }
    assert_eq!(left.drafts(), right.drafts());
    assert_eq!(left.grants(), right.grants());
    assert_eq!(left.shelved(), right.shelved());
    assert_eq!(left.spending().load_spending(), right.spending().load_spending());
    assert_eq!(told_of_minds(left.minds()), told_of_minds(right.minds()));
    let keys = left.api_keys().keys().unwrap();
    assert_eq!(keys.len(), 2);
    assert_eq!(Ok(keys), right.api_keys().keys());
    let version = Version { id: 0, name: "new".into(), revision: 9, at_ms: 1, author: "bo".into() };
    let next = left.keep_version("plaza", &version, b"[9]").unwrap();
    assert_eq!(right.keep_version("plaza", &version, b"[9]").unwrap(), next, "no id twice");
    for store in [left, right] {
        store.append(&of("plaza", [10])).unwrap();
        store.create("attic", b"{}").unwrap();
        let late =
            Invitation { digest: "c".into(), world: None, role: Role::Owner, expires_at_ms: 99 };
        store.invite(&late, 1).unwrap();
        let redeemed = store.redeem("b", "cy", "Cy", 9).unwrap().unwrap();
        assert_eq!((redeemed.world.as_deref(), redeemed.role), (Some("plaza"), Role::Builder));
        let minds = store.minds();
        assert_eq!(minds.return_to_persona("nia", 1, "cy", 1), Ok(Some(3)));
        minds.keep_turns(&[turn("max", "ana", [1]), turn("nia", "cy", [1])]).unwrap();
        assert_eq!(minds.people_of("nia", "", 99).unwrap().len(), 3);
    }
}

#[test]
fn a_backup_goes_from_a_file_into_postgresql_and_back_row_by_row() {
    let postgres = Postgres::start();
    let folder = tempfile::tempdir().unwrap();
    let [first, second, third] = ["first", "second", "third"].map(|name| folder.path().join(name));
    for data in [&first, &second, &third] {
        std::fs::create_dir(data).unwrap();
    }
    let mut original = SqliteStore::open(&first).unwrap();
    fill(&mut original);
    let backup = second.join(FILE);
    sqlite::back_up(&first, &backup).unwrap();
    let before = rows(&backup);
    let empty: Vec<_> = before.iter().filter(|(_, rows)| rows.is_empty()).collect();
    assert!(empty.is_empty(), "what has no rows proves nothing: {empty:?}");
    let url = postgres.database();
    transfer::check_empty(&url).unwrap();
    transfer::restore(&backup, &url).unwrap();
    assert_eq!(rows(&backup), before, "a backup is left as it is");
    let files = std::fs::read_dir(&second).unwrap().count();
    assert_eq!(files, 1, "nothing is put beside it");

    // Not into what keeps something, nor over a file.
    for occupied in [transfer::restore(&backup, &url), transfer::check_empty(&url)] {
        assert!(matches!(occupied, Err(StoreError::Occupied(_))), "{occupied:?}");
    }
    // A server that runs does not mind.
    let mut moved = PostgresStore::open(&url).unwrap();
    let back = third.join(FILE);
    // That it goes by another name until it is whole is nobody else's harm.
    let theirs = third.join(format!("{FILE}.part"));
    std::fs::write(&theirs, "somebody's own").unwrap();
    transfer::back_up(&url, &back).unwrap();
    assert_eq!(std::fs::read(&theirs).unwrap(), b"somebody's own");
    let files = std::fs::read_dir(&third).unwrap().count();
    assert_eq!(files, 2, "nothing is left of the other name");
    let occupied = transfer::back_up(&url, &back).unwrap_err();
    assert!(matches!(occupied, StoreError::Occupied(_)), "{occupied}");
    let in_use = transfer::restore(&backup, &url).unwrap_err();
    assert!(matches!(in_use, StoreError::InUse(_)), "{in_use}");
    assert_eq!(rows(&back), before);
    are_same(&mut original, &mut moved);
    are_same(&mut SqliteStore::open(&second).unwrap(), &mut SqliteStore::open(&third).unwrap());
}

/// Tables, columns and types of a database.
type Schema = BTreeSet<[String; 3]>;

fn of_file(data: &Path) -> Schema {
    drop(SqliteStore::open(data).unwrap());
    let file = Connection::open(data.join(FILE)).unwrap();
    let query = "SELECT tables.name, columns.name, columns.type
        FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
        WHERE tables.type = 'table' AND tables.name <> 'sqlite_sequence'";
    let mut find = file.prepare(query).unwrap();
    let found = find.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?])).unwrap();
    found.collect::<Result<_, _>>().unwrap()
}

/// Named as in a file, and without what is about the database itself.
fn of_postgresql(url: &str) -> Schema {
    drop(PostgresStore::open(url).unwrap());
    let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
    let query = "SELECT table_name::TEXT, column_name::TEXT, data_type::TEXT
        FROM information_schema.columns
        WHERE table_schema = 'vivarium' AND table_name NOT IN ('version', 'holder')";
    let found = client.query(query, &[]).unwrap();
    let found = found.iter().map(|row| {
        let [table, column, kind] = [0, 1, 2].map(|index| row.get::<_, String>(index));
        let table = if table == "named" { "version".into() } else { table };
        let kind = match &*kind {
            "bigint" => "INTEGER".into(),
            "text" => "TEXT".into(),
            "bytea" => "BLOB".into(),
            _ => kind,
        };
        [table, column, kind]
    });
    found.collect()
}

#[test]
fn both_databases_have_the_same_tables_and_columns() {
    let postgres = Postgres::start();
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(of_postgresql(&postgres.database()), of_file(folder.path()));
}

#[test]
fn a_server_that_had_nothing_yet_notices_that_a_backup_has_come() {
    let postgres = Postgres::start();
    let folder = tempfile::tempdir().unwrap();
    fill(&mut SqliteStore::open(folder.path()).unwrap());
    let backup = folder.path().join("backup.sqlite");
    sqlite::back_up(folder.path(), &backup).unwrap();
    let url = postgres.database();
    let mut early = PostgresStore::open(&url).unwrap();
    postgres.run(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
         WHERE datname LIKE 'test%' AND pid <> pg_backend_pid()",
    );
    transfer::restore(&backup, &url).unwrap();
    let began = Instant::now();
    let told = loop {
        let told = early.create("attic", b"{}").unwrap_err();
        // The loss is noticed by the second at the earliest.
        if told.is_final() || began.elapsed() > PATIENCE {
            break told;
        }
    };
    assert!(told.is_final() && told.to_string().contains("another server"), "{told}");
}

#[test]
fn what_was_always_in_postgresql_goes_into_a_file() {
    let postgres = Postgres::start();
    let url = postgres.database();
    let mut store = PostgresStore::open(&url).unwrap();
    fill(&mut store);
    let folder = tempfile::tempdir().unwrap();
    transfer::back_up(&url, &folder.path().join(FILE)).unwrap();
    are_same(&mut store, &mut SqliteStore::open(folder.path()).unwrap());
}

#[test]
fn a_backup_is_of_one_moment_while_the_server_writes() {
    const BACKUPS: u64 = 5;
    let postgres = Postgres::start();
    let url = postgres.database();
    let mut store = PostgresStore::open(&url).unwrap();
    store.create("plaza", b"{}").unwrap();
    store.create("garden", b"{}").unwrap();
    let (stop, stopped) = sync_channel::<()>(0);
    let (written, wrote) = sync_channel(1);
    let writer = std::thread::spawn(move || {
        let mut revision = 0;
        while stopped.try_recv().is_err() {
            revision += 1;
            // Both worlds in one transaction.
            let both = [of("plaza", [revision]), of("garden", [revision])].concat();
            store.append(&both).unwrap();
            let _ = written.try_send(revision);
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let mut last = 0;
    for number in 1..=BACKUPS {
        let known = wrote.recv().unwrap();
        let data = folder.path().join(number.to_string());
        std::fs::create_dir(&data).unwrap();
        transfer::back_up(&url, &data.join(FILE)).unwrap();
        let mut copy = SqliteStore::open(&data).unwrap();
        let [plaza, garden] =
            ["plaza", "garden"].map(|world| copy.load(world).unwrap().unwrap().batches);
        assert_eq!(plaza, garden, "half a transaction");
        assert_eq!(plaza, (1..=plaza.len() as u64).map(batch).collect::<Vec<_>>());
        assert!(plaza.len() as u64 >= known && plaza.len() >= last, "{last} {known}");
        last = plaza.len();
    }
    drop(wrote);
    stop.send(()).unwrap();
    writer.join().unwrap();
}

#[test]
fn backups_of_earlier_versions_are_taken_and_what_is_none_leaves_nothing() {
    let postgres = Postgres::start();
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(folder.path()).unwrap();
    store.create("plaza", b"{}").unwrap();
    store.append(&of("plaza", 1..=3)).unwrap();
    drop(store);
    let file = folder.path().join(FILE);
    let connection = Connection::open(&file).unwrap();
    // Nothing else is different in the fourth.
    connection
        .execute_batch(
            "ALTER TABLE role DROP COLUMN name;
             INSERT INTO role VALUES ('ana', '', 2);
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
    let url = postgres.database();
    transfer::restore(&file, &url).unwrap();
    let mut moved = PostgresStore::open(&url).unwrap();
    assert_eq!(moved.load("plaza").unwrap().unwrap().batches.len(), 3);
    assert_eq!(moved.grants().unwrap().len(), 1);
    assert_eq!(moved.drafts().unwrap(), []);
    assert_eq!(moved.minds().list_minds("", 9), Ok(Vec::new()));

    let empty = postgres.database();
    let to = folder.path().join("none.sqlite");
    let nothing = transfer::back_up(&empty, &to).unwrap_err();
    assert!(nothing.to_string().contains("keeps nothing yet"), "{nothing}");
    std::fs::write(&to, "no database at all, but long enough to be looked at".repeat(99)).unwrap();
    let foreign = transfer::restore(&to, &empty).unwrap_err();
    assert!(matches!(foreign, StoreError::Foreign(_)), "{foreign}");
    let connection = Connection::open(&file).unwrap();
    // What the other database cannot have: all that came before goes as well.
    connection.execute_batch("UPDATE role SET account = 'a' || char(0)").unwrap();
    drop(connection);
    let refused = transfer::restore(&file, &empty).unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    transfer::check_empty(&empty).unwrap();
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().collect();
    assert!(left.iter().all(|entry| !entry.path().to_string_lossy().contains("part")), "{left:?}");
}

#[test]
fn what_has_changes_beside_it_is_no_backup() {
    let folder = tempfile::tempdir().unwrap();
    let [data, killed, linked] = ["data", "killed", "linked"].map(|name| folder.path().join(name));
    for folder in [&data, &killed, &linked] {
        std::fs::create_dir(folder).unwrap();
    }
    let mut running = SqliteStore::open(&data).unwrap();
    running.create("plaza", b"{}").unwrap();
    // As a server leaves it that is killed.
    for entry in std::fs::read_dir(&data).unwrap().flatten() {
        std::fs::copy(entry.path(), killed.join(entry.file_name())).unwrap();
    }
    let log = killed.join(format!("{FILE}-wal"));
    assert!(std::fs::metadata(&log).unwrap().len() > 0);
    std::os::unix::fs::symlink(killed.join(FILE), linked.join(FILE)).unwrap();
    for data in [&data, &killed, &linked] {
        let file = data.join(FILE);
        let nobody = "postgresql://nobody@localhost:1/nothing";
        for refused in [sqlite::check_backup(&file), transfer::restore(&file, nobody)] {
            assert!(matches!(refused, Err(StoreError::NoBackup(_))), "{refused:?}");
        }
    }
    std::fs::rename(&log, killed.join(format!("{FILE}-journal"))).unwrap();
    let half = sqlite::check_backup(&killed.join(FILE)).unwrap_err();
    assert!(matches!(half, StoreError::NoBackup(_)), "{half}");

    let whole = folder.path().join("whole.sqlite");
    sqlite::back_up(&data, &whole).unwrap();
    sqlite::check_backup(&whole).unwrap();
    std::fs::write(&whole, "").unwrap();
    let nothing = sqlite::check_backup(&whole).unwrap_err();
    assert!(nothing.to_string().contains("keeps nothing"), "{nothing}");
}
