//! Worlds that go out as files, and come in again: on another server, beside another world, or as a
//! new one.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Parser;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use vivarium_contract::editing::Role;
use vivarium_host::{
    config::{Cli, Command, ServerConfig, WorldCommand},
    exchange::files,
    server::Server,
};

use vivarium_scene::document::WorldDocument;

use crate::{
    harness::socket::server,
    uploads::{Builder, model},
};

fn assets() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../assets")
}

/// `vivarium world ...`, as somebody would write it.
async fn command(data: &Path, words: &[&str]) -> anyhow::Result<String> {
    let (data, assets) = (data.display().to_string(), assets().display().to_string());
    let common = ["--data", &data, "--assets", &assets];
    let all = ["vivarium", "world"].iter().chain(words).chain(&common);
    match Cli::try_parse_from(all)?.command {
        Command::World(WorldCommand::Export(config)) => {
            let json = files::export(&config).await?;
            Ok(json.map(String::from_utf8).transpose()?.unwrap_or_default())
        }
        Command::World(WorldCommand::Import(config)) => {
            let made = files::import(&config).await?;
            Ok(made.document.name)
        }
        other => anyhow::bail!("{other:?}"),
    }
}

/// A world without what depends on where it is kept.
fn content(json: &str) -> anyhow::Result<WorldDocument> {
    let mut document = vivarium_scene::load::from_json(json.as_bytes())?;
    document.name.clear();
    Ok(document)
}

#[tokio::test]
async fn the_plaza_goes_to_another_server_and_is_the_same() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    let file = folder.path().join("plaza.zip").display().to_string();
    assert_eq!(command(&here, &["export", &file, "--world", "plaza"]).await?, "");
    let taken = command(&there, &["import", &file]).await.unwrap_err().to_string();
    assert!(taken.contains("choose another name with --name"), "{taken}");
    let wrong = command(&there, &["import", &file, "--name", "No Way"]).await.unwrap_err();
    assert!(wrong.to_string().contains("lower-case letters"), "{wrong}");
    assert_eq!(command(&there, &["import", &file, "--name", "copy"]).await?, "copy");
    let again = command(&there, &["import", &file, "--name", "copy"]).await.unwrap_err();
    assert!(again.to_string().contains("there is a world \"copy\" already"), "{again}");
    let original = command(&here, &["export", "--world", "plaza"]).await?;
    let copy = command(&there, &["export", "--world", "copy"]).await?;
    assert_eq!(content(&copy)?, content(&original)?);

    // As one glb it comes back the same, too; what other programs write cannot be guessed.
    let glb = folder.path().join("plaza.glb").display().to_string();
    assert_eq!(command(&here, &["export", &glb, "--world", "plaza"]).await?, "");
    assert_eq!(command(&there, &["import", &glb, "--name", "third"]).await?, "third");
    let third = command(&there, &["export", "--world", "third"]).await?;
    assert_eq!(content(&third)?, content(&original)?);
    let other = folder.path().join("plaza.txt").display().to_string();
    let wrong = command(&here, &["export", &other, "--world", "plaza"]).await.unwrap_err();
    assert!(wrong.to_string().contains("must end in .zip, .glb or .json"), "{wrong}");

    // A server serves it, though no file of the assets has it.
    let mut config = ServerConfig::on_free_port();
    (config.data, config.assets) = (there.clone(), assets());
    config.worlds = vec!["copy".into()];
    let server = Server::start(config).await?;
    let served = reqwest_get(&format!("{}worlds/copy.json", server.url())).await?;
    assert_eq!(content(&served)?, content(&original)?);
    server.shutdown().await;
    let missing = command(&there, &["export", "--world", "nowhere"]).await.unwrap_err();
    assert!(missing.to_string().contains("there is no world \"nowhere\""), "{missing}");
    Ok(())
}

async fn reqwest_get(url: &str) -> anyhow::Result<String> {
    Ok(crate::uploads::http()?.get(url).send().await?.error_for_status()?.text().await?)
}

#[tokio::test]
async fn a_running_world_goes_out_and_comes_in_and_an_undo_takes_it_back() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Builder::invited(&server, 1, Role::Owner).await?;
    let (_, oak) = ana.upload("oak.glb", model("oak.glb")).await?;
    let path = oak["path"].as_str().context("a path")?;
    ana.place(path).await?;
    // A script that nobody has put there is named, and hinders nothing.
    let script =
        json!({ "module": "scripts/door.wasm", "settings": { "keys": 3, "sign": "Knock" } });
    let body =
        json!({ "operations": [{ "set": { "object": 0, "property": { "script": script } } }] });
    let set = ana.ask(Method::POST, "api/worlds/here/operations", body.to_string().into()).await?;
    assert_eq!(set.status(), StatusCode::OK, "{}", set.text().await?);
    let out = ana.ask(Method::GET, "api/worlds/here/export.zip", Vec::new()).await?;
    assert_eq!(out.status(), StatusCode::OK);
    let name = out.headers().get(header::CONTENT_DISPOSITION).context("a name")?.to_str()?;
    assert_eq!(name, "attachment; filename=\"here.zip\"");
    let zip = out.bytes().await?.to_vec();
    let before = document(&server).await?;

    // As it is, it is there already.
    let same = ana.ask(Method::POST, "api/worlds/here/import?replace=true", zip.clone()).await?;
    let told = ana.ask(Method::GET, "api/worlds/here/history", Vec::new()).await?.text().await?;
    assert_eq!(same.status(), StatusCode::CONFLICT, "{} {told}", same.text().await?);

    let out = ana.ask(Method::GET, "api/worlds/here/export.glb", Vec::new()).await?;
    assert_eq!(out.status(), StatusCode::OK);
    let glb = out.bytes().await?.to_vec();
    let same = ana.ask(Method::POST, "api/worlds/here/import?replace=true", glb.clone()).await?;
    assert_eq!(same.status(), StatusCode::CONFLICT, "{}", same.text().await?);

    // Beside what is there, everything is there twice; an undo takes it back.
    let beside = ana.ask(Method::POST, "api/worlds/here/import", zip.clone()).await?;
    let (status, told) = (beside.status(), beside.json::<Value>().await?);
    assert_eq!(status, StatusCode::OK, "{told}");
    let objects = |document: &Value| document["objects"].as_array().map_or(0, Vec::len);
    let twice = document(&server).await?;
    assert_eq!(objects(&twice), 2 * objects(&before));
    assert_eq!(told["objects"], json!(objects(&before)));
    let undone = ana.ask(Method::POST, "api/worlds/here/undo", Vec::new()).await?;
    assert_eq!(undone.status(), StatusCode::OK);
    assert_eq!(document(&server).await?["objects"], before["objects"]);

    // On another server the model comes along under its name.
    let other = crate::harness::socket::server(|_| {}).await?;
    let bo = Builder::invited(&other, 2, Role::Owner).await?;
    let came = bo.ask(Method::POST, "api/worlds/here/import?replace=true", zip.clone()).await?;
    let (status, told) = (came.status(), came.json::<Value>().await?);
    assert_eq!(status, StatusCode::OK, "{told}");
    let absent = "the script scripts/door.wasm is not on this server";
    assert_eq!(told["warnings"], json!([absent]));
    assert_eq!(bo.get(path, &[]).await?.status(), StatusCode::OK);
    assert_eq!(bo.library().await?["assets"][0]["path"], json!(path));
    // A glb has the model inside, which is looked at like any upload.
    let third = crate::harness::socket::server(|_| {}).await?;
    let cy = Builder::invited(&third, 3, Role::Owner).await?;
    let came = cy.ask(Method::POST, "api/worlds/here/import?replace=true", glb).await?;
    assert_eq!(came.status(), StatusCode::OK, "{}", came.text().await?);
    let library = cy.library().await?;
    assert_eq!(library["assets"][0]["used"], true, "{library}");
    assert_eq!(library["assets"][0]["details"]["triangles"], oak["details"]["triangles"]);
    third.shutdown().await;

    let (mut came, mut was) = (document(&other).await?, before);
    for document in [&mut came, &mut was] {
        let head = document.as_object_mut().context("an object")?;
        head.remove("next_id");
        for object in head["objects"].as_array_mut().context("a list")? {
            object.as_object_mut().context("an object")?.remove("id");
        }
    }
    assert_eq!(came, was);
    server.shutdown().await;
    other.shutdown().await;
    Ok(())
}

async fn document(server: &Server) -> anyhow::Result<Value> {
    Ok(serde_json::from_str(&reqwest_get(&format!("{}worlds/here.json", server.url())).await?)?)
}

#[tokio::test]
async fn only_builders_exchange_worlds_and_damaged_files_change_nothing() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let visitor = Builder::invited(&server, 1, Role::Visitor).await?;
    let builder = Builder::invited(&server, 2, Role::Builder).await?;
    for path in ["export.zip", "export.glb"] {
        let path = format!("api/worlds/here/{path}");
        let refused = visitor.ask(Method::GET, &path, Vec::new()).await?;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    }
    let zip = builder.ask(Method::GET, "api/worlds/here/export.zip", Vec::new()).await?;
    let zip = zip.bytes().await?.to_vec();
    let before = document(&server).await?;
    let mut damaged = zip.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x55;
    for (who, path, body, status) in [
        (&visitor, "import", zip.clone(), 403),
        (&builder, "import?replace=true", zip.clone(), 403),
        (&builder, "import", damaged, 422),
        (&builder, "import", zip[..middle].to_vec(), 422),
        (&builder, "import", b"hello".to_vec(), 415),
        (&builder, "import", Vec::new(), 415),
    ] {
        let answer = who.ask(Method::POST, &format!("api/worlds/here/{path}"), body).await?;
        let (found, text) = (answer.status().as_u16(), answer.text().await?);
        ensure!(found == status, "{path}: {found} {text}");
        ensure!(serde_json::from_str::<Value>(&text)?["text"].is_string(), "{text}");
    }
    assert_eq!(document(&server).await?, before);
    server.shutdown().await;
    Ok(())
}
