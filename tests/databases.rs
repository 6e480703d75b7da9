//! A server whose worlds are kept in PostgreSQL instead of a file.

use std::{collections::BTreeSet, path::Path};

use anyhow::{Context, ensure};
use clap::Parser;
use serde_json::json;
use vivarium_contract::editing::Role;
use vivarium_host::{
    backup,
    config::{Cli, Command, ServerConfig},
    server::Server,
};
use vivarium_store::adapters::postgres::PostgresStore;

use crate::{
    building::{Builder, document, names, post_at},
    crashes::{CLIENTS, check},
    disks::{all_build, are_missing},
    drafts::{begin, change, drafts, names_in, path},
    harness::{
        database::Postgres,
        socket::{get, worlds},
        until,
    },
    uploads::{self, model},
    versions::{kept_and_replayed, ok, refused, status},
};

/// As the command line does with `--database`; the folder has the assets, and no database.
async fn start(database: &str, folder: &Path) -> anyhow::Result<Server> {
    start_with(Some(database), folder, "data").await
}

/// As the command line does.
async fn start_with(database: Option<&str>, folder: &Path, data: &str) -> anyhow::Result<Server> {
    let config = ServerConfig {
        data: folder.join(data),
        assets: folder.join("assets"),
        database: database.map(str::to_owned),
        ..ServerConfig::on_free_port()
    };
    Ok(Server::start(config).await?)
}

/// `vivarium backup ...` or `vivarium restore ...`: how many assets there were.
async fn command(words: &[&str]) -> anyhow::Result<usize> {
    let command = Cli::try_parse_from(["vivarium"].iter().chain(words))?.command;
    let done = tokio::task::spawn_blocking(move || match command {
        Command::Backup(config) => {
            Ok(backup::back_up(&config.data, config.database.as_deref(), &config.file)?)
        }
        Command::Restore(config) => {
            Ok(backup::restore(&config.file, &config.data, config.database.as_deref())?)
        }
        other => anyhow::bail!("{other:?}"),
    });
    done.await?
}

/// The folder of the worlds, in which servers have their data as well.
fn worlds_folder() -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    std::fs::create_dir_all(folder.path().join("assets/worlds"))?;
    for source in worlds() {
        let file = format!("assets/worlds/{}.json", source.document.name);
        std::fs::write(folder.path().join(file), &source.json)?;
    }
    Ok(folder)
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
    let folder = worlds_folder()?;
    let folder = folder.path();

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

#[tokio::test]
async fn a_backup_of_postgresql_goes_into_another_database_and_into_a_file() -> anyhow::Result<()> {
    let started = tokio::task::spawn_blocking(|| {
        let postgres = Postgres::start();
        let databases = [postgres.database(), postgres.database()];
        (postgres, databases)
    });
    let (_postgres, [database, other]) = started.await?;
    let folder = worlds_folder()?;
    let folder = folder.path();
    let [data, second, third, backup, again] =
        ["data", "second", "third", "backup.sqlite", "again.sqlite"]
            .map(|name| folder.join(name).display().to_string());

    let server = start(&database, folder).await?;
    let (ana, bo) = (Builder::invited(&server, 1, Role::Owner).await?, Builder::new(&server, 2));
    let invite = json!({ "role": "builder", "expires_in_s": 60 });
    let for_bo = ok(ana.post(&path("here", "invitations"), &invite)).await?;
    let uploader = uploads::Builder::at(server.url(), 1)?;
    let (_, uploaded) = uploader.upload("bush.glb", model("bush.glb")).await?;
    let uploaded = uploaded["path"].as_str().with_context(|| uploaded.to_string())?.to_owned();
    ok(ana.operations(post_at(1.0, "post"))).await?;
    let version = ok(ana.post(&path("here", "versions"), &json!({ "name": "a post" }))).await?;
    change(&ana, "here", json!([{ "rename": { "object": 4, "name": "pillar" } }])).await?;
    let draft = begin(&ana, "Lamps").await?;
    change(&ana, &draft, post_at(2.0, "lamp")).await?;
    let served = document(server.address()).await?.0;
    let history = ok(ana.ask(("GET", &path("here", "history")), "")).await?;

    // While it runs, and goes on.
    let words = ["backup", &backup, "--data", &data, "--database", &database];
    assert_eq!(command(&words).await?, 1);
    ok(ana.operations(post_at(3.0, "late"))).await?;
    let words = ["restore", &backup, "--data", &second, "--database", &database];
    let taken = command(&words).await.err().context("a server has it")?;
    ensure!(taken.to_string().contains("another server"), "{taken}");
    server.shutdown().await;
    let full = command(&words).await.err().context("it is not empty")?;
    ensure!(full.to_string().contains("into an empty one"), "{full}");
    ensure!(!folder.join("second").exists(), "nothing is put back by halves");

    let words = ["restore", &backup, "--data", &second, "--database", &other];
    assert_eq!(command(&words).await?, 1);
    let moved = start_with(Some(&other), folder, "second").await?;
    assert_eq!(document(moved.address()).await?.0, served);
    let words = ["backup", &again, "--data", &second, "--database", &other];
    assert_eq!(command(&words).await?, 1);
    moved.shutdown().await;

    let words = ["restore", &again, "--data", &third];
    assert_eq!(command(&words).await?, 1);
    let server = start_with(None, folder, "third").await?;
    assert_eq!(document(server.address()).await?.0, served);
    let [ana, bo] = [ana, bo].map(|who| Builder { address: server.address(), ..who });
    assert_eq!(ok(ana.ask(("GET", &path("here", "history")), "")).await?, history);
    let (code, _) = get(&server, &format!("/assets/{uploaded}")).await?;
    assert_eq!(code, 200, "{uploaded}");
    assert_eq!(drafts(&ana).await?, std::slice::from_ref(&draft));
    assert!(names_in(&server, &draft).await?.contains("lamp"));
    assert_eq!(refused(bo.operations(post_at(3.0, "bench"))).await?, status(403, "forbidden"));
    ok(bo.post("/api/invitations", &json!({ "invitation": for_bo["invitation"] }))).await?;
    ok(bo.operations(post_at(3.0, "bench"))).await?;
    ok(ana.post(&path("here", "restore"), &json!({ "version": version["id"] }))).await?;
    let now = names(&document(server.address()).await?.0);
    assert!(now.contains("post") && !now.contains("pillar"), "{now:?}");
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn postgresql_that_is_killed_while_people_build_has_what_was_acknowledged()
-> anyhow::Result<()> {
    let started = tokio::task::spawn_blocking(|| {
        let postgres = Postgres::start();
        let database = postgres.database();
        (postgres, database)
    });
    let (mut postgres, database) = started.await?;
    let folder = worlds_folder()?;
    let folder = folder.path();
    let server = start(&database, folder).await?;
    let address = server.address();
    for client in 1..=CLIENTS {
        Builder::invited(&server, client, Role::Builder).await?;
    }
    let building = tokio::spawn(all_build(address, 0));
    until("people have built twenty things", async || {
        Ok(names(&document(address).await?.0).len() >= 20)
    })
    .await?;
    let mut postgres = tokio::task::spawn_blocking(move || {
        postgres.kill();
        postgres
    })
    .await?;
    let (mut kept, mut lost, mut is_in_doubt) = (BTreeSet::new(), BTreeSet::new(), false);
    for told in building.await?? {
        kept.extend(told.kept);
        for (name, status, answer) in told.refused {
            match (status, answer["error"].as_str().unwrap_or_default()) {
                // The connection was lost in a commit.
                (503, "unknown") => is_in_doubt = true,
                (503, "not_kept") => _ = lost.insert(name),
                _ => anyhow::bail!("{name}: {status} {answer}"),
            }
        }
    }
    let _postgres = tokio::task::spawn_blocking(move || {
        postgres.start_again();
        postgres
    })
    .await?;
    if !is_in_doubt {
        // Nothing keeps the world from going on, with a new connection.
        let ana = Builder::new(&server, 1);
        until("changes are kept again", async || {
            Ok(ana.operations(post_at(1.0, "again")).await?.0 == 200)
        })
        .await?;
        ensure!(names(&document(address).await?.0).contains("again"), "it goes on");
    }
    server.shutdown().await;

    let url = database.clone();
    let replayed = tokio::task::spawn_blocking(move || {
        kept_and_replayed(&mut PostgresStore::open(&url)?).map(|(_, replayed)| replayed)
    });
    let replayed = replayed.await??;
    let server = start(&database, folder).await?;
    check(server.address(), &kept, Some(&replayed)).await?;
    ensure!(are_missing(server.address(), &lost).await?, "something is there that was not kept");
    ok(Builder::new(&server, 1).operations(post_at(2.0, "after"))).await?;
    server.shutdown().await;
    Ok(())
}
