//! Companions that people make: from their first words to their children, and who may do what.

use std::path::Path;

use anyhow::{Context, ensure};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use serde_json::{Value, json};
use vivarium_contract::{companion::Traits, editing::Role};
use vivarium_host::{config::ServerConfig, server::Server};
use vivarium_protocol::{ids::ObjectId, intent::Hello, notice::SpeechEnd};
use vivarium_scene::{document::Object, operation::PLACEHOLDERS};

use crate::{
    building::Builder,
    harness::{
        asset,
        socket::{Client, build, hello, server},
    },
};

const COMPANIONS: &str = "/api/companions";

fn with_assets(config: &mut ServerConfig) {
    config.assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets");
}

/// Somebody of whom nothing much is known.
fn persona(name: &str) -> Value {
    json!({
        "name": name, "voice": "clear", "role": "the keeper of this well",
        "background": "I came here with the rain.", "manner": "Short sentences.",
        "likes": ["rain"], "dislikes": ["dust"], "languages": ["en", "fr"]
    })
}

impl Builder {
    /// The status and the JSON of an answer; null without a body.
    async fn send(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<(u16, Value)> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, _, told) = build(self.address, (method, path), &self.key, &body).await?;
        Ok((status, serde_json::from_str(&told).unwrap_or_default()))
    }

    /// What an answer with success says.
    async fn done(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let (status, told) = self.send(method, path, body).await?;
        ensure!((200..300).contains(&status), "{method} {path}: {status}: {told}");
        Ok(told)
    }

    /// Status and word of an answer without.
    async fn not_done(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<(u16, String)> {
        let (status, told) = self.send(method, path, body).await?;
        Ok((status, told["error"].as_str().unwrap_or_default().to_owned()))
    }

    /// Makes a companion; gives the name of its mind.
    async fn makes(&self, world: &str, persona: &Value) -> anyhow::Result<String> {
        let body = json!({ "world": world, "persona": persona });
        let (status, made) = self.send("POST", COMPANIONS, &body).await?;
        ensure!((status, &made["version"]) == (201, &json!(1)), "{status}: {made}");
        Ok(made["mind"].as_str().context("a name")?.to_owned())
    }

    /// What a companion remembers of them, as kinds and texts of what holds.
    async fn memories(&self, mind: &str) -> anyhow::Result<Vec<Value>> {
        let known = self.done("GET", &of(mind, "knows"), &Value::Null).await?;
        Ok(known["memories"].as_array().context("a list")?.clone())
    }
}

fn of(mind: &str, what: &str) -> String {
    format!("{COMPANIONS}/{mind}/{what}")
}

fn word(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

#[tokio::test]
async fn somebody_is_made_lives_knows_is_corrected_and_forgets() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let start = || async {
        let mut config = ServerConfig::on_free_port();
        with_assets(&mut config);
        config.data = data.path().to_owned();
        config.worlds = vec!["plaza".into()];
        Server::start(config).await
    };
    let server = start().await?;
    let ana = Builder::invited_to(&server, "plaza", 1, Role::Builder).await?;
    let mind = ana.makes("plaza", &persona("Ada")).await?;
    ensure!(mind.starts_with("ada-"), "{mind}");
    let listed = ana.done("GET", COMPANIONS, &Value::Null).await?;
    let ada = json!({ "mind": mind, "name": "Ada", "is_mine": true, "is_shipped": false });
    let guide = json!({ "mind": "guide", "name": "Nia", "is_mine": false, "is_shipped": true });
    let listed = listed.as_array().context("a list")?;
    ensure!(listed.contains(&ada) && listed.contains(&guide), "{listed:?}");

    // She comes to live beside Nia, and Ana talks with her.
    let is_nias = |object: &Object| object.name.as_deref() == Some("home of Nia");
    let document = asset("plaza");
    let (_, home) = document.objects().find(|(_, object)| is_nias(object)).expect("her home");
    let place = json!(home)["position_m"].clone();
    let [x, y, z] = [0, 1, 2].map(|axis| place[axis].as_f64().unwrap_or_default());
    let create = json!({ "operations": [{ "create": { "object": PLACEHOLDERS, "value": {
        "name": "home of Ada", "position_m": [x + 1.5, y, z], "properties": { "companion": {
            "mind": mind, "name": "Ada", "body": "#336699", "accent": "#ffcc00" } } } } }] });
    let created = ana.done("POST", "/api/worlds/plaza/operations", &create).await?;
    let id = created["objects"][PLACEHOLDERS.to_string()].as_u64().context("an id")?;
    let ada = ObjectId(u32::try_from(id)?);
    let mut key = [0; 32];
    key[31] = 1;
    let hello = Hello { key: Some(key), ..hello("Ana") };
    let (mut inside, _) = Client::join(&server, &hello).await?;
    let (said, end) = inside.talk_to(ada, "Who are you?").await?;
    ensure!(end == SpeechEnd::Reduced && said.concat().contains("Ada"), "{said:?} {end:?}");
    inside.talk_to(ada, "My dog is called Bruno.").await?;
    let (said, _) = inside.talk_to(ada, "What do you remember about me?").await?;
    ensure!(said.concat().contains("Bruno"), "{said:?}");

    // What she knows is Ana's to read, and nobody else's.
    let memories = ana.memories(&mind).await?;
    let fact = memories.iter().find(|told| told["kind"] == "fact").context("a fact")?;
    ensure!(fact["text"] == "Bruno" && fact["until_ms"].is_null(), "{fact}");
    let bo = Builder::invited_to(&server, "plaza", 2, Role::Owner).await?;
    ensure!(bo.memories(&mind).await?.is_empty());
    let path = of(&mind, &format!("knows/{}", fact["id"]));
    let text = json!({ "text": "Rex" });
    ensure!(bo.not_done("PUT", &path, &text).await? == word(404, "no_memory"));
    ensure!(bo.not_done("DELETE", &path, &Value::Null).await? == word(404, "no_memory"));
    let corrected = ana.done("PUT", &path, &text).await?;
    ensure!(ana.not_done("PUT", &path, &text).await? == word(409, "ended"));
    let (said, _) = inside.talk_to(ada, "What do you remember about me?").await?;
    ensure!(said.concat().contains("Rex") && !said.concat().contains("Bruno"), "{said:?}");
    let ended = ana.memories(&mind).await?;
    let ended = ended.iter().find(|told| told["text"] == "Bruno").context("its trace")?;
    ensure!(ended["until_ms"].as_u64().is_some(), "{ended}");

    // Her owner sees that she knows somebody, and not what.
    let people = ana.done("GET", &of(&mind, "people"), &Value::Null).await?;
    ensure!(people[0]["memories"].as_u64() > Some(0) && !people.to_string().contains("Rex"));

    // What is deleted stays so.
    for told in ana.memories(&mind).await? {
        let text = told["text"].as_str().context("a text")?;
        if ["Rex", "Bruno"].iter().any(|name| text.contains(name)) {
            let path = of(&mind, &format!("knows/{}", told["id"]));
            let (status, _) = ana.send("DELETE", &path, &Value::Null).await?;
            ensure!(status == 204, "{status}");
        }
    }
    ensure!(corrected["id"].is_u64(), "{corrected}");
    inside.talk_to(ada, "I like green tea.").await?;
    server.shutdown().await;

    let server = start().await?;
    let ana = Builder::new(&server, 1);
    let told = json!(ana.memories(&mind).await?).to_string();
    ensure!(
        told.contains("green tea") && !told.contains("Rex") && !told.contains("Bruno"),
        "{told}"
    );
    let (mut inside, _) = Client::join(&server, &hello).await?;
    let (said, _) = inside.talk_to(ada, "What do you remember about me?").await?;
    ensure!(!said.concat().contains("Rex") && !said.concat().contains("Bruno"), "{said:?}");
    ensure!(ana.send("DELETE", &of(&mind, "knows"), &Value::Null).await?.0 == 204);
    ensure!(ana.memories(&mind).await?.is_empty());
    ensure!(ana.send("DELETE", &format!("{COMPANIONS}/{mind}"), &Value::Null).await?.0 == 204);
    ensure!(ana.not_done("GET", &of(&mind, "knows"), &Value::Null).await?.0 == 404);
    ensure!(inside.talk_to(ada, "Hello Ada!").await? == (Vec::new(), SpeechEnd::Gone));
    // Whoever gives somebody else that name does not speak by her body.
    let again = ana.makes("plaza", &persona("Ada")).await?;
    ensure!(again.starts_with("ada-") && again != mind, "{again}");
    ensure!(inside.talk_to(ada, "Hello Ada!").await? == (Vec::new(), SpeechEnd::Gone));
    server.shutdown().await;
    Ok(())
}

/// A request, and what each of four people is told.
type Row<'a> = (&'a str, &'a str, &'a Value, [&'a (u16, String); 4]);

#[tokio::test]
async fn nobody_does_what_is_not_theirs() -> anyhow::Result<()> {
    let server = server(with_assets).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let elsewhere = Builder::invited_to(&server, "there", 2, Role::Builder).await?;
    let visitor = Builder::new(&server, 3);
    let nobody = Builder { address: server.address(), key: "nothing".to_owned() };
    let mind = ana.makes("here", &persona("Ada")).await?;
    let new = json!({ "world": "here", "persona": persona("Eve") });
    let talk = json!({ "world": "here", "persona": persona("Eve"), "text": "Hello!" });
    let child = json!({ "world": "here", "with": "guide", "name": "Kim" });
    let edited = json!({ "persona": persona("Eve"), "version": 1 });
    let version = json!({ "version": 1 });
    let nothing = Value::Null;
    let own = |what: &str| of(&mind, what);
    let whole = format!("{COMPANIONS}/{mind}");
    let shipped = format!("{COMPANIONS}/guide");
    let missing = format!("{COMPANIONS}/nobody");
    let strange = format!("{COMPANIONS}/No%0Abody");
    // Of each: what nobody, a visitor, a builder of another world, and the owner get.
    let (yes, key) = (word(200, ""), word(401, "no_key"));
    let (made, gone) = (word(201, ""), word(204, ""));
    let (not, other, lost) =
        (word(403, "forbidden"), word(403, "not_yours"), word(404, "no_companion"));
    let stranger = word(404, "no_memory");
    let table: [Row<'_>; 26] = [
        ("GET", "/api/companions/templates", &nothing, [&yes, &yes, &yes, &yes]),
        ("GET", COMPANIONS, &nothing, [&key, &yes, &yes, &yes]),
        ("POST", COMPANIONS, &new, [&key, &not, &not, &made]),
        ("POST", "/api/companions/preview", &talk, [&key, &not, &not, &yes]),
        ("GET", &whole, &nothing, [&key, &yes, &yes, &yes]),
        ("GET", &missing, &nothing, [&key, &lost, &lost, &lost]),
        ("GET", &strange, &nothing, [&key, &lost, &lost, &lost]),
        ("PUT", &whole, &edited, [&key, &other, &other, &yes]),
        ("PUT", &shipped, &edited, [&key, &other, &other, &other]),
        ("PUT", &missing, &edited, [&key, &lost, &lost, &lost]),
        ("DELETE", &shipped, &nothing, [&key, &other, &other, &other]),
        ("GET", &own("versions"), &nothing, [&key, &other, &other, &yes]),
        ("GET", &of("guide", "versions"), &nothing, [&key, &other, &other, &other]),
        ("POST", &own("return"), &version, [&key, &other, &other, &yes]),
        ("POST", &own("consents"), &nothing, [&key, &other, &other, &made]),
        ("POST", &of("guide", "consents"), &nothing, [&key, &other, &other, &other]),
        ("POST", &own("children"), &child, [&key, &not, &not, &made]),
        ("GET", &own("knows"), &nothing, [&key, &yes, &yes, &yes]),
        ("PUT", &own("knows/0"), &json!({ "text": "x" }), [&key, &stranger, &stranger, &stranger]),
        ("DELETE", &own("knows/0"), &nothing, [&key, &stranger, &stranger, &stranger]),
        ("DELETE", &own("knows/-1"), &nothing, [&key, &stranger, &stranger, &stranger]),
        ("DELETE", &own("knows"), &nothing, [&key, &gone, &gone, &gone]),
        ("GET", &own("people"), &nothing, [&key, &other, &other, &yes]),
        ("GET", &of("guide", "people"), &nothing, [&key, &other, &other, &other]),
        ("DELETE", &own("people/x"), &nothing, [&key, &other, &other, &word(404, "no_person")]),
        ("DELETE", &whole, &nothing, [&key, &other, &other, &gone]),
    ];
    for (method, path, body, expected) in table {
        for (who, expected) in [&nobody, &visitor, &elsewhere, &ana].into_iter().zip(expected) {
            let told = who.not_done(method, path, body).await?;
            ensure!(&told == expected, "{method} {path} by {}: {told:?}", who.key);
        }
    }
    let shown = |who: Builder, mind: String| async move {
        who.done("GET", &format!("{COMPANIONS}/{mind}"), &Value::Null).await
    };
    let zoe = ana.makes("here", &persona("Zoe")).await?;
    let seen = shown(visitor, zoe).await?;
    ensure!(seen["persona"].is_null() && seen["genes"].is_null() && seen["version"].is_null());
    ensure!(seen["name"] == "Zoe" && seen["traits"]["courage"] == 50, "{seen}");
    let open = shown(elsewhere, "guide".to_owned()).await?;
    ensure!(open["persona"]["name"] == "Nia" && open["genes"][6][1].is_u64(), "{open}");
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_companion_changes_and_is_again_as_it_was() -> anyhow::Result<()> {
    let server = server(with_assets).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let mind = ana.makes("here", &persona("Ada")).await?;
    for (name, slug) in [("ADA", "ada-"), ("Guide", "guide-"), ("Preview", "preview-")] {
        let other = ana.makes("here", &persona(name)).await?;
        ensure!(other.starts_with(slug) && other != mind, "{other}");
    }
    let path = format!("{COMPANIONS}/{mind}");
    let mut brave = persona("Ada the Brave");
    brave["genome"] = json!({ "courage": [90, 80] });
    let body = json!({ "persona": brave, "version": 1 });
    ensure!(ana.done("PUT", &path, &body).await? == json!({ "version": 2 }));
    let (status, changed) = ana.send("PUT", &path, &body).await?;
    ensure!((status, &changed["version"]) == (409, &json!(2)), "{changed}");
    let shown = ana.done("GET", &path, &Value::Null).await?;
    ensure!(shown["version"] == 2 && shown["name"] == "Ada the Brave", "{shown}");
    ensure!(shown["born"]["courage"] == 85 && shown["genes"][6] == json!([90, 80]), "{shown}");
    let back = ana.done("POST", &of(&mind, "return"), &json!({ "version": 1 })).await?;
    ensure!(back == json!({ "version": 3 }), "{back}");
    let shown = ana.done("GET", &path, &Value::Null).await?;
    ensure!(shown["name"] == "Ada" && shown["born"]["courage"] == 50, "{shown}");
    let versions = ana.done("GET", &of(&mind, "versions"), &Value::Null).await?;
    let numbers: Vec<_> = versions.as_array().context("a list")?.iter().collect();
    ensure!(numbers.iter().all(|one| one["by_me"] == json!(true)), "{versions}");
    ensure!(numbers.iter().map(|one| &one["number"]).eq([3, 2, 1].map(|n| json!(n)).iter()));
    let missing = ana.not_done("POST", &of(&mind, "return"), &json!({ "version": 9 })).await?;
    ensure!(missing == word(404, "no_version"), "{missing:?}");
    for number in 5..=32 {
        ana.makes("here", &persona(&format!("N{number}"))).await?;
    }
    let body = json!({ "world": "here", "persona": persona("Late") });
    ensure!(ana.not_done("POST", COMPANIONS, &body).await? == word(409, "full"));
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn children_have_what_their_parents_have_and_a_consent_counts_once() -> anyhow::Result<()> {
    let server = server(with_assets).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let bo = Builder::invited(&server, 2, Role::Builder).await?;
    let (ada, eve) =
        (ana.makes("here", &persona("Ada")).await?, bo.makes("here", &persona("Eve")).await?);
    let mut lots = ChaCha8Rng::seed_from_u64(7);
    for seed in 0..24_u64 {
        // Genes by lot, on their way through everything.
        let genes = |lots: &mut ChaCha8Rng| {
            let mut pairs = [[0_u8; 2]; 7];
            pairs.iter_mut().flatten().for_each(|allele| *allele = (lots.next_u32() % 101) as u8);
            pairs
        };
        let parents = [genes(&mut lots), genes(&mut lots)];
        let mut minds = Vec::new();
        for (name, pairs) in ["Mo", "Fa"].into_iter().zip(parents) {
            let mut parent = persona(name);
            for (trait_, pair) in Traits::NAMES.into_iter().zip(pairs) {
                parent["genome"][trait_] = json!(pair);
            }
            minds.push(ana.makes("here", &parent).await?);
        }
        let asked = json!({ "world": "here", "with": minds[1], "name": "Kim", "seed": seed });
        let made = ana.done("POST", &of(&minds[0], "children"), &asked).await?;
        ensure!(made["seed"] == json!(seed), "{made}");
        let kim = format!("{COMPANIONS}/{}", made["mind"].as_str().context("a name")?);
        let shown = ana.done("GET", &kim, &Value::Null).await?;
        for (index, name) in Traits::NAMES.into_iter().enumerate() {
            let all = [parents[0][index], parents[1][index]].concat();
            let least = u64::from(all.iter().min().context("four")?.saturating_sub(10));
            let most = u64::from((all.iter().max().context("four")? + 10).min(100));
            let born = shown["born"][name].as_u64().context("a trait")?;
            ensure!((least..=most).contains(&born), "{name}: {born} of {all:?}");
            // Of each pair one allele is of either parent, or mutated by at most ten.
            for (pair, gene) in parents.iter().zip(shown["genes"][index].as_array().context("two")?)
            {
                let gene = gene.as_u64().context("a gene")?;
                let is_near = |allele: &u8| u64::from(*allele).abs_diff(gene) <= 10;
                ensure!(pair[index].iter().any(is_near), "{name}: {gene} of {pair:?}");
            }
        }
        for path in
            [kim, format!("{COMPANIONS}/{}", minds[0]), format!("{COMPANIONS}/{}", minds[1])]
        {
            ana.done("DELETE", &path, &Value::Null).await?;
        }
    }

    let children = of(&ada, "children");
    let asked =
        |consent: Value| json!({ "world": "here", "with": eve, "name": "Kim", "consent": consent });
    let refused = word(403, "no_consent");
    ensure!(ana.not_done("POST", &children, &asked(Value::Null)).await? == refused);
    ensure!(ana.not_done("POST", &children, &asked(json!("0".repeat(32)))).await? == refused);
    // One for another companion is none.
    let of_ada = ana.done("POST", &of(&ada, "consents"), &Value::Null).await?;
    ensure!(ana.not_done("POST", &children, &asked(of_ada["consent"].clone())).await? == refused);
    let given = bo.done("POST", &of(&eve, "consents"), &Value::Null).await?;
    let consent = given["consent"].clone();
    let both = asked(consent.clone());
    let (one, two) =
        tokio::join!(ana.send("POST", &children, &both), ana.send("POST", &children, &both));
    let mut both = [one?.0, two?.0];
    both.sort_unstable();
    ensure!(both == [201, 403], "{both:?}");
    let listed = ana.done("GET", COMPANIONS, &Value::Null).await?.to_string();
    ensure!(listed.contains("\"Kim\"") && !listed.contains("\"Eve\""), "{listed}");
    // Whoever may not have it as a child of theirs is refused whatever they bring.
    let theirs = json!({ "world": "here", "with": ada, "name": "Kim" });
    ensure!(ana.not_done("POST", &of(&eve, "children"), &theirs).await? == word(403, "not_yours"));
    let alone = json!({ "world": "here", "with": ada, "name": "Kim" });
    ensure!(ana.not_done("POST", &children, &alone).await? == word(422, "one_parent"));
    // Consents end with the companion.
    let given = bo.done("POST", &of(&eve, "consents"), &Value::Null).await?;
    bo.done("DELETE", &format!("{COMPANIONS}/{eve}"), &Value::Null).await?;
    let again = bo.makes("here", &persona("Eve")).await?;
    let consent = given["consent"].clone();
    let new = json!({ "world": "here", "with": again, "name": "Kim", "consent": consent });
    ensure!(ana.not_done("POST", &children, &new).await? == refused);
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_preview_speaks_and_nothing_is_kept() -> anyhow::Result<()> {
    let server = server(with_assets).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let body = json!({ "world": "here", "persona": persona("Ada"), "text": "Who are you?",
        "recent": [{ "by": "person", "text": "Hello!" }, { "by": "companion", "text": "Hello." }] });
    let way = ("POST", "/api/companions/preview");
    let (status, head, told) = build(ana.address, way, &ana.key, &body.to_string()).await?;
    ensure!(status == 200 && head.contains("text/event-stream"), "{status} {head}");
    let events = told.lines().filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = events.map(serde_json::from_str).collect::<Result<_, _>>()?;
    let said: String = events.iter().filter_map(|event| event["says"].as_str()).collect();
    ensure!(said.contains("Ada"), "{said}");
    let last = events.last().context("an end")?;
    ensure!(*last == json!({ "done": { "is_reduced": true } }), "{last}");
    let listed = ana.done("GET", COMPANIONS, &Value::Null).await?;
    ensure!(!listed.to_string().contains("Ada"), "{listed}");
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn bad_bodies_are_told_what_is_wrong() -> anyhow::Result<()> {
    let server = server(with_assets).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let mind = ana.makes("here", &persona("Ada")).await?;
    let changed = |field: &str, value: Value| {
        let mut bad = persona("Eve");
        bad[field] = value;
        json!({ "world": "here", "persona": bad }).to_string()
    };
    let full: Vec<String> = (0..24).map(|n| format!("{n}{}", "x".repeat(1_190))).collect();
    let mut large = persona("Eve");
    for list in ["stories", "jokes", "sayings"] {
        large[list] = json!(full);
    }
    let large = json!({ "world": "here", "persona": large }).to_string();
    let deep = format!("{{\"world\":\"here\",\"persona\":{}", "[".repeat(20_000));
    let bodies = [
        (String::new(), 400, "malformed"),
        ("null".into(), 400, "malformed"),
        (deep, 400, "malformed"),
        (large, 413, "too_large"),
        (format!("\"{}\"", "x".repeat(200 * 1024)), 413, ""),
        (changed("role", json!(5)), 400, "malformed"),
        (changed("colour", json!("red")), 400, "malformed"),
        (changed("genome", json!({ "courage": [50, 300] })), 400, "malformed"),
        (changed("genome", json!({ "courage": [50, 101] })), 422, "persona"),
        (changed("voice", json!("a\u{7}b")), 422, "persona"),
        (changed("name", json!("\u{202E}\u{200B}")), 422, "persona"),
        (changed("name", json!("x".repeat(25))), 422, "persona"),
        (changed("likes", json!(vec!["x"; 25])), 422, "persona"),
        (changed("languages", json!([])), 422, "persona"),
        (json!({ "world": "", "persona": persona("Eve") }).to_string(), 404, "no_world"),
        (json!({ "world": "nowhere", "persona": persona("Eve") }).to_string(), 404, "no_world"),
    ];
    for (body, status, error) in bodies {
        let told = build(ana.address, ("POST", COMPANIONS), &ana.key, &body).await?;
        let value: Value = serde_json::from_str(&told.2).unwrap_or_default();
        let (head, code) = (&body[..body.len().min(80)], &value["error"]);
        ensure!((told.0, code.as_str().unwrap_or("")) == (status, error), "{head}: {}", told.2);
    }
    for (body, expected) in [
        (json!({ "text": "" }), word(422, "memory")),
        (json!({ "text": "x".repeat(401) }), word(422, "memory")),
        (json!({ "text": "x" }), word(404, "no_memory")),
        (json!({ "words": "x" }), word(400, "malformed")),
    ] {
        let told = ana.not_done("PUT", &of(&mind, "knows/0"), &body).await?;
        ensure!(told == expected, "{body}: {told:?}");
    }
    for (field, value, expected) in [
        ("text", json!(""), word(422, "text")),
        ("text", json!("x".repeat(5_000)), word(422, "text")),
        ("recent", json!([{ "by": "system", "text": "x" }]), word(400, "malformed")),
        ("recent", json!([{ "by": "person", "text": "" }]), word(422, "text")),
    ] {
        let mut body = json!({ "world": "here", "persona": persona("Eve"), "text": "Hello!" });
        body[field] = value;
        let told = ana.not_done("POST", "/api/companions/preview", &body).await?;
        ensure!(told == expected, "{field}: {told:?}");
    }
    server.shutdown().await;
    Ok(())
}
