//! What whoever runs a server sees of answers, and what lasts of what they cost.

use std::path::Path;

use anyhow::ensure;
use serde_json::{Value, json};
use vivarium_contract::{Intent, WorldInput, companion::Bond};
use vivarium_host::{
    config::ServerConfig,
    recording::{Record, Records},
    replay::{combined, replay},
    server::Server,
};
use vivarium_protocol::{ids::ObjectId, intent::Hello, notice::SpeechEnd};
use vivarium_scene::document::Object;
use vivarium_world::Simulation;

use crate::{
    harness::{
        asset,
        socket::{Client, get, hello},
    },
    minds::{delta, one_model, server, upstream},
};

const ANA_KEY: [u8; 32] = [7; 32];

/// A server of the plaza that keeps what it knows in a folder.
async fn plaza(data: &Path, change: impl FnOnce(&mut ServerConfig)) -> anyhow::Result<Server> {
    let mut config = ServerConfig::on_free_port();
    config.assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets");
    config.data = data.to_owned();
    config.worlds = vec!["plaza".into()];
    change(&mut config);
    Ok(Server::start(config).await?)
}

fn nia() -> ObjectId {
    let is_hers = |object: &Object| object.name.as_deref() == Some("home of Nia");
    let document = asset("plaza");
    let (nia, _) = document.objects().find(|(_, object)| is_hers(object)).expect("she lives there");
    nia
}

fn with_key(name: &str, key: [u8; 32]) -> Hello {
    Hello { key: Some(key), ..hello(name) }
}

/// An answer that took a million tokens.
fn dear(text: &str) -> Vec<Value> {
    vec![
        delta(json!({ "role": "assistant", "content": text }), None),
        delta(json!({}), Some("stop")),
        json!({ "id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [], "usage": { "prompt_tokens": 1_000_000, "completion_tokens": 5,
            "total_tokens": 1_000_005 } }),
    ]
}

#[tokio::test]
async fn metrics_tell_of_answers_by_world_and_model_and_of_nobody() -> anyhow::Result<()> {
    let (port, _) = upstream(vec![dear("Gladly, Ana.")]).await?;
    let folder = tempfile::tempdir()?;
    let settings = folder.path().join("dialogue.toml");
    let priced =
        "input_microdollars_per_million = 2_000_000\n[limits.messages_per_hour]\nfree = 1\n";
    std::fs::write(&settings, one_model(port) + priced)?;
    let server = server(|config| config.dialogue = Some(settings)).await?;
    let mut ana = Client::enter(&server, "Anastasia").await?;
    ensure!(ana.talk("Would you come along?").await?.1 == SpeechEnd::Done);
    let (_, end) = ana.talk("And where do we go?").await?;
    ensure!(matches!(end, SpeechEnd::OverLimit { .. }), "{end:?}");
    let (_, metrics) = get(&server, "/metrics").await?;
    for line in [
        r#"vivarium_dialogue_messages_total{world="court",answer="model"} 1"#,
        r#"vivarium_dialogue_messages_total{world="court",answer="over_limit"} 1"#,
        r#"vivarium_dialogue_attempts_total{provider="home",model="small",outcome="done"} 1"#,
        r#"vivarium_dialogue_first_word_seconds_count{model="small"} 1"#,
        r#"vivarium_dialogue_answer_seconds_count{model="small"} 1"#,
        r#"vivarium_dialogue_answer_cost_dollars_sum{model="small"} 2.0"#,
        r#"vivarium_dialogue_model_answers_total{world="court",model="small"} 1.0"#,
        r#"vivarium_dialogue_tokens_total{world="court",model="small",direction="in"} 1000000.0"#,
        r#"vivarium_dialogue_cost_dollars_total{world="court",model="small"} 2.0"#,
        r#"vivarium_dialogue_cache_asks_total{result="miss"} 0.0"#,
        r#"vivarium_dialogue_answers_under_way 0"#,
        r#"vivarium_dialogue_provider_success{provider="home"} 1.0"#,
        r#"vivarium_dialogue_provider_cooling_seconds{provider="home"} 0.0"#,
        r#"vivarium_dialogue_acquaintances 1"#,
    ] {
        ensure!(metrics.contains(line), "{line} is missing in:\n{metrics}");
    }
    ensure!(!metrics.contains("Anastasia"), "nobody is named");
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn what_somebody_has_spent_counts_after_a_restart() -> anyhow::Result<()> {
    let (port, asked) = upstream(vec![dear("Gladly, Ana."), dear("Gladly, Bo.")]).await?;
    let folder = tempfile::tempdir()?;
    let (data, settings) = (folder.path().join("data"), folder.path().join("dialogue.toml"));
    let budget = "[limits.budgets.user]\ntokens_per_month = 50_000\n";
    std::fs::write(&settings, one_model(port) + budget)?;
    let start = || plaza(&data, |config| config.dialogue = Some(settings.clone()));
    let (nia, ana, bo) = (nia(), with_key("Ana", ANA_KEY), with_key("Bo", [8; 32]));
    let text = "Would you come along?";

    let server = start().await?;
    let (mut client, _) = Client::join(&server, &ana).await?;
    ensure!(client.talk_to(nia, text).await?.1 == SpeechEnd::Done);
    server.shutdown().await;

    let server = start().await?;
    let (mut client, _) = Client::join(&server, &ana).await?;
    let (said, end) = client.talk_to(nia, text).await?;
    ensure!(end == SpeechEnd::Reduced, "no model is asked for her: {said:?} {end:?}");
    let (mut client, _) = Client::join(&server, &bo).await?;
    ensure!(client.talk_to(nia, text).await?.1 == SpeechEnd::Done, "but for others");
    server.shutdown().await;
    ensure!(asked.await?.len() == 2);
    Ok(())
}

/// The inputs of a recording, as far as it has come.
fn inputs(recording: &Path) -> anyhow::Result<Vec<WorldInput>> {
    let (mut records, mut all) = (Records::open(recording)?, Vec::new());
    while let Some(record) = records.read()? {
        if let Record::Inputs { inputs, .. } = record {
            all.extend(inputs);
        }
    }
    Ok(all)
}

#[tokio::test]
async fn she_knows_a_friend_before_a_word_was_said() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (data, recording) = (folder.path().join("data"), folder.path().join("visit.recording"));
    let (nia, ana) = (nia(), with_key("Ana", ANA_KEY));
    let server = plaza(&data, |_| ()).await?;
    let (mut client, _) = Client::join(&server, &ana).await?;
    for text in ["My dog is called Bruno.", "You are wonderful, thank you!"] {
        client.talk_to(nia, text).await?;
    }
    server.shutdown().await;

    let server = plaza(&data, |config| config.record = Some(recording.clone())).await?;
    let (mut stranger, _) = Client::join(&server, &with_key("Bo", [8; 32])).await?;
    let (mut client, _) = Client::join(&server, &ana).await?;
    let is_bond = |input: &WorldInput| matches!(input, WorldInput::Bond { .. });
    for _ in 0..900 {
        client.framed().await?;
        stranger.framed().await?;
        if inputs(&recording)?.iter().any(is_bond) {
            break;
        }
    }
    client.talk_to(nia, "Hello Nia!").await?;
    let live = server.shutdown().await;
    let all = inputs(&recording)?;
    let is_word = |input: &WorldInput| {
        matches!(input, WorldInput::Intent { intent: Intent::Address { .. }, .. })
    };
    let word = all.iter().position(is_word).expect("she is spoken to");
    let bonds: Vec<&WorldInput> = all.iter().filter(|input| is_bond(input)).collect();
    let [WorldInput::Bond { companion, bond, .. }] = bonds[..] else {
        anyhow::bail!("one knows one: {bonds:?}")
    };
    ensure!(*companion == nia && *bond != Bond::default(), "{bonds:?}");
    ensure!(all.iter().position(is_bond) < Some(word), "before the first word");
    let again = replay::<Simulation, _>(Records::open(&recording)?, |_| ())?;
    ensure!(again.is_complete && combined(&again.worlds) == combined(&live.worlds));
    Ok(())
}
