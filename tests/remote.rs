//! The command line beside a running server: it finds it, and has it do what it would do itself.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, ensure};
use clap::Parser;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    process::{Child, Command as Process},
};
use vivarium_contract::editing::Role;
use vivarium_host::{
    apply,
    config::{Cli, Command, ServerConfig, WorldCommand},
    exchange::files,
    remote::Applied,
    running,
    server::Server,
};
use vivarium_protocol::notice::ServerMessage;
use vivarium_scene::operation::PLACEHOLDERS;

use crate::{
    building::{Builder, account, document, names, post_at},
    harness::socket::{Client, worlds},
};

/// Tells the process of a test that it is the server.
const SERVES: &str = "VIVARIUM_REMOTE_SERVES";

/// Where a server has everything.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> anyhow::Result<Self> {
        let place = Self { folder: tempfile::tempdir()? };
        std::fs::create_dir_all(place.assets().join("worlds"))?;
        for source in worlds() {
            let file = format!("worlds/{}.json", source.document.name);
            std::fs::write(place.assets().join(file), &source.json)?;
        }
        Ok(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn assets(&self) -> PathBuf {
        self.path("assets")
    }

    fn data(&self) -> PathBuf {
        self.path("data")
    }

    fn config(&self) -> ServerConfig {
        let (data, assets) = (self.data(), self.assets());
        ServerConfig { data, assets, ..ServerConfig::on_free_port() }
    }

    fn file(&self, operations: &Value) -> anyhow::Result<String> {
        let path = self.path("operations.json");
        std::fs::write(&path, operations.to_string())?;
        Ok(path.display().to_string())
    }

    fn parsed(&self, words: &[&str]) -> anyhow::Result<Command> {
        let (data, assets) = (self.data(), self.assets());
        let data = ["--data", &data.display().to_string()].map(str::to_owned);
        let assets = ["--assets", &assets.display().to_string()].map(str::to_owned);
        let words = ["vivarium", "world"].iter().chain(words).map(|word| (*word).to_owned());
        Ok(Cli::try_parse_from(words.chain(data).chain(assets))?.command)
    }

    /// `vivarium world apply FILE --world here ...`
    async fn apply(&self, operations: &Value, more: &[&str]) -> anyhow::Result<Applied> {
        let file = self.file(operations)?;
        let words = [&["apply", &file, "--world", "here"], more].concat();
        match self.parsed(&words)? {
            Command::World(WorldCommand::Apply(config)) => Ok(apply::apply(&config).await?.1),
            other => anyhow::bail!("{other:?}"),
        }
    }

    /// Why that is not done.
    async fn refused(&self, operations: &Value, more: &[&str]) -> anyhow::Result<String> {
        match self.apply(operations, more).await {
            Ok(applied) => anyhow::bail!("it was done: {applied:?}"),
            Err(error) => Ok(error.to_string()),
        }
    }

    /// `vivarium world export ...`
    async fn export(&self, words: &[&str]) -> anyhow::Result<Option<Vec<u8>>> {
        match self.parsed(&[&["export"], words].concat())? {
            Command::World(WorldCommand::Export(config)) => Ok(files::export(&config).await?),
            other => anyhow::bail!("{other:?}"),
        }
    }
}

fn whole(revision: u64) -> Applied {
    Applied { revision, parts: 1 }
}

#[tokio::test]
async fn a_file_is_applied_while_people_are_inside_as_it_is_when_nobody_is() -> anyhow::Result<()> {
    let place = Place::new()?;
    let bad = json!([
        { "rename": { "object": 0, "name": "earth" } },
        { "delete": { "object": 99 } },
    ]);
    let said = place.refused(&bad, &[]).await?;
    assert!(said.starts_with("operations[1]: there is no object 99"), "{said}");

    let server = Server::start(place.config()).await?;
    let mut visitor = Client::enter(&server, "Vi").await?;
    assert_eq!(place.refused(&bad, &[]).await?, said, "in the same words");
    assert_eq!(place.apply(&post_at(1.0, "post"), &[]).await?, whole(1));
    assert_eq!(place.apply(&post_at(2.0, "pole"), &["--author", "Bo"]).await?, whole(2));
    for (number, name) in [(1, "command line"), (2, "Bo")] {
        let told = visitor.told_of(|told| matches!(told, ServerMessage::Edited { .. })).await?;
        let ServerMessage::Edited { number: found, author, .. } = told else { unreachable!() };
        assert_eq!((found, author.as_str()), (number, name));
    }
    // A name that nobody could have is not exchanged for another.
    let long = "x".repeat(25);
    place.parsed(&["apply", "a.json", "--world", "here", "--author", &long]).unwrap_err();
    // Locks and roles are for owners.
    let owners = json!([{ "lock": { "object": 4, "locked": true } }, { "permission": {
        "account": account(7), "name": "Di", "from": "visitor", "to": "owner" } }]);
    assert_eq!(place.apply(&owners, &[]).await?, whole(3));
    let di = Builder::new(&server, 7);
    let (_, roles) = di.ask(("GET", "/api/worlds/here/roles"), "").await?;
    assert_eq!(roles.as_array().map(Vec::len), Some(1), "the command line is nobody: {roles}");
    let gone = json!([{ "permission": {
        "account": account(7), "name": "Di", "from": "owner", "to": "visitor" } }]);
    let last = place.refused(&gone, &[]).await?;
    assert!(last.contains("needs an owner"), "{last}");

    // Worlds go out, too.
    let json = place.export(&["--world", "here"]).await?.context("a document")?;
    let now = names(&serde_json::from_slice(&json)?);
    assert!(now.contains("post") && now.contains("pole"), "{now:?}");
    for ending in ["zip", "glb", "json"] {
        let file = place.path(&format!("here.{ending}")).display().to_string();
        assert_eq!(place.export(&[&file, "--world", "here"]).await?, None);
        assert!(std::fs::metadata(&file)?.len() > 500, "{file}");
    }
    let nowhere = place.export(&["--world", "nowhere"]).await.unwrap_err().to_string();
    assert!(nowhere.contains("no world") || nowhere.contains("404"), "{nowhere}");

    let running = place.data().join(running::FILE);
    assert!(running.exists());
    server.shutdown().await;
    assert!(!running.exists(), "nobody is to look for a server that has ended");
    assert_eq!(place.apply(&post_at(3.0, "later"), &[]).await?, whole(4));
    Ok(())
}

#[tokio::test]
async fn more_than_a_tick_has_room_for_is_done_in_parts() -> anyhow::Result<()> {
    let place = Place::new()?;
    let server = Server::start(place.config()).await?;
    let many = |count: u32, first: &str| -> Vec<Value> {
        let below = |n: u32| if n == 0 { Value::Null } else { json!(PLACEHOLDERS) };
        let name = |n: u32| if n == 0 { json!(first) } else { Value::Null };
        let create = |n: u32| {
            json!({ "create": { "object": PLACEHOLDERS + n,
                "value": { "name": name(n), "parent": below(n) } } })
        };
        (0..count).map(create).collect()
    };
    let applied = place.apply(&json!(many(2_500, "root")), &[]).await?;
    assert_eq!(applied, Applied { revision: 3, parts: 3 });
    let (now, _) = document(server.address()).await?;
    let objects = now["objects"].as_array().context("a list")?;
    let root = objects.iter().find(|object| object["name"] == "root").context("it is there")?;
    let below = objects.iter().filter(|object| object["parent"] == root["id"]).count();
    assert_eq!(below, 2_499);

    let mut half = many(1_500, "second");
    half[1_234] = json!({ "delete": { "object": 999_999 } });
    let said = place.refused(&json!(half), &[]).await?;
    assert!(said.starts_with("operations[1234]: there is no object"), "{said}");
    assert!(said.contains("the 1000 operations before") && said.contains("revision 4"), "{said}");
    // What is large is cut by its bytes as well, and what takes long by what it counts.
    let sign = |n: u32| {
        json!({ "create": { "object": PLACEHOLDERS + n, "value": { "properties": { "visuals":
            vec![json!({ "shape": { "text": { "text": "s".repeat(400), "height_m": 1 } } }); 10]
        } } } })
    };
    let signs: Vec<Value> = (0..400).map(sign).collect();
    let applied = place.apply(&json!(signs), &[]).await?;
    assert!(applied.parts > 1, "{applied:?}");
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_server_elsewhere_is_named_with_a_key() -> anyhow::Result<()> {
    let (place, here) = (Place::new()?, Place::new()?);
    let made = rcgen::generate_simple_self_signed(vec!["world.example".to_owned()])?;
    let (certificate, key) = (place.path("tls.pem"), place.path("tls.key"));
    std::fs::write(&certificate, made.cert.pem())?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    let (tls_cert, tls_key) = (Some(certificate.clone()), Some(key));
    let server = Server::start(ServerConfig { tls_cert, tls_key, ..place.config() }).await?;
    assert!(server.url().starts_with("https://"));
    // On its own machine it is trusted by the file that it has itself.
    assert_eq!(place.apply(&post_at(1.0, "own"), &[]).await?, whole(1));

    Builder::invited(&server, 1, Role::Owner).await?;
    let (owner, other) = (place.path("owner.key"), place.path("other.key"));
    std::fs::write(&owner, format!("{:064x}\n", 1))?;
    std::fs::write(&other, format!("{:064x}", 2))?;
    let (owner, other) = (owner.display().to_string(), other.display().to_string());
    let (url, pem) = (server.url(), certificate.display().to_string());
    let named = |key| ["--server", &url, "--key-file", key, "--certificate", &pem];
    assert_eq!(here.apply(&post_at(2.0, "from afar"), &named(&owner)).await?, whole(2));
    let json = here.export(&[&["--world", "here"], &named(&owner)[..]].concat()).await?;
    let now = names(&serde_json::from_slice(&json.context("a document")?)?);
    assert!(now.contains("own") && now.contains("from afar"), "{now:?}");
    assert!(!here.data().exists(), "there is nothing of it here");

    let said = here.refused(&post_at(3.0, "no"), &named(&other)).await?;
    assert!(said.contains("only people who may build"), "{said}");
    let missing = here.path("missing.key").display().to_string();
    let said = here.refused(&post_at(3.0, "no"), &named(&missing)).await?;
    assert!(said.contains("missing.key"), "{said}");
    // Another certificate is another server's, and one that nobody has signed is nobody's.
    let stranger = rcgen::generate_simple_self_signed(vec!["world.example".to_owned()])?;
    let strange = place.path("strange.pem");
    std::fs::write(&strange, stranger.cert.pem())?;
    let strange = strange.display().to_string();
    let trusting = ["--server", &url, "--key-file", &owner, "--certificate", &strange];
    for words in [&trusting[..], &trusting[..4]] {
        let said = here.refused(&post_at(3.0, "no"), words).await?;
        assert!(said.contains("cannot be reached"), "{said}");
    }
    let nowhere = ["--server", "world.example", "--key-file", &owner];
    let said = here.refused(&post_at(3.0, "no"), &nowhere).await?;
    assert!(said.contains("no address"), "{said}");
    let alone = here.parsed(&["apply", "x.json", "--world", "here", "--server", &url]);
    assert!(alone.unwrap_err().to_string().contains("--key-file"));
    server.shutdown().await;
    Ok(())
}

/// A server that does the first change and is gone in the middle of the second; or that does not
/// know what became of it.
async fn forgets(listener: TcpListener, last: Option<&str>) -> anyhow::Result<()> {
    let done = r#"{"number":1,"revision":7,"objects":{},"skipped":[]}"#;
    for answer in [Some(("200 OK", done)), last.map(|last| ("503 Service Unavailable", last))] {
        let (mut socket, _) = listener.accept().await?;
        let mut asked = Vec::new();
        while !asked.ends_with(b"}]}") {
            ensure!(socket.read_buf(&mut asked).await? > 0, "the request ends too early");
        }
        let Some((status, body)) = answer else { break };
        let bytes = body.len();
        let head =
            format!("HTTP/1.1 {status}\r\ncontent-length: {bytes}\r\nconnection: close\r\n\r\n");
        socket.write_all(format!("{head}{body}").as_bytes()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_change_without_an_answer_is_not_said_to_be_undone() -> anyhow::Result<()> {
    let place = Place::new()?;
    let key = place.path("owner.key");
    std::fs::write(&key, format!("{:064x}", 1))?;
    let key = key.display().to_string();
    let title = json!({ "title": { "title": "T", "description": "" } });
    let many = json!(vec![title; 1_001]);
    let unknown = r#"{"error":"unknown","text":"there is no answer"}"#;
    for last in [None, Some(unknown), Some("<html>")] {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let named = ["--server", &url, "--key-file", &key];
        let (said, served) = tokio::join!(place.refused(&many, &named), forgets(listener, last));
        served?;
        let said = said?;
        assert!(said.contains("it may be done and kept"), "{said}");
        assert!(
            said.contains("the 1000 operations before") && said.contains("revision 7"),
            "{said}"
        );
        assert!(!said.contains("are not"), "{said}");
    }
    Ok(())
}

/// This test as a server of its own.
async fn serve(folder: &Path) -> anyhow::Result<()> {
    let (data, assets) = (folder.join("data"), folder.join("assets"));
    let server =
        Server::start(ServerConfig { data, assets, ..ServerConfig::on_free_port() }).await?;
    println!("\naddress {}", server.address());
    std::future::pending().await
}

async fn started(folder: &Path) -> anyhow::Result<Child> {
    let test = "remote::what_a_killed_server_has_left_misleads_nobody";
    let mut process = Process::new(std::env::current_exe()?)
        .args(["--exact", test, "--nocapture"])
        .env(SERVES, folder)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(process.stdout.take().context("its output")?).lines();
    while let Some(line) = lines.next_line().await? {
        if line.starts_with("address ") {
            return Ok(process);
        }
    }
    anyhow::bail!("the server did not start")
}

#[tokio::test]
async fn what_a_killed_server_has_left_misleads_nobody() -> anyhow::Result<()> {
    if let Some(folder) = std::env::var_os(SERVES) {
        return serve(Path::new(&folder)).await;
    }
    let place = Place::new()?;
    let mut process = started(place.folder.path()).await?;
    // In another process than the server.
    assert_eq!(place.apply(&post_at(1.0, "first"), &[]).await?, whole(1));
    let left = running::find(&place.data())?.context("it says how to reach it")?;
    process.kill().await?;
    assert_eq!(running::find(&place.data())?.as_ref(), Some(&left), "a killed server leaves it");
    assert_eq!(place.apply(&post_at(2.0, "second"), &[]).await?, whole(2), "the folder is free");

    let server = Server::start(place.config()).await?;
    let thief = Builder { address: server.address(), key: left.key.clone() };
    assert_eq!(thief.operations(post_at(3.0, "never")).await?.0, 403, "the old key is void");
    assert_eq!(place.apply(&post_at(4.0, "third"), &[]).await?, whole(3));
    // One that holds the folder and has said nothing is named in the error.
    std::fs::remove_file(place.data().join(running::FILE))?;
    let said = place.refused(&post_at(5.0, "never"), &[]).await?;
    ensure!(said.contains("another server uses it") && said.contains("--server"), "{said}");
    server.shutdown().await;
    Ok(())
}
