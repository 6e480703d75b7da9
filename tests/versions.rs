//! How worlds were: snapshots of long logs, versions with names, differences, and the way back.

use std::{path::Path, time::Duration};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tokio::sync::watch;
use vivarium_contract::{editing::Role, saving::SavedBatch};
use vivarium_host::{
    building::upkeep::SnapshotLimits, config::ServerConfig, kept::Kept, server::Server,
};
use vivarium_scene::{load, operation::Operation, scene::Scene};
use vivarium_store::adapters::sqlite::{self, SqliteStore};
use vivarium_store::port::{StoredWorld, WorldStore};

use crate::{
    building::{Builder, document, names, post_at},
    harness::socket::{get, server, worlds},
};

const VERSIONS: &str = "/api/worlds/here/versions";
const RESTORE: &str = "/api/worlds/here/restore";
const HISTORY: &str = "/api/worlds/here/history";

pub async fn ok(
    answer: impl Future<Output = anyhow::Result<(u16, Value)>>,
) -> anyhow::Result<Value> {
    let (status, answer) = answer.await?;
    ensure!(status == 200, "{status}: {answer}");
    Ok(answer)
}

/// The status and the word of an answer that is no success.
pub async fn refused(
    answer: impl Future<Output = anyhow::Result<(u16, Value)>>,
) -> anyhow::Result<(u16, String)> {
    let (status, answer) = answer.await?;
    Ok((status, answer["error"].as_str().with_context(|| format!("{answer}"))?.to_owned()))
}

pub fn status(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

async fn rename(builder: &Builder, object: u32, name: &str) -> anyhow::Result<Value> {
    ok(builder.operations(json!([{ "rename": { "object": object, "name": name } }]))).await
}

/// Looks of the server at its logs: told by it, and to be waited for.
fn looks() -> (&'static watch::Sender<u64>, watch::Receiver<u64>) {
    let looks = Box::leak(Box::new(watch::Sender::new(0)));
    let looked = looks.subscribe();
    (looks, looked)
}

fn snapshots(batches: u32, looks: &'static watch::Sender<u64>) -> SnapshotLimits {
    let every = Duration::from_millis(20);
    SnapshotLimits { batches, bytes: u64::MAX, every, looks: Some(looks) }
}

/// What a store has of the world: as it is loaded, and as if all its batches had been done again from
/// the very first document, without any snapshot.
pub fn kept_and_replayed(store: &mut dyn WorldStore) -> anyhow::Result<(StoredWorld, Scene)> {
    let stored = store.load("here")?.context("the world is kept")?;
    let mut all = Vec::new();
    let mut before = u64::MAX;
    loop {
        let page = store.history("here", before, 100)?;
        let Some(oldest) = page.last() else { break };
        before = oldest.revision;
        all.extend(page);
    }
    let first = worlds().into_iter().find(|source| source.document.name == "here");
    let mut replayed = Scene::new((*first.context("the world")?.document).clone());
    for (batch, revision) in all.iter().rev().zip(1..) {
        ensure!(batch.revision == revision, "revision {revision} is missing");
        let operations: Vec<Operation> = serde_json::from_str(&batch.operations)?;
        replayed.apply_all(operations)?;
    }
    let mut scene = Scene::new(load::from_json(&stored.document)?);
    for batch in &stored.batches {
        scene.apply_all(serde_json::from_str::<Vec<Operation>>(&batch.operations)?)?;
    }
    ensure!(scene == replayed, "the snapshot of revision {} is another world", stored.revision);
    Ok((stored, replayed))
}

/// What a copy of the data has of the world, as a start after a kill would find it.
fn copied(data: &Path, copies: &Path, number: u32) -> anyhow::Result<(StoredWorld, Scene)> {
    let folder = copies.join(number.to_string());
    std::fs::create_dir_all(&folder)?;
    sqlite::back_up(data, &folder.join(sqlite::FILE))?;
    kept_and_replayed(&mut SqliteStore::open(&folder)?)
}

#[tokio::test]
async fn a_world_that_runs_is_kept_as_a_whole_so_that_little_is_done_again() -> anyhow::Result<()> {
    const EDITS: u32 = 60;
    let folder = tempfile::tempdir()?;
    let (data, copies) = (folder.path().join("data"), folder.path().join("copies"));
    let (looks, mut looked) = looks();
    let open = || -> anyhow::Result<_> {
        let mut kept = Kept::open(&data)?;
        let sources = worlds()
            .into_iter()
            .map(|source| kept.restored(source))
            .collect::<Result<Vec<_>, _>>()?;
        let snapshots = snapshots(10, looks);
        let config = ServerConfig { data: data.clone(), snapshots, ..ServerConfig::on_free_port() };
        Ok((config, sources, kept.into_store()))
    };
    let (config, sources, store) = open()?;
    let server = Server::start_kept(config, sources, store).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    for number in 0..EDITS {
        ok(ana.operations(post_at(number as f32, &format!("post {number}")))).await?;
    }
    let mut number = 0;
    let found = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            let (stored, replayed) = copied(&data, &copies, number)?;
            let last = stored.batches.last().map_or(stored.revision, |batch| batch.revision);
            ensure!(last == u64::from(EDITS), "all that was acknowledged is there: {last}");
            if stored.batches.len() < 10 {
                return Ok((stored, replayed));
            }
            number += 1;
            looked.changed().await?;
        }
    });
    let (stored, replayed) = found.await??;
    ensure!(stored.revision > 0 && stored.revision <= u64::from(EDITS), "{}", stored.revision);
    let served = document(server.address()).await?.0;
    let json = serde_json::to_vec(&replayed.document())?;
    assert_eq!(serde_json::from_slice::<Value>(&json)?, served);
    server.shutdown().await;
    let (_, sources, _) = open()?;
    let here = sources.iter().find(|source| source.document.name == "here");
    assert_eq!(serde_json::from_slice::<Value>(&here.context("here")?.json)?, served);
    Ok(())
}

#[tokio::test]
async fn people_name_how_it_is_and_come_back_to_it() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Builder::invited(&server, 1, Role::Owner).await?;
    let bo = Builder::invited(&server, 2, Role::Builder).await?;
    let visitor = Builder::new(&server, 9);
    assert_eq!(refused(visitor.ask(("GET", VERSIONS), "")).await?, status(403, "forbidden"));
    let name = |name: &str| json!({ "name": name });
    assert_eq!(refused(visitor.post(VERSIONS, &name("mine"))).await?, status(403, "forbidden"));
    for wrong in ["", " \u{200b}", &"x".repeat(81)] {
        assert_eq!(refused(ana.post(VERSIONS, &name(wrong))).await?, status(400, "malformed"));
    }
    let nothing = ok(ana.ask(("GET", VERSIONS), "")).await?;
    assert_eq!(nothing, json!({ "versions": [], "revision": 0 }));
    // Also of a world that was never changed.
    let untouched = ok(bo.post(VERSIONS, &name("untouched"))).await?;
    assert_eq!((&untouched["revision"], &untouched["author"]), (&json!(0), &json!("Somebody")));

    ok(ana.operations(post_at(1.0, "post"))).await?;
    rename(&ana, 4, "pillar").await?;
    let pillar = ok(ana.post(VERSIONS, &name("  with a\npillar "))).await?;
    assert_eq!(pillar["name"], "with a pillar");
    assert_eq!((&pillar["revision"], &pillar["author"]), (&json!(2), &json!("Ana")));
    ok(ana.operations(json!([{ "delete": { "object": 4 } }]))).await?;
    rename(&ana, 3, "sphere").await?;
    let listed = ok(bo.ask(("GET", VERSIONS), "")).await?;
    assert_eq!(listed["revision"], 4);
    assert_eq!(listed["versions"][0]["name"], "with a pillar");
    assert_eq!(listed["versions"][1], untouched);
    assert_eq!((&listed["versions"][0]["mine"], &untouched["mine"]), (&json!(false), &json!(true)));

    // Owners bring back everything; who builds, one object: under the id that it had.
    let version = &pillar["id"];
    let all = json!({ "version": version, "name": "Bo" });
    assert_eq!(refused(bo.post(RESTORE, &all)).await?, status(403, "forbidden"));
    let one = json!({ "version": version, "object": 4, "name": "Bo" });
    let done = ok(bo.post(RESTORE, &one)).await?;
    assert_eq!(done["revision"], 5);
    let now = names(&document(server.address()).await?.0);
    assert!(now.contains("pillar") && now.contains("sphere"), "{now:?}");
    assert_eq!(refused(bo.post(RESTORE, &one)).await?, status(409, "nothing"));
    let renamed = rename(&bo, 4, "column").await?;
    assert_eq!(renamed["revision"], 6, "it is the very object");
    ok(ana.post(RESTORE, &all)).await?;
    let as_named = names(&document(server.address()).await?.0);
    assert!(as_named.contains("pillar") && !as_named.contains("sphere"), "{as_named:?}");
    ok(ana.post("/api/worlds/here/undo", &json!({}))).await?;
    let undone = names(&document(server.address()).await?.0);
    assert!(undone.contains("column") && undone.contains("sphere"), "{undone:?}");

    for (body, told) in [
        (json!({ "version": 99 }), status(404, "no_version")),
        (json!({ "revision": 99 }), status(404, "no_revision")),
        (json!({ "revision": 2, "object": 77 }), status(404, "no_object")),
        (json!({ "revision": 2, "version": version }), status(400, "malformed")),
        (json!({ "object": 4 }), status(400, "malformed")),
    ] {
        assert_eq!(refused(ana.post(RESTORE, &body)).await?, told, "{body}");
    }
    let path = |id: &Value| format!("{VERSIONS}/{id}");
    assert_eq!(refused(bo.ask(("DELETE", &path(version)), "")).await?, status(403, "forbidden"));
    ok(bo.ask(("DELETE", &path(&untouched["id"])), "")).await?;
    ok(ana.ask(("DELETE", &path(version)), "")).await?;
    assert_eq!(refused(ana.ask(("DELETE", &path(version)), "")).await?, status(404, "no_version"));
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn what_was_deleted_before_comes_back_under_its_id() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Builder::invited(&server, 1, Role::Owner).await?;
    ok(ana.operations(post_at(1.0, "one"))).await?;
    ok(ana.operations(json!([{ "delete": { "object": 4 } }]))).await?;
    ok(ana.operations(json!([{ "title": { "title": "Elsewhere", "description": "" } }]))).await?;
    ok(ana.post(RESTORE, &json!({ "revision": 1, "name": "Ana" }))).await?;
    let (now, _) = document(server.address()).await?;
    assert!(names(&now).contains("one"));
    let objects = now["objects"].as_array().context("objects")?;
    assert_eq!(objects.last().context("one")?["id"], 4);
    assert_ne!(now["title"], "Elsewhere");
    // Nobody else may ask for ids.
    let create = json!([{ "create": { "object": 5, "value": {} } }]);
    assert_eq!(refused(ana.operations(create)).await?, status(422, "refused"));
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn two_revisions_are_compared() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let diff = |from: u64, to: &str| format!("/api/worlds/here/diff?from={from}{to}");
    ok(ana.operations(post_at(1.0, "post"))).await?;
    rename(&ana, 3, "sphere").await?;
    let gold = json!([{ "material": { "name": "gold", "value": { "colour": "#ffd700" } } }]);
    ok(ana.operations(gold)).await?;
    ok(ana.operations(json!([{ "delete": { "object": 4 } }]))).await?;
    let told = ok(ana.ask(("GET", &diff(0, "")), "")).await?;
    let none = json!({ "added": [], "removed": [], "changed": [] });
    let expected = json!({
        "added": [], "removed": [],
        "changed": [{ "object": 3, "name": "sphere", "what": ["name"] }],
        "materials": { "added": ["gold"], "removed": [], "changed": [] },
        "blueprints": none, "settings": false, "environment": false, "title": false,
    });
    assert_eq!(told, expected);
    let told = ok(ana.ask(("GET", &diff(0, "&to=2")), "")).await?;
    assert_eq!(told["added"], json!([{ "object": 4, "name": "post" }]));
    let told = ok(ana.ask(("GET", &diff(3, "&to=4")), "")).await?;
    assert_eq!(told["removed"], json!([{ "object": 4, "name": "post" }]));
    assert_eq!(refused(ana.ask(("GET", &diff(0, "&to=5")), "")).await?, status(404, "no_revision"));
    let visitor = Builder::new(&server, 9);
    assert_eq!(refused(visitor.ask(("GET", &diff(0, "")), "")).await?, status(403, "forbidden"));
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn the_history_ends_where_it_is_to_and_versions_stay() -> anyhow::Result<()> {
    let (looks, mut looked) = looks();
    let server = server(|config| {
        config.history_batches = Some(3);
        config.snapshots = snapshots(5, looks);
    })
    .await?;
    let ana = Builder::invited(&server, 1, Role::Owner).await?;
    ok(ana.operations(post_at(1.0, "one"))).await?;
    let version = ok(ana.post(VERSIONS, &json!({ "name": "one alone" }))).await?;
    for number in 2..=12 {
        ok(ana.operations(post_at(number as f32, &format!("post {number}")))).await?;
    }
    // While edits come now and then there are snapshots, and what is in them may go.
    let ended = tokio::time::timeout(Duration::from_secs(150), async {
        let mut number = 0;
        loop {
            let history = ok(ana.ask(("GET", &format!("{HISTORY}?count=200")), "")).await?;
            let oldest = history.as_array().and_then(|all| all.last()).context("some")?;
            let oldest = oldest["revision"].as_u64().context("a revision")?;
            if oldest > 4 {
                return anyhow::Ok(oldest);
            }
            number += 1;
            rename(&ana, 3, &format!("sphere {number}")).await?;
            looked.changed().await?;
        }
    });
    let oldest = ended.await??;
    let gone = json!({ "revision": oldest - 2, "name": "Ana" });
    let (status, told) = ana.post(RESTORE, &gone).await?;
    assert_eq!((status, &told["error"]), (410, &json!("gone")), "{told}");
    assert!(told["text"].as_str().context("text")?.contains("the history begins"), "{told}");
    // A version has its own document, and its revision is found by it.
    let diff = ok(ana.ask(("GET", "/api/worlds/here/diff?from=1"), "")).await?;
    assert_eq!(diff["added"].as_array().map(Vec::len), Some(11));
    ok(ana.post(RESTORE, &json!({ "version": version["id"] }))).await?;
    let now = names(&document(server.address()).await?.0);
    assert!(now.contains("one") && !now.contains("post 2"), "{now:?}");
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_damaged_world_does_not_keep_the_others_closed() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (data, assets) = (folder.path().join("data"), folder.path().join("assets"));
    std::fs::create_dir_all(assets.join("worlds"))?;
    std::fs::create_dir_all(&data)?;
    for source in worlds() {
        let file = format!("worlds/{}.json", source.document.name);
        std::fs::write(assets.join(file), &source.json)?;
    }
    let mut store = SqliteStore::open(&data)?;
    store.create("there", b"{ torn")?;
    let batch = SavedBatch {
        revision: 1,
        at_ms: 1,
        author: "ana".into(),
        operations: "[]".into(),
        inverses: "[]".into(),
        grants: Vec::new(),
        ends_draft: None,
    };
    store.append(&[("there".to_owned(), batch)])?;
    drop(store);
    let server =
        Server::start(ServerConfig { data, assets, ..ServerConfig::on_free_port() }).await?;
    let (_, worlds) = get(&server, "/api/worlds").await?;
    let worlds: Value = serde_json::from_str(&worlds)?;
    for world in worlds.as_array().context("worlds")? {
        assert_eq!(world["running"], json!(world["name"] != "there"), "{world}");
    }
    assert_eq!(get(&server, "/readyz").await?.0, 200);
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    ok(ana.operations(post_at(1.0, "post"))).await?;
    server.shutdown().await;
    Ok(())
}
