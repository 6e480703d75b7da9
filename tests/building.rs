//! Worlds that are built over HTTP while people are inside.

use std::{collections::BTreeSet, net::SocketAddr, sync::Arc};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use vivarium_contract::{editing::Role, saving::SavedBatch};
use vivarium_host::{building::roles::account_of, config::ServerConfig, server::Server};
use vivarium_protocol::{
    ids::ObjectId,
    intent::{ClientMessage, Hello},
    notice::{Denial, ServerMessage},
    snapshot::{block::Identity, schema::Facet},
};
use vivarium_scene::operation::PLACEHOLDERS;
use vivarium_store::{
    adapters::memory::MemoryStore,
    port::{
        Draft, Expired, Grant, Invitation, Shelved, StoreError, StoredWorld, Version, WorldStore,
        keys::KeyStore, minds::MindStore, spending::SpendingStore,
    },
};

use crate::harness::{
    socket::{Client, build, hello, server, worlds},
    until,
};

/// Of the device of a number.
pub fn account(number: u8) -> String {
    let mut key = [0; 32];
    key[31] = number;
    account_of(&key)
}

/// Somebody with a device of their own.
pub struct Builder {
    pub address: SocketAddr,
    pub key: String,
}

impl Builder {
    pub fn new(server: &Server, number: u8) -> Self {
        Self { address: server.address(), key: format!("{number:064x}") }
    }

    /// A builder who was invited by the server itself; no world has it in its log.
    pub async fn invited(server: &Server, number: u8, role: Role) -> anyhow::Result<Self> {
        Self::invited_to(server, "here", number, role).await
    }

    pub async fn invited_to(
        server: &Server,
        world: &str,
        number: u8,
        role: Role,
    ) -> anyhow::Result<Self> {
        let (roles, world) = (server.roles().clone(), world.to_owned());
        let redeemed = tokio::task::spawn_blocking(move || {
            let secret = roles.invite(Some(world), role, 60)?;
            roles.redeem(&secret, &account(number), "")
        });
        ensure!(redeemed.await??.is_some(), "an invitation counts once");
        Ok(Self::new(server, number))
    }

    pub async fn ask(&self, way: (&str, &str), body: &str) -> anyhow::Result<(u16, Value)> {
        let (status, _, body) = build(self.address, way, &self.key, body).await?;
        let value = serde_json::from_str(&body).with_context(|| format!("{status}: {body}"))?;
        Ok((status, value))
    }

    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<(u16, Value)> {
        self.ask(("POST", path), &body.to_string()).await
    }

    pub async fn operations(&self, operations: Value) -> anyhow::Result<(u16, Value)> {
        let body = json!({ "operations": operations, "name": "Ana" });
        self.post("/api/worlds/here/operations", &body).await
    }
}

pub fn post_at(x: f32, name: &str) -> Value {
    json!([{ "create": { "object": PLACEHOLDERS, "value": {
        "name": name, "position_m": [x, 1.0, 0.0], "properties": { "colliders": [
            { "shape": { "box": { "size_m": [0.5, 2.0, 0.5] } } }] } } } }])
}

/// The document as a newcomer gets it, and the number of the last edit in it.
pub async fn document(address: SocketAddr) -> anyhow::Result<(Value, u32)> {
    let (status, head, body) = build(address, ("GET", "/worlds/here.json"), "", "").await?;
    ensure!(status == 200, "{head}");
    let edits = head.lines().find_map(|line| line.strip_prefix("vivarium-edits: "));
    let edits = edits.context("the number of edits")?.trim().parse()?;
    Ok((serde_json::from_str(&body)?, edits))
}

pub fn names(document: &Value) -> BTreeSet<String> {
    let objects = document["objects"].as_array().expect("a list").iter();
    objects.filter_map(|object| object["name"].as_str()).map(str::to_owned).collect()
}

#[tokio::test]
async fn who_was_invited_builds_and_everyone_sees_it() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let (_, role) = ana.ask(("GET", "/api/worlds/here/role"), "").await?;
    assert_eq!(role, json!({ "role": "builder" }));
    let mut visitor = Client::enter(&server, "Vi").await?;
    let (status, done) = ana.operations(post_at(5.0, "post")).await?;
    assert_eq!(status, 200, "{done}");
    assert_eq!(done["number"], 1);
    assert_eq!(done["revision"], 1);
    assert_eq!(done["objects"], json!({ "2147483648": 4 }));
    let edited = visitor.told_of(|told| matches!(told, ServerMessage::Edited { .. })).await?;
    let ServerMessage::Edited { number: 1, author, operations: Some(operations) } = edited else {
        panic!("{edited:?}")
    };
    assert_eq!(author, "Ana");
    assert!(operations.contains("\"post\""), "{operations}");
    let (document_now, edits) = document(server.address()).await?;
    assert_eq!(edits, 1);
    assert!(names(&document_now).contains("post"));
    let (_, undone) = ana.post("/api/worlds/here/undo", &json!({})).await?;
    assert_eq!(undone["number"], 2);
    assert!(!names(&document(server.address()).await?.0).contains("post"));
    let (_, redone) = ana.ask(("POST", "/api/worlds/here/redo"), "").await?;
    assert_eq!(redone["revision"], 3, "{redone}");
    let (status, nothing) = ana.ask(("POST", "/api/worlds/here/redo"), "").await?;
    assert_eq!((status, &nothing["error"]), (409, &json!("nothing")));
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn whoever_was_not_invited_changes_nothing() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let visitor = Builder::new(&server, 9);
    let owner = Builder::invited(&server, 2, Role::Owner).await?;
    let builder = Builder::invited(&server, 3, Role::Builder).await?;
    for operation in [
        json!({ "delete": { "object": 0 } }),
        json!({ "title": { "title": "Mine", "description": "" } }),
        json!({ "settings": {} }),
        json!({ "material": { "name": "a", "value": null } }),
    ] {
        let (status, answer) = visitor.operations(json!([operation])).await?;
        assert_eq!((status, &answer["error"]), (403, &json!("forbidden")), "{answer}");
    }
    for way in ["undo", "redo"] {
        let path = format!("/api/worlds/here/{way}");
        assert_eq!(visitor.post(&path, &json!({})).await?.0, 403);
    }
    let invite = json!({ "role": "builder", "expires_in_s": 60 });
    for nobody in [&visitor, &builder] {
        assert_eq!(nobody.post("/api/worlds/here/invitations", &invite).await?.0, 403);
    }
    // An owner of one world is nobody in another.
    let there = json!({ "operations": [{ "delete": { "object": 0 } }] });
    assert_eq!(owner.post("/api/worlds/there/operations", &there).await?.0, 403);
    assert_eq!(owner.post("/api/worlds/there/invitations", &invite).await?.0, 403);
    // An invitation counts once.
    let (status, invited) = owner.post("/api/worlds/here/invitations", &invite).await?;
    assert_eq!(status, 200, "{invited}");
    let shown = json!({ "invitation": invited["invitation"] });
    let (status, redeemed) = visitor.post("/api/invitations", &shown).await?;
    assert_eq!((status, redeemed), (200, json!({ "world": "here", "role": "builder" })));
    let late = Builder::new(&server, 10);
    assert_eq!(late.post("/api/invitations", &shown).await?.0, 404);
    assert_eq!(visitor.operations(post_at(1.0, "a")).await?.0, 200);
    // Locks are for owners.
    let lock = json!([{ "lock": { "object": 0, "locked": true } }]);
    assert_eq!(builder.operations(lock.clone()).await?.0, 403);
    assert_eq!(owner.operations(lock).await?.0, 200);
    assert_eq!(builder.operations(json!([{ "delete": { "object": 0 } }])).await?.0, 403);
    // The invitation is in the log, too.
    assert_eq!(document(server.address()).await?.1, 3);
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_the_place() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Builder::invited(&server, 1, Role::Owner).await?;
    let path = "/api/worlds/here/operations";
    let large = format!("[{}]", vec!["{}"; 400_000].join(","));
    let many: Vec<Value> = vec![json!({ "delete": { "object": 99 } }); 1_001];
    for (body, status, word) in [
        (String::new(), 400, "EOF"),
        ("{}".into(), 400, "operations"),
        (json!({ "operations": [] }).to_string(), 400, "at least one"),
        (json!({ "operations": [{ "explode": {} }] }).to_string(), 400, "operations[0]"),
        (json!({ "operations": [], "more": 1 }).to_string(), 400, "more"),
        (json!({ "operations": many }).to_string(), 413, "at most 1000"),
        (
            json!({ "operations": [{ "delete": { "object": 99 } }] }).to_string(),
            422,
            "operations[0]",
        ),
        (json!({ "operations": [{ "delete": { "object": 1 } }] }).to_string(), 422, "spawn"),
    ] {
        let (found, answer) = ana.ask(("POST", path), &body).await?;
        assert_eq!(found, status, "{answer}");
        assert!(answer["text"].as_str().unwrap_or_default().contains(word), "{answer}");
    }
    let (status, ..) = build(server.address(), ("POST", path), &ana.key, &large).await?;
    assert_eq!(status, 413);
    for key in ["", "abc", &"g".repeat(64), &"é".repeat(32)] {
        let (status, _, body) = build(server.address(), ("POST", path), key, "{}").await?;
        assert_eq!(status, 401, "{body}");
    }
    for path in ["/api/worlds/nowhere/operations", "/api/worlds//operations"] {
        let (status, ..) = build(server.address(), ("POST", path), &ana.key, "{}").await?;
        assert_eq!(status, 404, "{path}");
    }
    // A stale edit is answered with how it is now.
    let bo = Builder::invited(&server, 2, Role::Builder).await?;
    let rename = |name: &str| json!([{ "rename": { "object": 3, "name": name } }]);
    assert_eq!(ana.operations(rename("sphere")).await?.0, 200);
    let body = json!({ "operations": rename("globe"), "base": 0, "name": "Bo" });
    let (status, stale) = bo.post(path, &body).await?;
    assert_eq!((status, &stale["error"]), (409, &json!("stale")), "{stale}");
    assert_eq!(stale["copy"]["number"], 1);
    assert_eq!(stale["copy"]["objects"]["3"]["name"], "sphere");
    assert_eq!(document(server.address()).await?.1, 1, "nothing else was done");
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn owners_see_who_did_what_and_bring_back_how_it_was() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Builder::invited(&server, 1, Role::Owner).await?;
    let bo = Builder::invited(&server, 2, Role::Builder).await?;
    let history = "/api/worlds/here/history";
    let (_, nothing) = bo.ask(("GET", history), "").await?;
    assert_eq!(nothing, json!([]));
    for (x, name) in [(1.0, "one"), (2.0, "two"), (3.0, "three")] {
        assert_eq!(ana.operations(post_at(x, name)).await?.0, 200);
    }
    let place =
        json!({ "operations": [{ "rename": { "object": 4, "name": "first" } }], "name": "Bo" });
    assert_eq!(bo.post("/api/worlds/here/operations", &place).await?.0, 200);
    let (_, told) = bo.ask(("GET", &format!("{history}?before=5&count=2")), "").await?;
    assert_eq!((&told[0]["revision"], &told[0]["name"]), (&json!(4), &json!("Bo")), "{told}");
    assert_eq!((&told[1]["revision"], &told[1]["name"]), (&json!(3), &json!("Ana")), "{told}");
    assert_eq!(told[0]["operations"][0]["rename"]["name"], "first");
    assert_eq!(told.as_array().map(Vec::len), Some(2));
    assert_eq!(Builder::new(&server, 9).ask(("GET", history), "").await?.0, 403);

    let back = |revision: u64| json!({ "revision": revision, "name": "Ana" });
    let restore = "/api/worlds/here/restore";
    assert_eq!(bo.post(restore, &back(1)).await?.0, 403);
    let (status, done) = ana.post(restore, &back(1)).await?;
    assert_eq!((status, &done["revision"]), (200, &json!(5)), "{done}");
    let now = names(&document(server.address()).await?.0);
    assert!(now.contains("one") && !now.contains("two") && !now.contains("first"), "{now:?}");
    assert_eq!(ana.post(restore, &back(5)).await?.0, 409, "there is nothing after it");
    // Bringing back is a change like any other.
    assert_eq!(ana.post("/api/worlds/here/undo", &json!({})).await?.0, 200);
    let now = names(&document(server.address()).await?.0);
    assert!(now.contains("three") && now.contains("first"), "{now:?}");
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn only_builders_show_what_they_have_chosen() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let mut key = [0; 32];
    key[31] = 1;
    assert_eq!(ana.key, format!("{:064x}", 1));
    let (mut ana, _) = Client::join(&server, &Hello { key: Some(key), ..hello("Ana") }).await?;
    let mut bo = Client::enter(&server, "Bo").await?;
    let select = ClientMessage::Select { objects: vec![ObjectId(3)] };
    ana.send(&select).await?;
    let told = bo.told_of(|told| matches!(told, ServerMessage::Selected { .. })).await?;
    let objects = vec![ObjectId(3)];
    assert_eq!(told, ServerMessage::Selected { person: ana.person, objects });
    bo.send(&select).await?;
    let denied = bo.told_of(|told| matches!(told, ServerMessage::Denied { .. })).await?;
    assert_eq!(denied, ServerMessage::Denied { denial: Denial::NotAllowed });
    server.shutdown().await;
    Ok(())
}

/// A store whose disk fails when it is told to.
pub struct Failing {
    pub inner: MemoryStore,
    pub failure: Arc<std::sync::Mutex<Option<StoreError>>>,
}

impl WorldStore for Failing {
    fn append(&mut self, batches: &[(String, SavedBatch)]) -> Result<(), StoreError> {
        match &*self.failure.lock().expect("nobody panics with it") {
            Some(error) => Err(error.clone()),
            None => self.inner.append(batches),
        }
    }
    fn worlds(&mut self) -> Result<Vec<String>, StoreError> {
        self.inner.worlds()
    }
    fn create(&mut self, world: &str, document: &[u8]) -> Result<(), StoreError> {
        self.inner.create(world, document)
    }
    fn load(&mut self, world: &str) -> Result<Option<StoredWorld>, StoreError> {
        self.inner.load(world)
    }
    fn snapshot(&mut self, world: &str, at: u64, document: &[u8]) -> Result<(), StoreError> {
        self.inner.snapshot(world, at, document)
    }
    fn history(&mut self, world: &str, at: u64, n: u32) -> Result<Vec<SavedBatch>, StoreError> {
        self.inner.history(world, at, n)
    }
    fn expire(&mut self, world: &str, expired: Expired, count: u32) -> Result<u32, StoreError> {
        self.inner.expire(world, expired, count)
    }
    fn versions(&mut self, world: &str) -> Result<Vec<Version>, StoreError> {
        self.inner.versions(world)
    }
    fn keep_version(&mut self, world: &str, v: &Version, json: &[u8]) -> Result<u64, StoreError> {
        self.inner.keep_version(world, v, json)
    }
    fn version(&mut self, world: &str, id: u64) -> Result<Option<(Version, Vec<u8>)>, StoreError> {
        self.inner.version(world, id)
    }
    fn delete_version(&mut self, world: &str, id: u64) -> Result<(), StoreError> {
        self.inner.delete_version(world, id)
    }
    fn drafts(&mut self) -> Result<Vec<Draft>, StoreError> {
        self.inner.drafts()
    }
    fn begin_draft(&mut self, draft: &Draft, document: &[u8]) -> Result<u64, StoreError> {
        self.inner.begin_draft(draft, document)
    }
    fn end_draft(&mut self, world: &str) -> Result<bool, StoreError> {
        self.inner.end_draft(world)
    }
    fn save_poses(&mut self, world: &str, poses: &[u8]) -> Result<(), StoreError> {
        self.inner.save_poses(world, poses)
    }
    fn poses(&mut self, world: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.poses(world)
    }
    fn grants(&mut self) -> Result<Vec<Grant>, StoreError> {
        self.inner.grants()
    }
    fn grant(&mut self, grant: &Grant) -> Result<(), StoreError> {
        self.inner.grant(grant)
    }
    fn rename(&mut self, account: &str, name: &str) -> Result<(), StoreError> {
        self.inner.rename(account, name)
    }
    fn invite(&mut self, invitation: &Invitation, now_ms: u64) -> Result<(), StoreError> {
        self.inner.invite(invitation, now_ms)
    }
    fn redeem(
        &mut self,
        digest: &str,
        who: &str,
        name: &str,
        now: u64,
    ) -> Result<Option<Grant>, StoreError> {
        self.inner.redeem(digest, who, name, now)
    }
    fn shelved(&mut self) -> Result<Vec<Shelved>, StoreError> {
        self.inner.shelved()
    }
    fn shelve(&mut self, asset: &Shelved) -> Result<(), StoreError> {
        self.inner.shelve(asset)
    }
    fn unshelve(&mut self, world: &str, path: &str) -> Result<(), StoreError> {
        self.inner.unshelve(world, path)
    }
    fn minds(&mut self) -> &mut dyn MindStore {
        self.inner.minds()
    }

    fn api_keys(&mut self) -> &mut dyn KeyStore {
        self.inner.api_keys()
    }

    fn spending(&mut self) -> &mut dyn SpendingStore {
        self.inner.spending()
    }
}

#[tokio::test]
async fn what_the_disk_does_not_take_is_taken_back_and_a_broken_disk_stops_the_world()
-> anyhow::Result<()> {
    let failure = Arc::new(std::sync::Mutex::new(None));
    let store = Failing { inner: MemoryStore::default(), failure: failure.clone() };
    let config = ServerConfig::on_free_port();
    let server = Server::start_kept(config, worlds(), Box::new(store)).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let mut visitor = Client::enter(&server, "Vi").await?;
    assert_eq!(ana.operations(post_at(5.0, "kept")).await?.0, 200);

    *failure.lock().expect("nobody panics with it") =
        Some(StoreError::Full("the disk is full".into()));
    let (status, answer) = ana.operations(post_at(6.0, "lost")).await?;
    assert_eq!((status, &answer["error"]), (507, &json!("disk_full")), "{answer}");
    let back = |told: &ServerMessage| matches!(told, ServerMessage::Edited { author, .. } if author.is_empty());
    let told = visitor.told_of(back).await?;
    assert!(matches!(told, ServerMessage::Edited { number: 3, .. }), "{told:?}");
    let now = names(&document(server.address()).await?.0);
    assert!(now.contains("kept") && !now.contains("lost"), "{now:?}");
    // What somebody may do is taken back with the change that says it.
    let owner = Builder::invited(&server, 2, Role::Owner).await?;
    let takes = json!([{ "permission": {
        "account": account(1), "name": "Ana", "from": "builder", "to": "visitor" } }]);
    assert_eq!(owner.operations(takes.clone()).await?.0, 507);
    visitor.told_of(back).await?;
    let (_, roles) = owner.ask(("GET", "/api/worlds/here/roles"), "").await?;
    assert_eq!((&roles[1]["account"], &roles[1]["role"]), (&json!(account(1)), &json!("builder")));

    // Once there is room it goes on, from where it was.
    *failure.lock().expect("nobody panics with it") = None;
    let (status, done) = ana.operations(post_at(7.0, "later")).await?;
    assert_eq!((status, &done["revision"]), (200, &json!(2)), "{done}");

    *failure.lock().expect("nobody panics with it") = Some(StoreError::Broken("fsync".into()));
    let (status, answer) = ana.operations(post_at(8.0, "never")).await?;
    assert_eq!((status, &answer["error"]), (503, &json!("unknown")), "{answer}");
    visitor.farewell().await?;
    // The disk may seem well again: nobody knows what is on it.
    *failure.lock().expect("nobody panics with it") = None;
    let (status, answer) = ana.operations(post_at(9.0, "again")).await?;
    assert_eq!((status, &answer["error"]), (503, &json!("not_kept")), "{answer}");
    assert!(answer["text"].as_str().is_some_and(|text| text.contains("has stopped")), "{answer}");
    let (status, body) = crate::harness::socket::get(&server, "/readyz").await?;
    assert_eq!(status, 503, "{body}");
    server.shutdown().await;
    Ok(())
}

/// How high a loose thing is for whoever comes in first, metres.
pub async fn height_m(server: &Server, object: u32) -> anyhow::Result<f32> {
    let mut ana = Client::enter(server, "Ana").await?;
    let thing = Identity { facet: Facet::Object, subject: object };
    loop {
        ana.framed().await?;
        if let Some((_, fields)) = ana.view.members().get(&thing) {
            return Ok(fields[1] as f32 / 512.0);
        }
    }
}

#[tokio::test]
async fn loose_things_are_found_where_they_were_left() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let worlds_folder = folder.path().join("assets/worlds");
    std::fs::create_dir_all(&worlds_folder)?;
    let write = |height: f32| {
        let document = json!({
            "version": 1, "name": "here", "title": "Here",
            "objects": [
                { "position_m": [0.0, -0.5, 0.0], "properties": { "colliders": [
                    { "shape": { "box": { "size_m": [100.0, 1.0, 100.0] } } }] } },
                { "name": "gate", "properties": { "spawn": {} } },
                { "name": "ball", "position_m": [0.0, height, -3.0], "properties": {
                    "body": { "kind": "dynamic" },
                    "colliders": [{ "shape": { "ball": { "radius_m": 0.4 } } }] } },
            ]
        });
        std::fs::write(worlds_folder.join("here.json"), document.to_string())
    };
    let open = || {
        let data = folder.path().join("data");
        let assets = folder.path().join("assets");
        Server::start(ServerConfig { data, assets, ..ServerConfig::on_free_port() })
    };
    write(30.0)?;
    let server = open().await?;
    assert!(height_m(&server, 2).await? > 5.0);
    until("it has fallen", async || Ok(height_m(&server, 2).await? <= 1.0)).await?;
    server.shutdown().await;
    let server = open().await?;
    assert!(height_m(&server, 2).await? < 1.0, "it lies where it was left");
    // An edit of the thing itself counts more than where it was before.
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let up = json!([{ "place": { "object": 2, "position_m": [0, 20, -3], "rotation": [0, 0, 0, 1],
        "scale": [1, 1, 1] } }]);
    assert_eq!(ana.operations(up).await?.0, 200);
    server.shutdown().await;
    let server = open().await?;
    assert!(height_m(&server, 2).await? > 5.0, "it falls from where it was put");
    server.shutdown().await;
    Ok(())
}
