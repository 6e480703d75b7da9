//! Models, images and sounds that builders upload: kept, served, counted, and taken away.

use std::{path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context, ensure};
use reqwest::{Client as Http, Method, Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use vivarium_assets::{address::Address, shelf::Shelf};
use vivarium_contract::editing::Role;
use vivarium_host::{config::ServerConfig, server::Server};
use vivarium_scene::operation::PLACEHOLDERS;
use vivarium_store::adapters::memory::MemoryStore;

use crate::{
    building::account,
    harness::socket::{server, worlds},
};

/// As `now_ms` of the host, far enough ahead that every grace is over.
const NEXT_YEAR_MS: u64 = 4_000_000_000_000;

pub fn model(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../assets/models").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn http() -> anyhow::Result<Http> {
    // Another test may have been first.
    drop(rustls::crypto::ring::default_provider().install_default());
    Ok(Http::builder().build()?)
}

/// Somebody with a device of their own.
pub struct Builder {
    http: Http,
    url: String,
    key: String,
}

impl Builder {
    /// At a server that knows them.
    pub fn at(url: String, number: u8) -> anyhow::Result<Self> {
        Ok(Self { http: http()?, url, key: format!("{number:064x}") })
    }

    pub async fn invited(server: &Server, number: u8, role: Role) -> anyhow::Result<Self> {
        Self::invited_to(server, Some("here"), number, role).await
    }

    /// Into one world or, without its name, into all of them.
    async fn invited_to(
        server: &Server,
        world: Option<&str>,
        number: u8,
        role: Role,
    ) -> anyhow::Result<Self> {
        let builder = Self::at(server.url(), number)?;
        if role > Role::Visitor {
            let (roles, world) = (server.roles().clone(), world.map(str::to_owned));
            let invited = move || {
                let secret = roles.invite(world, role, 60)?;
                roles.redeem(&secret, &account(number), "Ana")
            };
            let redeemed = tokio::task::spawn_blocking(invited).await??;
            ensure!(redeemed.is_some(), "an invitation counts once");
        }
        Ok(builder)
    }

    pub async fn ask(&self, how: Method, path: &str, body: Vec<u8>) -> anyhow::Result<Response> {
        let request = self.http.request(how, format!("{}{path}", self.url));
        Ok(request.bearer_auth(&self.key).body(body).send().await?)
    }

    pub async fn upload(&self, name: &str, bytes: Vec<u8>) -> anyhow::Result<(StatusCode, Value)> {
        self.upload_to("here", name, bytes).await
    }

    async fn upload_to(
        &self,
        world: &str,
        name: &str,
        bytes: Vec<u8>,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let path = format!("api/worlds/{world}/assets?name={name}&by=Ana");
        let answer = self.ask(Method::POST, &path, bytes).await?;
        Ok((answer.status(), answer.json().await?))
    }

    /// The path of what is taken.
    async fn taken(&self, world: &str, bytes: Vec<u8>) -> anyhow::Result<String> {
        let (status, told) = self.upload_to(world, "bell.mp3", bytes).await?;
        ensure!(status == StatusCode::OK, "{status}: {told}");
        Ok(told["path"].as_str().context("a path")?.to_owned())
    }

    /// Why there is no room for it.
    async fn has_no_room(&self, world: &str, bytes: Vec<u8>) -> anyhow::Result<String> {
        let (status, told) = self.upload_to(world, "bell.mp3", bytes).await?;
        ensure!(status == StatusCode::INSUFFICIENT_STORAGE && told["error"] == "quota", "{told}");
        Ok(told["text"].as_str().context("a text")?.to_owned())
    }

    pub async fn library(&self) -> anyhow::Result<Value> {
        Ok(self.ask(Method::GET, "api/worlds/here/assets", Vec::new()).await?.json().await?)
    }

    async fn forget(&self, path: &str) -> anyhow::Result<StatusCode> {
        self.forget_in("here", path).await
    }

    async fn forget_in(&self, world: &str, path: &str) -> anyhow::Result<StatusCode> {
        let file = path.strip_prefix("uploads/").context("an upload")?;
        let path = format!("api/worlds/{world}/assets/{file}");
        Ok(self.ask(Method::DELETE, &path, Vec::new()).await?.status())
    }

    async fn operations(&self, operations: Value) -> anyhow::Result<Value> {
        let body = json!({ "operations": operations }).to_string().into_bytes();
        let answer = self.ask(Method::POST, "api/worlds/here/operations", body).await?;
        let status = answer.status();
        let answer: Value = answer.json().await?;
        ensure!(status == StatusCode::OK, "{answer}");
        Ok(answer)
    }

    /// Places a model; gives the id of the object.
    pub async fn place(&self, path: &str) -> anyhow::Result<u64> {
        let shape = json!({ "model": { "path": path } });
        let properties = json!({ "visuals": [{ "shape": shape }] });
        let create = json!({ "object": PLACEHOLDERS, "value": { "properties": properties } });
        let done = self.operations(json!([{ "create": create }])).await?;
        done["objects"][PLACEHOLDERS.to_string()].as_u64().context("an id")
    }

    /// Bytes of an asset, as anybody gets them.
    pub async fn get(
        &self,
        path: &str,
        headers: &[(header::HeaderName, &str)],
    ) -> anyhow::Result<Response> {
        let mut request = self.http.get(format!("{}assets/{path}", self.url));
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        Ok(request.send().await?)
    }
}

/// A triangle with a picture of the plaza on it, as a binary glTF.
fn triangle_with_picture() -> anyhow::Result<Vec<u8>> {
    let picture = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../assets/screenshots/plaza.png");
    let picture = std::fs::read(picture)?;
    let corners = [0.0_f32, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
    let mut bin: Vec<u8> = corners.iter().flat_map(|value| value.to_le_bytes()).collect();
    let size = picture.len();
    bin.extend(picture);
    bin.resize(bin.len().next_multiple_of(4), 0);
    let json = json!({
        "asset": { "version": "2.0" },
        "scenes": [{ "nodes": [0] }],
        "nodes": [{ "mesh": 0 }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 }, "material": 0 }] }],
        "materials": [{ "pbrMetallicRoughness": { "baseColorTexture": { "index": 0 } } }],
        "textures": [{ "source": 0 }],
        "images": [{ "bufferView": 1, "mimeType": "image/png" }],
        "accessors": [{
            "bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3",
            "min": [0, 0, 0], "max": [1, 1, 0]
        }],
        "bufferViews": [
            { "buffer": 0, "byteLength": 36 },
            { "buffer": 0, "byteOffset": 36, "byteLength": size }
        ],
        "buffers": [{ "byteLength": bin.len() }]
    });
    let mut json = json.to_string().into_bytes();
    json.resize(json.len().next_multiple_of(4), b' ');
    let length = 12 + 8 + json.len() + 8 + bin.len();
    let words = |words: [usize; 2]| words.map(|word| (word as u32).to_le_bytes()).concat();
    let (head, json_head) = (words([2, length]), (json.len() as u32).to_le_bytes());
    let bin_head = (bin.len() as u32).to_le_bytes();
    let parts: [&[u8]; 8] = [b"glTF", &head, &json_head, b"JSON", &json, &bin_head, b"BIN\0", &bin];
    Ok(parts.concat())
}

#[tokio::test]
async fn textures_are_packed_where_the_server_has_an_encoder() -> anyhow::Result<()> {
    let installed = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/basisu/basisu");
    let encoder = std::env::var_os("VIVARIUM_BASISU").map_or(installed, PathBuf::from);
    ensure!(encoder.is_file(), "{} (make test installs it)", encoder.display());
    let encoder = encoder.display().to_string();
    for (encoder, packed, bytes) in [(encoder.as_str(), 1, 1280 * 720), ("none", 0, 4 * 1280 * 720)]
    {
        let server = server(|config| config.texture_encoder = Some(encoder.to_owned())).await?;
        let ana = Builder::invited(&server, 1, Role::Builder).await?;
        let (status, told) = ana.upload("triangle.glb", triangle_with_picture()?).await?;
        assert_eq!(status, StatusCode::OK, "{told}");
        assert_eq!(told["details"]["packed_images"], packed, "{told}");
        assert_eq!(told["details"]["texture_bytes"], bytes, "{told}");
        server.shutdown().await;
    }
    let missing = server(|config| config.texture_encoder = Some("no/such/program".into())).await;
    let why = missing.err().context("it started")?.to_string();
    assert!(why.contains("no/such/program") && why.contains("--texture-encoder"), "{why}");
    Ok(())
}

fn head<'a>(answer: &'a Response, name: &header::HeaderName) -> &'a str {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[tokio::test]
async fn a_model_is_uploaded_placed_and_served() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let (status, oak) = ana.upload("C:\\models\\oak.glb", model("oak.glb")).await?;
    assert_eq!(status, StatusCode::OK, "{oak}");
    assert_eq!(
        (&oak["name"], &oak["kind"], &oak["author"]),
        (&json!("oak.glb"), &json!("model"), &json!("Ana"))
    );
    assert!(oak["details"]["triangles"].as_u64() > Some(100), "{oak}");
    assert!(oak["bytes"].as_u64() < oak["original_bytes"].as_u64(), "{oak}");
    assert_eq!(oak.get("account"), None, "accounts are nobody's business");
    let path = oak["path"].as_str().context("a path")?;
    let (_, again) = ana.upload("other.glb", model("oak.glb")).await?;
    assert_eq!(
        (&again["path"], &again["name"]),
        (&oak["path"], &oak["name"]),
        "it is there already"
    );

    let whole = ana.get(path, &[]).await?;
    assert_eq!(whole.status(), StatusCode::OK);
    assert_eq!(head(&whole, &header::CONTENT_TYPE), "model/gltf-binary");
    assert_eq!(head(&whole, &header::CACHE_CONTROL), "public, max-age=31536000, immutable");
    assert_eq!(head(&whole, &header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    let etag = head(&whole, &header::ETAG).to_owned();
    let bytes = whole.bytes().await?;
    assert_eq!(Some(bytes.len() as u64), oak["bytes"].as_u64());
    assert_eq!(Address::of(&bytes, vivarium_assets::address::Format::Glb).to_string(), path);

    let known = ana.get(path, &[(header::IF_NONE_MATCH, &etag)]).await?;
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    let part = ana.get(path, &[(header::RANGE, "bytes=4-11")]).await?;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(head(&part, &header::CONTENT_RANGE), format!("bytes 4-11/{}", bytes.len()));
    assert_eq!(part.bytes().await?, bytes[4..12]);
    let last = ana.get(path, &[(header::RANGE, "bytes=-4"), (header::IF_RANGE, &etag)]).await?;
    assert_eq!(last.bytes().await?, bytes[bytes.len() - 4..]);
    let other = ana.get(path, &[(header::RANGE, "bytes=-4"), (header::IF_RANGE, "\"x\"")]).await?;
    assert_eq!((other.status(), other.bytes().await?.len()), (StatusCode::OK, bytes.len()));
    let beyond = ana.get(path, &[(header::RANGE, "bytes=999999999-")]).await?;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    let missing = ana.get(&path.replace(&path[8..12], "0000"), &[]).await?;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);

    let object = ana.place(path).await?;
    let library = ana.library().await?;
    assert_eq!(library["assets"][0]["used"], true, "{library}");
    assert_eq!(library["quota"]["world_bytes"].as_u64(), Some(bytes.len() as u64), "{library}");
    assert_eq!(ana.forget(path).await?, StatusCode::CONFLICT, "it is in use");
    ana.operations(json!([{ "delete": { "object": object } }])).await?;
    assert_eq!(ana.forget(path).await?, StatusCode::NO_CONTENT);
    assert_eq!(ana.forget(path).await?, StatusCode::NOT_FOUND);
    assert_eq!(ana.library().await?["assets"], json!([]));
    // It can still be brought back by an undo.
    let collected = server.collect_assets(NEXT_YEAR_MS).await?;
    assert_eq!(collected.assets, 0);
    assert_eq!(ana.get(path, &[]).await?.status(), StatusCode::OK);
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn only_builders_upload_and_what_is_not_sound_is_refused() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let visitor = Builder::invited(&server, 2, Role::Visitor).await?;
    for (status, answer) in [
        visitor.upload("oak.glb", model("oak.glb")).await?,
        Builder { key: "x".into(), ..Builder::invited(&server, 3, Role::Visitor).await? }
            .upload("oak.glb", model("oak.glb"))
            .await?,
    ] {
        assert!([401, 403].contains(&status.as_u16()), "{status} {answer}");
    }
    let listing = visitor.ask(Method::GET, "api/worlds/here/assets", Vec::new()).await?;
    assert_eq!(listing.status(), StatusCode::FORBIDDEN);

    let mut longer = model("oak.glb");
    longer.extend(b"PK\x03\x04");
    for (bytes, status, code) in [
        (b"<html><script>alert(1)</script>".to_vec(), 415, "unsupported"),
        (longer, 422, "malformed"),
        (model("oak.glb")[..500].to_vec(), 422, "malformed"),
        (Vec::new(), 422, "malformed"),
        (vec![0; (64 << 20) + 1], 413, "too_large"),
    ] {
        let (found, answer) = ana.upload("x.glb", bytes).await?;
        assert_eq!((found.as_u16(), &answer["error"]), (status, &json!(code)), "{answer}");
        assert!(answer["text"].as_str().is_some_and(|text| text.len() > 10), "{answer}");
    }
    assert_eq!(ana.library().await?["assets"], json!([]));
    for file in ["../plaza.json", "x", "%2e%2e", &"0".repeat(64)] {
        let answer = ana.get(&format!("uploads/{file}"), &[]).await?;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{file}");
    }
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn quotas_hold_and_what_nobody_uses_is_taken_away() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().to_owned();
    let config = move |config: &mut ServerConfig| {
        config.data = data.clone();
        config.account_assets_mib_max = 0;
    };
    let none = server(config).await?;
    let ana = Builder::invited(&none, 1, Role::Builder).await?;
    let (status, answer) = ana.upload("oak.glb", model("oak.glb")).await?;
    assert_eq!((status.as_u16(), &answer["error"]), (507, &json!("quota")), "{answer}");
    none.shutdown().await;

    let data = folder.path().to_owned();
    let mut config = ServerConfig::on_free_port();
    config.data.clone_from(&data);
    let server = Server::start_kept(config, worlds(), Box::new(MemoryStore::default())).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let (_, oak) = ana.upload("oak.glb", model("oak.glb")).await?;
    let (_, pine) = ana.upload("pine.glb", model("pine.glb")).await?;
    let (oak, pine) =
        (oak["path"].as_str().context("oak")?, pine["path"].as_str().context("pine")?);
    ana.place(oak).await?;
    let soon = server.collect_assets(0).await?;
    assert_eq!((soon.entries, soon.assets), (0, 0), "it may still be placed");
    let later = server.collect_assets(NEXT_YEAR_MS).await?;
    assert_eq!((later.entries, later.assets), (1, 1));
    assert_eq!(ana.get(pine, &[]).await?.status(), StatusCode::NOT_FOUND);
    assert_eq!(ana.get(oak, &[]).await?.status(), StatusCode::OK);
    let library = ana.library().await?;
    assert_eq!(library["assets"].as_array().map(Vec::len), Some(1), "{library}");
    let file = data.join("assets").join(oak);
    ensure!(file.is_file(), "{} is where operators look for it", file.display());
    server.shutdown().await;
    Ok(())
}

/// An MP3 of 128 kbit/s at 44.1 kHz: frames of 417 bytes, the last `padded` of them with one more.
/// With another mark they are other bytes.
fn mp3(frames: usize, padded: usize, mark: u8) -> Vec<u8> {
    let frame = |number| {
        let has_more = number + padded >= frames;
        let mut frame = vec![mark; 417 + usize::from(has_more)];
        frame[..4].copy_from_slice(&[0xff, 0xfb, if has_more { 0x92 } else { 0x90 }, 0]);
        frame
    };
    (0..frames).flat_map(frame).collect()
}

/// Three files that have 1 MiB together, to the byte.
fn one_mib() -> [Vec<u8>; 3] {
    let files = [mp3(1000, 0, 1), mp3(1000, 0, 2), mp3(514, 238, 3)];
    assert_eq!(files.iter().map(Vec::len).sum::<usize>(), 1 << 20);
    files
}

#[tokio::test]
async fn a_world_that_is_full_takes_nothing_more_until_something_is_deleted() -> anyhow::Result<()>
{
    let server = server(|config| config.world_assets_mib_max = 1).await?;
    let ana = Builder::invited_to(&server, None, 1, Role::Builder).await?;
    let bo = Builder::invited(&server, 2, Role::Builder).await?;
    let [first, second, last] = one_mib();
    let too_much = mp3(515, 0, 3);
    let small = mp3(3, 0, 4);
    let first = ana.taken("here", first).await?;
    bo.taken("here", second).await?;
    let why = ana.has_no_room("here", too_much).await?;
    assert!(why.contains("this world") && why.contains("delete"), "{why}");
    bo.taken("here", last).await?;
    let quota = ana.library().await?["quota"].clone();
    assert_eq!(
        (&quota["world_bytes"], &quota["world_bytes_max"]),
        (&json!(1 << 20), &json!(1 << 20))
    );
    assert_eq!(quota["account_bytes"], 417_000);
    for builder in [&ana, &bo] {
        let why = builder.has_no_room("here", small.clone()).await?;
        assert!(why.contains("this world"), "{why}");
    }
    assert_eq!(ana.library().await?["assets"].as_array().map(Vec::len), Some(3));
    ana.taken("there", small.clone()).await?;

    assert_eq!(ana.forget(&first).await?, StatusCode::NO_CONTENT);
    bo.taken("here", small.clone()).await?;
    let quota = bo.library().await?["quota"].clone();
    assert_eq!(quota["world_bytes"], json!((1 << 20) - 417_000 + small.len()));
    let why = bo.has_no_room("here", mp3(1000, 0, 5)).await?;
    assert!(why.contains("this world"), "{why}");
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn what_somebody_has_in_all_worlds_counts_together() -> anyhow::Result<()> {
    let server = server(|config| config.account_assets_mib_max = 1).await?;
    let ana = Builder::invited_to(&server, None, 1, Role::Builder).await?;
    let bo = Builder::invited_to(&server, None, 2, Role::Builder).await?;
    let [first, second, last] = one_mib();
    let small = mp3(3, 0, 4);
    ana.taken("here", first).await?;
    let second = ana.taken("there", second).await?;
    ana.taken("here", last.clone()).await?;
    for world in ["here", "there"] {
        let why = ana.has_no_room(world, small.clone()).await?;
        assert!(why.contains("in all worlds together"), "{why}");
    }
    // It is hers alone: another has room, in the same worlds.
    bo.taken("here", small.clone()).await?;
    bo.taken("there", last).await?;
    assert_eq!(bo.forget_in("there", &second).await?, StatusCode::FORBIDDEN, "it is not his");
    ana.has_no_room("there", small.clone()).await?;

    assert_eq!(ana.forget_in("there", &second).await?, StatusCode::NO_CONTENT);
    ana.taken("there", small).await?;
    let quota = ana.library().await?["quota"].clone();
    assert_eq!(quota["account_bytes"], (1 << 20) - 417_000 + 3 * 417);
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn an_mp3_is_kept_without_its_tags_and_heard_in_the_world() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let sound = mp3(40, 7, 0);
    let mut tagged = b"ID3\x04\0\0\0\0\0\x05hello".to_vec();
    tagged.extend(&sound);
    let mut longer = tagged.clone();
    tagged.extend([b"TAG".as_slice(), &[b' '; 125]].concat());
    let (status, bell) = ana.upload("bell.mp3", tagged).await?;
    assert_eq!((status, &bell["kind"]), (StatusCode::OK, &json!("sound")), "{bell}");
    assert_eq!(bell["details"]["seconds"], 1.045, "{bell}");
    let path = bell["path"].as_str().context("a path")?;
    assert!(path.ends_with(".mp3"), "{path}");
    let served = ana.get(path, &[]).await?;
    assert_eq!(head(&served, &header::CONTENT_TYPE), "audio/mpeg");
    assert_eq!(served.bytes().await?, sound);

    let heard = json!({ "sound": { "path": path, "radius_m": 5, "plays": "always" } });
    ana.operations(json!([{ "set": { "object": 3, "property": heard } }])).await?;
    assert_eq!(ana.library().await?["assets"][0]["used"], true);

    longer.extend(b"PK\x03\x04 and more");
    for bytes in [longer, mp3(2, 0, 0), b"ID3\x04\0\0\x7f\x7f\x7f\x7f".to_vec()] {
        let (status, answer) = ana.upload("bell.mp3", bytes).await?;
        assert_eq!((status.as_u16(), &answer["error"]), (422, &json!("malformed")), "{answer}");
    }
    let (status, answer) = ana.upload("long.mp3", mp3(23_000, 0, 0)).await?;
    assert_eq!((status.as_u16(), &answer["error"]), (413, &json!("too_large")), "{answer}");
    server.shutdown().await;
    Ok(())
}

/// A server that speaks S3, in memory.
struct Moto {
    _process: Child,
    url: String,
}

impl Moto {
    async fn start() -> anyhow::Result<Self> {
        let installed =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/python/bin/moto_server");
        let program = std::env::var_os("VIVARIUM_MOTO").map_or(installed, PathBuf::from);
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new(&program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} (make test installs it)", program.display()))?;
        let moto = Self { _process: process, url: format!("http://127.0.0.1:{port}") };
        let http = http()?;
        let is_up = async {
            while http.get(&moto.url).send().await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let made = http.put(format!("{}/worlds", moto.url)).send().await?;
            ensure!(made.status().is_success(), "no bucket: {}", made.status());
            Ok(())
        };
        tokio::time::timeout(Duration::from_secs(60), is_up).await.context("moto is not up")??;
        Ok(moto)
    }

    fn shelf(&self, folder: &str) -> anyhow::Result<Shelf> {
        let settings = object_store::aws::AmazonS3Builder::new()
            .with_region("us-east-1")
            .with_access_key_id("test")
            .with_secret_access_key("test")
            .with_endpoint(&self.url)
            .with_allow_http(true);
        Ok(Shelf::bucket_with(&format!("s3://worlds/{folder}"), settings)?)
    }
}

#[tokio::test]
async fn assets_may_lie_in_a_bucket() -> anyhow::Result<()> {
    let moto = Moto::start().await?;
    let config = ServerConfig::on_free_port();
    let store = Box::new(MemoryStore::default());
    let shelf = moto.shelf("a/b")?;
    let server = Server::start_with_shelf(config, worlds(), store, shelf.clone()).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let (status, oak) = ana.upload("oak.glb", model("oak.glb")).await?;
    assert_eq!(status, StatusCode::OK, "{oak}");
    let path = oak["path"].as_str().context("a path")?;
    let whole = ana.get(path, &[]).await?.bytes().await?;
    assert_eq!(Some(whole.len() as u64), oak["bytes"].as_u64());
    let part = ana.get(path, &[(header::RANGE, "bytes=4-11")]).await?;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.bytes().await?, whole[4..12]);
    let address: Address = path.parse()?;
    assert_eq!(moto.shelf("a/b")?.read(address).await?, Some(whole));
    assert_eq!(moto.shelf("c")?.read(address).await?, None, "folders are apart");

    ana.place(path).await?;
    let (_, pine) = ana.upload("pine.glb", model("pine.glb")).await?;
    let collected = server.collect_assets(NEXT_YEAR_MS).await?;
    assert_eq!((collected.entries, collected.assets), (1, 1));
    let pine: Address = pine["path"].as_str().context("a path")?.parse()?;
    assert_eq!((shelf.size(pine).await?, shelf.size(address).await?.is_some()), (None, true));

    // While the bucket is away, that is told, and worlds go on.
    drop(moto);
    let (status, answer) = ana.upload("bush.glb", model("bush.glb")).await?;
    assert_eq!((status.as_u16(), &answer["error"]), (503, &json!("not_kept")), "{answer}");
    assert_eq!(ana.get(path, &[]).await?.status(), StatusCode::SERVICE_UNAVAILABLE);
    server.shutdown().await;
    Ok(())
}
