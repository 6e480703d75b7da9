//! Drafts: copies of worlds that are built in beside them, and published or discarded.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use vivarium_contract::editing::Role;
use vivarium_host::{config::ServerConfig, server::Server};
use vivarium_protocol::{intent::Hello, notice::ServerMessage};
use vivarium_store::{adapters::memory::MemoryStore, port::StoreError};

use crate::{
    building::{Builder, Failing, document, names, post_at},
    harness::socket::{Client, build, get, hello, server, worlds},
    versions::{ok, refused, status},
};

const DRAFTS: &str = "/api/worlds/here/drafts";

/// Begins a draft of the world `here`; gives its name.
pub async fn begin(builder: &Builder, title: &str) -> anyhow::Result<String> {
    let begun = ok(builder.post(DRAFTS, &json!({ "title": title, "name": "Ana" }))).await?;
    Ok(begun["world"].as_str().context("a name")?.to_owned())
}

pub fn path(world: &str, what: &str) -> String {
    format!("/api/worlds/{world}/{what}")
}

pub async fn change(builder: &Builder, world: &str, operations: Value) -> anyhow::Result<Value> {
    let body = json!({ "operations": operations, "name": "Ana" });
    ok(builder.post(&path(world, "operations"), &body)).await
}

fn rename(object: u32, name: &str) -> Value {
    json!([{ "rename": { "object": object, "name": name } }])
}

/// Names of all objects of a world as a newcomer gets it.
pub async fn names_in(server: &Server, world: &str) -> anyhow::Result<BTreeSet<String>> {
    let (status, _, body) =
        build(server.address(), ("GET", &format!("/worlds/{world}.json")), "", "").await?;
    ensure!(status == 200, "{status}: {body}");
    Ok(names(&serde_json::from_str(&body)?))
}

async fn enter(server: &Server, world: &str) -> anyhow::Result<Client> {
    let hello = Hello { world: world.into(), ..hello("Vi") };
    let (mut client, _) = Client::join(server, &hello).await?;
    client.told_of(|told| matches!(told, ServerMessage::Entered { .. })).await?;
    Ok(client)
}

/// The names of the world's drafts.
pub async fn drafts(builder: &Builder) -> anyhow::Result<Vec<String>> {
    let listed = ok(builder.ask(("GET", DRAFTS), "")).await?;
    let listed = listed["drafts"].as_array().context("a list")?.iter();
    Ok(listed.filter_map(|draft| draft["world"].as_str()).map(str::to_owned).collect())
}

#[tokio::test]
async fn what_was_built_in_a_draft_is_published_beside_what_others_did_meanwhile()
-> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let bo = Builder::invited(&server, 2, Role::Builder).await?;
    change(&ana, "here", post_at(1.0, "before")).await?;
    let draft = begin(&ana, "New lamps").await?;
    let listed = ok(bo.ask(("GET", DRAFTS), "")).await?;
    let (of, told) = (&listed["of"], &listed["drafts"][0]);
    assert_eq!((of, &told["world"]), (&Value::Null, &json!(draft)), "{listed}");
    assert_eq!((&told["title"], &told["name"]), (&json!("New lamps"), &json!("Ana")));
    let within = ok(bo.ask(("GET", &path(&draft, "drafts")), "")).await?;
    assert_eq!((&within["of"], &within["title"]), (&json!("here"), &json!("New lamps")));
    let (_, all) = get(&server, "/api/worlds").await?;
    assert!(all.contains("there") && !all.contains(&draft), "it is in no list: {all}");

    let (_, measured) = get(&server, "/metrics").await?;
    assert!(
        measured.contains("here (draft 1)") && !measured.contains(&draft),
        "nor told by metrics"
    );

    let mut visitor = enter(&server, &draft).await?;
    let made = change(&bo, &draft, post_at(2.0, "lamp")).await?;
    assert_eq!(made["revision"], 1, "a draft has a log of its own");
    visitor.told_of(|told| matches!(told, ServerMessage::Edited { .. })).await?;
    change(&ana, &draft, rename(3, "globe")).await?;
    // The same id as the lamp has, in the draft.
    change(&ana, "here", post_at(3.0, "bench")).await?;
    assert!(!names_in(&server, "here").await?.contains("lamp"));
    assert!(!names_in(&server, &draft).await?.contains("bench"));

    let preview = ok(bo.ask(("GET", &path(&draft, "publish")), "")).await?;
    assert_eq!(preview["added"][0]["name"], "lamp", "{preview}");
    assert_eq!((&preview["conflicts"], &preview["removed"]), (&json!([]), &json!([])));
    assert_eq!(preview["changed"].as_array().map(Vec::len), Some(1));
    let published = ok(bo.post(&path(&draft, "publish"), &json!({ "name": "Bo" }))).await?;
    let expected = json!({ "world": "here", "revision": 3, "operations": 2 });
    assert_eq!(published, expected);
    let now = names_in(&server, "here").await?;
    for name in ["before", "bench", "lamp", "globe"] {
        assert!(now.contains(name), "{name}: {now:?}");
    }
    // Whoever was in it goes on in the world, and nothing is left of it.
    let told = visitor.told_of(|told| matches!(told, ServerMessage::Entered { .. })).await?;
    let ServerMessage::Entered { document_url, .. } = told else { panic!("{told:?}") };
    assert!(document_url.starts_with("/worlds/here.json"), "{document_url}");
    visitor.framed().await?;
    assert!(drafts(&ana).await?.is_empty());
    for (way, what) in [("GET", "publish"), ("POST", "publish"), ("POST", "operations")] {
        let gone = refused(bo.ask((way, &path(&draft, what)), "{}")).await?;
        assert_eq!(gone, status(404, "no_world"));
    }
    assert_eq!(get(&server, &format!("/worlds/{draft}.json")).await?.0, 404);
    assert!(!get(&server, "/metrics").await?.1.contains("(draft 1)"), "nor is it measured");

    let history = ok(ana.ask(("GET", &path("here", "history")), "")).await?;
    assert_eq!(history[0]["name"], "Bo");
    let undone = ok(bo.post(&path("here", "undo"), &json!({}))).await?;
    assert_eq!(undone["revision"], 4);
    let now = names_in(&server, "here").await?;
    assert!(now.contains("bench") && !now.contains("lamp"), "it is undone as one: {now:?}");
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn what_both_have_changed_is_published_only_when_somebody_says_whose_counts()
-> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    for (settling, name) in [("draft", "globe"), ("world", "sphere")] {
        let draft = begin(&ana, settling).await?;
        change(&ana, &draft, rename(3, "globe")).await?;
        change(&ana, &draft, post_at(2.0, &format!("lamp of {settling}"))).await?;
        change(&ana, "here", rename(3, "sphere")).await?;
        let publish = path(&draft, "publish");
        let preview = ok(ana.ask(("GET", &publish), "")).await?;
        let conflict = json!([{ "object": 3, "name": "sphere", "aspect": "name" }]);
        assert_eq!((&preview["conflicts"], &preview["conflicts_more"]), (&conflict, &json!(0)));
        for body in [json!({}), json!({ "conflicts": "refuse" })] {
            let (status, answer) = ana.post(&publish, &body).await?;
            assert_eq!((status, &answer["error"]), (409, &json!("conflicts")), "{answer}");
            assert_eq!(answer["conflicts"], conflict);
        }
        assert_eq!(
            refused(ana.post(&publish, &json!({ "conflicts": "both" }))).await?,
            status(400, "malformed")
        );
        // It goes on, as if nothing had been tried.
        change(&ana, &draft, rename(1, &format!("gate of {settling}"))).await?;
        ok(ana.post(&publish, &json!({ "conflicts": settling }))).await?;
        let now = names_in(&server, "here").await?;
        assert!(now.contains(name) && now.contains(&format!("lamp of {settling}")), "{now:?}");
        assert!(now.contains(&format!("gate of {settling}")), "{now:?}");
        if settling == "draft" {
            ok(ana.post(&path("here", "operations"), &json!({ "operations": rename(3, "ball") })))
                .await?;
        }
    }
    // A draft in which nothing was done makes nothing of the world.
    let draft = begin(&ana, "idle").await?;
    let revision = document(server.address()).await?.1;
    let published = ok(ana.ask(("POST", &path(&draft, "publish")), "")).await?;
    assert_eq!(published["operations"], 0);
    assert_eq!(document(server.address()).await?.1, revision);
    assert!(drafts(&ana).await?.is_empty());
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn only_builders_have_drafts_and_only_so_many() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let owner = Builder::invited(&server, 1, Role::Owner).await?;
    let bo = Builder::invited(&server, 2, Role::Builder).await?;
    let cy = Builder::invited(&server, 3, Role::Builder).await?;
    let visitor = Builder::new(&server, 9);
    let draft = begin(&bo, "Bo's").await?;
    let discarding = |draft: &str| format!("/api/worlds/{draft}");
    let ways = [
        ("GET", DRAFTS.to_owned()),
        ("POST", DRAFTS.to_owned()),
        ("GET", path(&draft, "publish")),
        ("POST", path(&draft, "publish")),
        ("POST", path(&draft, "operations")),
        ("DELETE", discarding(&draft)),
    ];
    for (way, path) in &ways {
        assert_eq!(refused(visitor.ask((way, path), "{}")).await?, status(403, "forbidden"));
    }
    let role = ok(cy.ask(("GET", &path(&draft, "role")), "")).await?;
    assert_eq!(role["role"], "builder", "roles are those of the world");
    for title in ["", " \u{200b}", &"x".repeat(61)] {
        assert_eq!(
            refused(bo.post(DRAFTS, &json!({ "title": title }))).await?,
            status(400, "malformed")
        );
    }
    assert_eq!(
        refused(owner.post(&path(&draft, "drafts"), &json!({ "title": "Again" }))).await?,
        status(409, "draft")
    );
    let gives = json!({ "operations": [{ "permission": {
        "account": crate::building::account(9), "name": "Vi", "from": "visitor",
        "to": "builder" } }] });
    assert_eq!(
        refused(owner.post(&path(&draft, "operations"), &gives)).await?,
        status(409, "draft")
    );
    let base = ok(bo.ask(("GET", &path(&draft, "drafts")), "")).await?["base"].clone();
    let base = path(&draft, &format!("versions/{base}"));
    assert_eq!(refused(owner.ask(("DELETE", &base), "")).await?, status(409, "base"));
    assert_eq!(
        refused(owner.post(&path("here", "publish"), &json!({}))).await?,
        status(409, "no_draft")
    );
    assert_eq!(
        refused(owner.ask(("DELETE", "/api/worlds/here"), "")).await?,
        status(404, "no_draft"),
        "worlds are not deleted"
    );

    let mut all = vec![draft.clone()];
    for number in 1..8 {
        all.push(begin(&cy, &format!("number {number}")).await?);
    }
    assert_eq!(
        refused(cy.post(DRAFTS, &json!({ "title": "One more" }))).await?,
        status(409, "full")
    );
    assert_eq!(
        refused(cy.ask(("DELETE", &discarding(&draft)), "")).await?,
        status(403, "forbidden"),
        "it is Bo's"
    );
    let mut visitor = enter(&server, &draft).await?;
    let discarded = ok(bo.ask(("DELETE", &discarding(&draft)), "")).await?;
    assert_eq!(discarded, json!({ "of": "here" }));
    visitor.told_of(|told| matches!(told, ServerMessage::Entered { .. })).await?;
    ok(owner.ask(("DELETE", &discarding(&all[1])), "")).await?;
    let left: BTreeSet<String> = drafts(&cy).await?.into_iter().collect();
    assert_eq!(left, all[2..].iter().cloned().collect());
    assert_eq!(document(server.address()).await?.1, 0, "nothing came of them");
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn of_many_who_publish_a_draft_at_once_one_does() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Arc::new(Builder::invited(&server, 1, Role::Builder).await?);
    let draft = begin(&ana, "Wanted").await?;
    change(&ana, &draft, post_at(2.0, "lamp")).await?;
    let publish = path(&draft, "publish");
    let tries = (0..6).map(|number| {
        let (ana, publish, draft) = (ana.clone(), publish.clone(), draft.clone());
        tokio::spawn(async move {
            match number % 3 {
                0 | 1 => ana.post(&publish, &json!({})).await,
                _ => ana.ask(("DELETE", &format!("/api/worlds/{draft}")), "").await,
            }
        })
    });
    let mut done = 0;
    for tried in tries.collect::<Vec<_>>() {
        let (status, answer) = tried.await??;
        ensure!([200, 404, 409].contains(&status), "{status}: {answer}");
        done += u32::from(status == 200);
    }
    assert_eq!(done, 1);
    assert!(drafts(&ana).await?.is_empty());
    assert!(document(server.address()).await?.1 <= 1);
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_draft_that_could_not_be_published_goes_on() -> anyhow::Result<()> {
    let failure = Arc::new(std::sync::Mutex::new(None));
    let store = Failing { inner: MemoryStore::default(), failure: failure.clone() };
    let server =
        Server::start_kept(ServerConfig::on_free_port(), worlds(), Box::new(store)).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let draft = begin(&ana, "Lamps").await?;
    change(&ana, &draft, post_at(2.0, "lamp")).await?;
    *failure.lock().expect("nobody panics with it") = Some(StoreError::Full("it is full".into()));
    let publish = path(&draft, "publish");
    assert_eq!(refused(ana.post(&publish, &json!({}))).await?, status(507, "disk_full"));
    *failure.lock().expect("nobody panics with it") = None;
    assert_eq!(drafts(&ana).await?, std::slice::from_ref(&draft));
    change(&ana, &draft, post_at(3.0, "bench")).await?;
    ok(ana.post(&publish, &json!({}))).await?;
    let now = names_in(&server, "here").await?;
    assert!(now.contains("lamp") && now.contains("bench"), "{now:?}");
    server.shutdown().await;
    Ok(())
}

async fn start(data: &Path, assets: &Path) -> anyhow::Result<Server> {
    let config = ServerConfig {
        data: data.to_owned(),
        assets: assets.to_owned(),
        ..ServerConfig::on_free_port()
    };
    Ok(Server::start(config).await?)
}

#[tokio::test]
async fn drafts_are_there_again_when_the_server_is() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (data, assets) = (folder.path().join("data"), folder.path().join("assets"));
    std::fs::create_dir_all(assets.join("worlds"))?;
    for source in worlds() {
        std::fs::write(assets.join(format!("worlds/{}.json", source.document.name)), &source.json)?;
    }
    let first = start(&data, &assets).await?;
    let ana = Builder::invited(&first, 1, Role::Builder).await?;
    let draft = begin(&ana, "Lamps").await?;
    let idle = begin(&ana, "Idle").await?;
    change(&ana, &draft, post_at(2.0, "lamp")).await?;
    change(&ana, "here", post_at(3.0, "bench")).await?;
    first.shutdown().await;

    let second = start(&data, &assets).await?;
    let ana = Builder::new(&second, 1);
    let found: BTreeSet<String> = drafts(&ana).await?.into_iter().collect();
    assert_eq!(found, BTreeSet::from([draft.clone(), idle.clone()]));
    assert!(names_in(&second, &draft).await?.contains("lamp"));
    let (_, all) = get(&second, "/api/worlds").await?;
    assert!(!all.contains(&draft), "{all}");
    change(&ana, &draft, rename(3, "globe")).await?;
    ok(ana.post(&path(&draft, "publish"), &json!({}))).await?;
    second.shutdown().await;

    let third = start(&data, &assets).await?;
    let ana = Builder::new(&third, 1);
    assert_eq!(drafts(&ana).await?, [idle]);
    let now = names_in(&third, "here").await?;
    assert!(["lamp", "bench", "globe"].iter().all(|name| now.contains(*name)), "{now:?}");
    third.shutdown().await;
    Ok(())
}
