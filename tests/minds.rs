//! Companions of a whole server: spoken to by people, answered by themselves or by language models.

use std::path::Path;

use anyhow::ensure;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use vivarium_host::{config::ServerConfig, server::Server, worlds::WorldSource};
use vivarium_protocol::{
    ids::ObjectId,
    intent::{ClientMessage, Hello},
    notice::{ServerMessage, SpeechEnd},
    quantise,
    snapshot::{block::Identity, fields::companion::POSITION, schema::Facet},
};

use vivarium_scene::document::Object;

use crate::harness::{
    asset,
    socket::{Client, hello},
};

pub const NIA: ObjectId = ObjectId(2);

fn court() -> WorldSource {
    let document = json!({ "version": 1, "name": "court", "title": "Court", "objects": [
        { "position_m": [0, -0.5, 0], "properties": { "colliders": [
            { "shape": { "box": { "size_m": [100, 1, 100] } } }] } },
        { "name": "gate", "properties": { "spawn": {} } },
        { "name": "home of Nia", "position_m": [6, 0, 0], "properties": { "companion": {
            "mind": "guide", "name": "Nia", "body": "#336699", "accent": "#ffcc00" } } },
        { "name": "red ball", "position_m": [9, 0.25, 5], "properties": {
            "body": { "kind": "dynamic", "linear_damping": 0.3, "angular_damping": 0.3 },
            "colliders": [{ "shape": { "ball": { "radius_m": 0.25 } }, "density_kgpm3": 60 }] } }
    ] });
    WorldSource::from_json(document.to_string().into()).expect("a valid document")
}

pub async fn server(change: impl FnOnce(&mut ServerConfig)) -> anyhow::Result<Server> {
    let mut config = ServerConfig::on_free_port();
    config.assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets");
    change(&mut config);
    Ok(Server::start_with(config, vec![court()]).await?)
}

impl Client {
    /// Says something to Nia; gives what she answers, in pieces, and how it ended.
    pub async fn talk(&mut self, text: &str) -> anyhow::Result<(Vec<String>, SpeechEnd)> {
        self.talk_to(NIA, text).await
    }

    /// The same of somebody else.
    pub async fn talk_to(
        &mut self,
        companion: ObjectId,
        text: &str,
    ) -> anyhow::Result<(Vec<String>, SpeechEnd)> {
        self.send(&ClientMessage::Address { companion, text: text.into() }).await?;
        let mut pieces = Vec::new();
        loop {
            match self.told().await? {
                ServerMessage::Says { companion: other, text, .. } if other == companion => {
                    pieces.push(text);
                }
                ServerMessage::Said { companion: other, end, .. } if other == companion => {
                    return Ok((pieces, end));
                }
                ServerMessage::Denied { denial } => anyhow::bail!("denied: {denial:?}"),
                _ => {}
            }
        }
    }

    /// Waits until Nia is near a place (metres, as seen from above).
    async fn sees_nia_near(&mut self, x: f32, z: f32) -> anyhow::Result<()> {
        let identity = Identity { facet: Facet::Companion, subject: NIA.0 };
        for _ in 0..600 {
            self.framed().await?;
            let Some((_, fields)) = self.view.members().get(&identity).copied() else { continue };
            let at = |axis| quantise::position_m(fields[POSITION + axis]);
            if (at(0) - x).hypot(at(2) - z) < 2.6 {
                return Ok(());
            }
        }
        anyhow::bail!("Nia does not come")
    }
}

#[tokio::test]
async fn without_a_model_she_answers_from_what_she_knows_and_says_so() -> anyhow::Result<()> {
    let server = server(|_| ()).await?;
    let mut ana = Client::enter(&server, "Ana").await?;
    let (hello, end) = ana.talk("Hello Nia!").await?;
    ensure!(end == SpeechEnd::Reduced, "{end:?}");
    ensure!(!hello.concat().is_empty());
    ana.talk("My dog is called Bruno.").await?;
    ana.talk("I like green tea.").await?;
    let (remembers, _) = ana.talk("What do you remember about me?").await?;
    ensure!(remembers.concat().contains("Bruno"), "{remembers:?}");

    // Nobody else is told what Ana has said.
    let mut bo = Client::enter(&server, "Bo").await?;
    let (told, _) = bo.talk("What is the name of my dog? What do you remember about me?").await?;
    ensure!(!told.concat().contains("Bruno"), "{told:?}");

    let (_, end) = ana.talk("Follow me, please").await?;
    ensure!(end == SpeechEnd::Reduced);
    ana.sees_nia_near(0.0, 0.0).await?;
    server.shutdown().await;
    Ok(())
}

/// An upstream that speaks like OpenAI, and what it was asked.
pub async fn upstream(
    answers: Vec<Vec<Value>>,
) -> anyhow::Result<(u16, tokio::task::JoinHandle<Vec<Value>>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let task = tokio::spawn(async move {
        let mut asked = Vec::new();
        for chunks in answers {
            let Ok((mut socket, _)) = listener.accept().await else { break };
            let mut request = Vec::new();
            let body = loop {
                let mut part = [0; 4096];
                let Ok(count) = socket.read(&mut part).await else { break Value::Null };
                request.extend_from_slice(&part[..count]);
                let text = String::from_utf8_lossy(&request);
                let Some((_, body)) = text.split_once("\r\n\r\n") else { continue };
                if let Ok(body) = serde_json::from_str(body) {
                    break body;
                }
                if count == 0 {
                    break Value::Null;
                }
            };
            asked.push(body);
            let head =
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
            let mut told = head.to_owned();
            for chunk in chunks {
                told += &format!("data: {chunk}\n\n");
            }
            told += "data: [DONE]\n\n";
            let _ = socket.write_all(told.as_bytes()).await;
            let _ = socket.shutdown().await;
        }
        asked
    });
    Ok((port, task))
}

/// Settings with one model behind a port.
pub fn one_model(port: u16) -> String {
    format!(
        "[providers.home]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:{port}/v1\"\n\
             [[models]]\nname = \"small\"\nprovider = \"home\"\nid = \"m\"\ntier = \"small\"\n\
             context_tokens = 8192\n[memory]\nextraction = false\n"
    )
}

pub fn delta(delta: Value, finish: Option<&str>) -> Value {
    json!({ "id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] })
}

#[tokio::test]
async fn a_model_finds_the_words_and_may_ask_for_what_is_allowed() -> anyhow::Result<()> {
    let call = |id: &str, name: &str, arguments: Value| {
        json!({ "index": 0, "id": id, "type": "function",
            "function": { "name": name, "arguments": arguments.to_string() } })
    };
    let words = vec![
        delta(json!({ "role": "assistant", "content": "Of " }), None),
        delta(json!({ "content": "course, " }), None),
        delta(json!({ "content": "Ana." }), None),
        delta(json!({ "tool_calls": [call("a", "follow", json!({ "person": "Ana" }))] }), None),
        delta(json!({}), Some("tool_calls")),
    ];
    let hostile = vec![
        delta(json!({ "role": "assistant", "content": "Watch this." }), None),
        delta(json!({ "tool_calls": [call("b", "edit_world", json!({ "delete": 1 }))] }), None),
        delta(
            json!({ "tool_calls": [
            { "index": 1, "id": "c", "type": "function",
              "function": { "name": "walk_to", "arguments": "{\"target\":\"the moon\"}" } }] }),
            None,
        ),
        delta(json!({}), Some("tool_calls")),
    ];
    let (port, asked) = upstream(vec![words, hostile]).await?;
    let folder = tempfile::tempdir()?;
    let settings = folder.path().join("dialogue.toml");
    std::fs::write(&settings, one_model(port))?;
    let server = server(|config| config.dialogue = Some(settings)).await?;
    let mut ana = Client::enter(&server, "Ana").await?;
    let (said, end) = ana.talk("Would you come along?").await?;
    ensure!(end == SpeechEnd::Done, "{end:?}");
    ensure!(said.concat() == "Of course, Ana.", "{said:?}");
    ana.sees_nia_near(0.0, 0.0).await?;

    let (said, end) = ana.talk("And now something else").await?;
    ensure!(said.concat() == "Watch this." && end == SpeechEnd::Done, "{said:?} {end:?}");
    let asked = asked.await?;
    let [first, second] = &asked[..] else { anyhow::bail!("{} requests", asked.len()) };
    ensure!(first["stream"] == json!(true) && first["model"] == json!("m"), "{first}");
    let text = second["messages"].to_string();
    ensure!(text.contains("Of course, Ana."), "what was said before is told: {text}");
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn whoever_has_said_enough_reads_when_it_is_their_turn_again() -> anyhow::Result<()> {
    let words = vec![
        delta(json!({ "role": "assistant", "content": "Good morning." }), None),
        delta(json!({}), Some("stop")),
    ];
    let (port, _) = upstream(vec![words]).await?;
    let folder = tempfile::tempdir()?;
    let settings = folder.path().join("dialogue.toml");
    std::fs::write(
        &settings,
        format!("{}[limits.messages_per_hour]\nfree = 1\n", one_model(port)),
    )?;
    let server = server(|config| config.dialogue = Some(settings)).await?;
    let mut ana = Client::enter(&server, "Ana").await?;
    ensure!(ana.talk("Good morning, what a day").await?.1 == SpeechEnd::Done);
    let (said, end) = ana.talk("And now tell me more of it").await?;
    let SpeechEnd::OverLimit { free_in_s } = end else { anyhow::bail!("{said:?} {end:?}") };
    ensure!(said.is_empty() && (3_500..=3_600).contains(&free_in_s), "{free_in_s} s");
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn what_she_knows_of_somebody_outlives_the_server() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let start = || async {
        let mut config = ServerConfig::on_free_port();
        config.assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets");
        config.data = data.path().to_owned();
        config.worlds = vec!["plaza".into()];
        Server::start(config).await
    };
    let is_hers = |object: &Object| object.name.as_deref() == Some("home of Nia");
    let document = asset("plaza");
    let (nia, _) = document.objects().find(|(_, object)| is_hers(object)).expect("Nia lives there");
    let ana = Hello { key: Some([7; 32]), ..hello("Ana") };
    let server = start().await?;
    let (mut client, _) = Client::join(&server, &ana).await?;
    let (said, _) = client.talk_to(nia, "My dog is called Bruno.").await?;
    ensure!(!said.concat().is_empty());
    server.shutdown().await;

    let server = start().await?;
    let (mut client, _) = Client::join(&server, &ana).await?;
    let (said, _) = client.talk_to(nia, "What do you remember about me?").await?;
    ensure!(said.concat().contains("Bruno"), "{said:?}");
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn when_no_model_answers_she_does() -> anyhow::Result<()> {
    let free = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
    let folder = tempfile::tempdir()?;
    let settings = folder.path().join("dialogue.toml");
    std::fs::write(&settings, one_model(free))?;
    let server = server(|config| config.dialogue = Some(settings.clone())).await?;
    let mut ana = Client::enter(&server, "Ana").await?;
    let (said, end) = ana.talk("Hello Nia, how are you?").await?;
    ensure!(end == SpeechEnd::Reduced && !said.concat().is_empty(), "{said:?} {end:?}");
    server.shutdown().await;

    std::fs::write(&settings, "[providers.home]\nkind = \"telepathy\"\n")?;
    let broken = server_error(settings).await;
    ensure!(broken.contains("providers.home.kind") && broken.contains("telepathy"), "{broken}");
    Ok(())
}

async fn server_error(settings: std::path::PathBuf) -> String {
    match server(|config| config.dialogue = Some(settings)).await {
        Ok(_) => "it starts".to_owned(),
        Err(error) => error.to_string(),
    }
}
