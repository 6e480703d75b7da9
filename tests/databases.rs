//! A server whose worlds are kept in PostgreSQL instead of a file.

use std::path::Path;

use anyhow::{Context, ensure};
use serde_json::json;
use vivarium_contract::editing::Role;
use vivarium_host::{config::ServerConfig, server::Server};

use crate::{
    building::{Builder, document, names, post_at},
    drafts::{begin, change, drafts, names_in, path},
    harness::{database::Postgres, socket::worlds},
    versions::{ok, refused, status},
};

/// As the command line does with `--database`; the folder has the assets, and no database.
async fn start(database: &str, folder: &Path) -> anyhow::Result<Server> {
    let config = ServerConfig {
        data: folder.join("data"),
        assets: folder.join("assets"),
        database: Some(database.to_owned()),
        ..ServerConfig::on_free_port()
    };
    Ok(Server::start(config).await?)
}

#[tokio::test]
async fn a_world_in_postgresql_is_there_again_with_its_roles_history_and_drafts()
-> anyhow::Result<()> {
    let started = tokio::task::spawn_blocking(|| {
        let postgres = Postgres::start();
        let database = postgres.database();
        (postgres, database)
    });
    let (_postgres, database) = started.await?;
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    std::fs::create_dir_all(folder.join("assets/worlds"))?;
    for source in worlds() {
        let file = format!("assets/worlds/{}.json", source.document.name);
        std::fs::write(folder.join(file), &source.json)?;
    }

    let first = start(&database, folder).await?;
    let taken = start(&database, folder).await.err().context("one server writes")?;
    ensure!(taken.to_string().contains("another server"), "{taken}");
    let (ana, bo) = (Builder::invited(&first, 1, Role::Owner).await?, Builder::new(&first, 2));
    let invite = json!({ "role": "builder", "expires_in_s": 60 });
    let [for_bo, for_cy] = [
        ok(ana.post(&path("here", "invitations"), &invite)).await?,
        ok(ana.post(&path("here", "invitations"), &invite)).await?,
    ];
    ok(bo.post("/api/invitations", &json!({ "invitation": for_bo["invitation"] }))).await?;
    ok(bo.operations(post_at(1.0, "post"))).await?;
    let version = ok(ana.post(&path("here", "versions"), &json!({ "name": "a post" }))).await?;
    change(&ana, "here", json!([{ "rename": { "object": 4, "name": "pillar" } }])).await?;
    change(&ana, "here", json!([{ "delete": { "object": 4 } }])).await?;
    ok(ana.post(&path("here", "undo"), &json!({}))).await?;
    let draft = begin(&ana, "Lamps").await?;
    change(&bo, &draft, post_at(2.0, "lamp")).await?;
    let served = document(first.address()).await?.0;
    let history = ok(ana.ask(("GET", &path("here", "history")), "")).await?;
    first.shutdown().await;
    ensure!(!folder.join("data").join(vivarium_store::adapters::sqlite::FILE).exists());

    let second = start(&database, folder).await?;
    let [ana, bo, cy] = [1, 2, 3].map(|number| Builder::new(&second, number));
    assert_eq!(document(second.address()).await?.0, served);
    assert!(names(&served).contains("pillar"), "{served}");
    assert_eq!(ok(ana.ask(("GET", &path("here", "history")), "")).await?, history);
    assert_eq!(refused(cy.operations(post_at(3.0, "bench"))).await?, status(403, "forbidden"));
    ok(cy.post("/api/invitations", &json!({ "invitation": for_cy["invitation"] }))).await?;
    ok(cy.operations(post_at(3.0, "bench"))).await?;
    assert_eq!(drafts(&bo).await?, std::slice::from_ref(&draft));
    assert!(names_in(&second, &draft).await?.contains("lamp"));
    let published = ok(bo.post(&path(&draft, "publish"), &json!({ "name": "Bo" }))).await?;
    let served = document(second.address()).await?.0;
    let history = ok(ana.ask(("GET", &path("here", "history")), "")).await?;
    assert_eq!(
        (&history[0]["revision"], &history[0]["name"]),
        (&published["revision"], &json!("Bo"))
    );
    second.shutdown().await;

    let third = start(&database, folder).await?;
    let ana = Builder::new(&third, 1);
    assert_eq!(document(third.address()).await?.0, served);
    let now = names(&served);
    assert!(["pillar", "bench", "lamp"].iter().all(|name| now.contains(*name)), "{now:?}");
    assert_eq!(ok(ana.ask(("GET", &path("here", "history")), "")).await?, history);
    assert!(drafts(&ana).await?.is_empty());
    assert_eq!(
        refused(ana.ask(("GET", &path(&draft, "publish")), "")).await?,
        status(404, "no_world")
    );
    ok(ana.post(&path("here", "restore"), &json!({ "version": version["id"] }))).await?;
    let now = names(&document(third.address()).await?.0);
    assert!(now.contains("post") && !now.contains("lamp"), "{now:?}");
    third.shutdown().await;
    Ok(())
}
