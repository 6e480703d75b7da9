//! Servers whose disk fails, cuts what is written, or is full while people build in them: everybody
//! is told so, what was told to be kept is there, and a full disk that has room again is written to.
//!
//! The faults are the kernel's own, below SQLite: a limit on the size of files, behind which a write
//! is cut and the next one fails, and a file system in memory that is full.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{ErrorKind, Write},
    net::SocketAddr,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tokio::{
    process::{Child, Command},
    task::JoinSet,
};
use vivarium_protocol::close::CloseReason;
use vivarium_store::adapters::sqlite::SqliteStore;

use crate::{
    building::{Builder, document, names, post_at},
    crashes::{CLIENTS, change, check, start, start_below},
    harness::{
        socket::{Client, build},
        until, within,
    },
    uploads::{self, model},
    versions::{kept_and_replayed, ok, refused, status},
};

/// Becomes a server whose files have at most so many blocks of 512 bytes.
const LIMITED: &str = r#"trap '' XFSZ; ulimit -f "$1" && shift && exec "$@""#;
/// Becomes a server that has a file system of so many bytes at a place, for itself alone.
const SMALL: &str = r#"mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@""#;
/// Bytes of that file system.
const SMALL_BYTES: &str = "4m";
/// Set to 1 to leave out what needs that file system, where a machine lets no program have one.
const NO_TMPFS: &str = "VIVARIUM_NO_TMPFS";
/// Bytes that are left of it when people begin to build.
const ROOM_BYTES: usize = 256 * 1_024;
/// Changes that somebody is refused before they give up.
const REFUSED_MAX: usize = 3;

/// What somebody was told.
#[derive(Default)]
pub struct Told {
    /// What is kept.
    pub kept: BTreeSet<String>,
    /// What is not, as it was answered.
    pub refused: Vec<(String, u16, Value)>,
}

/// Builds until it is refused again and again.
async fn build_until_refused(address: SocketAddr, round: u32, client: u8) -> anyhow::Result<Told> {
    let builder = Builder { address, key: format!("{:064x}", client + 1) };
    let mut told = Told::default();
    for number in 0.. {
        let (name, operations) = change(round, client, number);
        match builder.operations(operations).await? {
            (200, _) => _ = told.kept.insert(name),
            (status, answer) => told.refused.push((name, status, answer)),
        }
        if told.refused.len() == REFUSED_MAX {
            break;
        }
    }
    Ok(told)
}

/// All of them at once.
pub async fn all_build(address: SocketAddr, round: u32) -> anyhow::Result<Vec<Told>> {
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        clients.spawn(build_until_refused(address, round, client));
    }
    let ended = async {
        let mut all = Vec::new();
        while let Some(told) = clients.join_next().await {
            all.push(told??);
        }
        Ok(all)
    };
    within("everybody is refused", ended).await
}

/// Whether none of them is in the world.
pub async fn are_missing(address: SocketAddr, lost: &BTreeSet<String>) -> anyhow::Result<bool> {
    Ok(names(&document(address).await?.0).is_disjoint(lost))
}

#[tokio::test]
async fn a_disk_that_fails_stops_the_world_and_takes_nothing_that_was_acknowledged()
-> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let (mut kept, mut lost) = (BTreeSet::new(), BTreeSet::new());
    for (round, blocks) in ["901", "1202", "1503"].into_iter().enumerate() {
        let limited = ["sh", "-c", LIMITED, "sh", blocks];
        let (mut process, address) = start_below(&limited, data.path()).await?;
        let visitor = Client::enter_at(address, "Vi").await?;
        let mut in_doubt = 0;
        for told in all_build(address, u32::try_from(round)?).await? {
            kept.extend(told.kept);
            for (name, status, answer) in told.refused {
                let text = answer["text"].as_str().unwrap_or_default();
                match (status, answer["error"].as_str().unwrap_or_default()) {
                    (503, "unknown") => in_doubt += 1,
                    (503, "not_kept") if text.contains("the world has stopped") => {
                        lost.insert(name);
                    }
                    _ => anyhow::bail!("{name}: {status} {answer}"),
                }
            }
        }
        ensure!(in_doubt > 0, "somebody was told of the failure");
        let closed = visitor.farewell().await?.told.context("a last word")?;
        ensure!(closed.0 == CloseReason::ShuttingDown, "{closed:?}");
        let (status, _, text) = build(address, ("GET", "/readyz"), "", "").await?;
        ensure!(status == 503, "{text}");
        process.kill().await?;

        // Without the limit.
        let (_, replayed) = kept_and_replayed(&mut SqliteStore::open(data.path())?)?;
        let (mut process, address) = start(data.path()).await?;
        check(address, &kept, Some(&replayed)).await?;
        ensure!(are_missing(address, &lost).await?, "something is there that was not kept");
        let ana = Builder { address, key: format!("{:064x}", 1) };
        ok(ana.operations(post_at(1.0, &format!("after {round}")))).await?;
        process.kill().await?;
    }
    ensure!(kept.len() > 10 && !lost.is_empty(), "{} kept, {} lost", kept.len(), lost.len());
    Ok(())
}

/// The file system of a server that has one for itself. It is there as long as this is.
struct Small {
    folder: File,
}

impl Small {
    fn of(server: &Child, place: &Path) -> anyhow::Result<Self> {
        let server = server.id().context("it runs")?;
        let place = place.strip_prefix("/")?;
        let folder = Path::new("/proc").join(server.to_string()).join("root").join(place);
        Ok(Self { folder: File::open(folder)? })
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new("/proc/self/fd").join(self.folder.as_raw_fd().to_string()).join(name)
    }

    /// Takes all the room.
    fn fill(&self) -> anyhow::Result<()> {
        let mut filler = File::create(self.path("filler"))?;
        for bytes in [64 * 1_024, 4_096, 1] {
            let full = loop {
                if let Err(error) = filler.write_all(&vec![7; bytes]) {
                    break error;
                }
            };
            ensure!(full.kind() == ErrorKind::StorageFull, "{full}");
        }
        Ok(())
    }

    /// Gives some of it back.
    fn free(&self, bytes: usize) -> anyhow::Result<()> {
        let filler = File::options().write(true).open(self.path("filler"))?;
        Ok(filler.set_len(filler.metadata()?.len().saturating_sub(bytes as u64))?)
    }
}

/// Whether this machine lets a program have a file system of its own.
async fn can_have_small_disks(place: &Path) -> anyhow::Result<bool> {
    let place = place.display().to_string();
    let words = ["-rm", "sh", "-c", SMALL, "sh", SMALL_BYTES, &place, "true"];
    Ok(Command::new("unshare").args(words).status().await.is_ok_and(|status| status.success()))
}

#[tokio::test]
async fn a_full_disk_is_told_and_written_to_again_once_there_is_room() -> anyhow::Result<()> {
    let (place, copy) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let place = place.path();
    if std::env::var_os(NO_TMPFS).is_some_and(|set| set == "1") {
        println!("NOT TESTED: {NO_TMPFS}=1");
        return Ok(());
    }
    ensure!(
        can_have_small_disks(place).await?,
        "this machine lets no program have a file system of its own (`unshare -rm` fails, as where \
         user namespaces are forbidden), so that a full disk cannot be tested; {NO_TMPFS}=1 leaves \
         this test out"
    );
    let words = place.display().to_string();
    let small = ["unshare", "-rm", "sh", "-c", SMALL, "sh", SMALL_BYTES, &words];
    let (mut process, address) = start_below(&small, &place.join("data")).await?;
    let disk = Small::of(&process, place)?;
    let ana = Builder { address, key: format!("{:064x}", 1) };

    // Nothing is kept of the world yet, and there is no room to begin.
    disk.fill()?;
    assert_eq!(refused(ana.operations(post_at(1.0, "early"))).await?, status(507, "disk_full"));
    disk.free(ROOM_BYTES)?;
    let (mut kept, mut lost) = (BTreeSet::new(), BTreeSet::from(["early".to_owned()]));
    for told in all_build(address, 0).await? {
        kept.extend(told.kept);
        for (name, status, answer) in told.refused {
            ensure!((status, &answer["error"]) == (507, &json!("disk_full")), "{status} {answer}");
            let text = answer["text"].as_str().unwrap_or_default();
            ensure!(text.contains("taken back") && text.contains("no room"), "{text}");
            lost.insert(name);
        }
    }
    // The world goes on, without what was not kept.
    disk.fill()?;
    let mut visitor = Client::enter_at(address, "Vi").await?;
    visitor.framed().await?;
    until("what was not kept is taken back", async || {
        visitor.framed().await?;
        are_missing(address, &lost).await
    })
    .await?;
    check(address, &kept, None).await?;
    for (path, body) in [
        ("operations", json!({ "operations": post_at(2.0, "full") })),
        ("versions", json!({ "name": "full" })),
    ] {
        let answer = ana.post(&format!("/api/worlds/here/{path}"), &body).await;
        assert_eq!(refused(async { answer }).await?, status(507, "disk_full"), "{path}");
    }

    let uploader = uploads::Builder::at(format!("http://{address}/"), 1)?;
    let (code, told) = uploader.upload("birch.glb", model("birch.glb")).await?;
    assert_eq!((code.as_u16(), &told["error"]), (507, &json!("disk_full")), "{told}");

    std::fs::remove_file(disk.path("filler"))?;
    ok(ana.post("/api/worlds/here/versions", &json!({ "name": "room again" }))).await?;
    for number in 0..3 {
        let (name, operations) = change(1, 0, number);
        ok(ana.operations(operations)).await?;
        kept.insert(name);
    }
    check(address, &kept, None).await?;
    process.kill().await?;

    // What was on it, on another disk.
    for entry in std::fs::read_dir(disk.path("data"))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), copy.path().join(entry.file_name()))?;
        }
    }
    let (_, replayed) = kept_and_replayed(&mut SqliteStore::open(copy.path())?)?;
    let (mut process, address) = start(copy.path()).await?;
    check(address, &kept, Some(&replayed)).await?;
    ensure!(are_missing(address, &lost).await?, "something is there that was not kept");
    ensure!(kept.len() > 10, "only {} changes were kept", kept.len());
    process.kill().await?;
    Ok(())
}
