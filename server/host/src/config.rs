//! What the command line and the environment say.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use clap::{Args, Parser, Subcommand, ValueEnum};

use vivarium_contract::CLIENT_BYTES_PER_S;
use vivarium_link::adapters::webrtc::config::IceServer;
use vivarium_protocol::{limits::NAME_CHARS_MAX, text};

use crate::{
    building::upkeep::{Retention, SnapshotLimits},
    limits::{
        ACCOUNT_ASSETS_MIB_MAX, ASSET_GRACE_HOURS, CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS_MAX,
        PEOPLE_MAX, WORLD_ASSETS_MIB_MAX,
    },
    minds::worker::WordsConfig,
};

/// A self-hosted server for living, shared 3D worlds.
#[derive(Debug, Parser)]
#[command(name = "vivarium", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open the worlds and serve them, with the browser client, on one port.
    Serve(Box<ServerConfig>),
    /// Ask language models for servers that share a Redis with this worker; ends in order on SIGTERM.
    DialogueWorker(WorkerConfig),
    /// Run a recording again, without sockets, and print the digest of where it ends.
    Replay(ReplayConfig),
    /// Check a world document; say what is wrong with it, and where.
    Check(CheckConfig),
    /// Change worlds, and look at them; while a server is running, by way of it.
    #[command(subcommand)]
    World(WorldCommand),
    /// Make an invitation to build, while no server runs: prints what to add to the address.
    Invite(InviteConfig),
    /// Make, list and revoke keys with which programs talk to companions; while a server is running,
    /// by way of it.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Copy everything that a server keeps into a file, and uploaded assets into a folder beside it,
    /// while it is running or not.
    Backup(BackupConfig),
    /// Put a backup into a folder, or a database of PostgreSQL, that keeps nothing yet, whichever of
    /// the two it was made of.
    Restore(BackupConfig),
}

/// What to do with a world.
#[derive(Debug, Subcommand)]
pub enum WorldCommand {
    /// Do the operations of a file, all or none, and keep them. While a server runs, it does them:
    /// at most 1,000 at once, more in parts of which each is done whole or not at all.
    Apply(ApplyConfig),
    /// Write a world as it was left: to a file.zip with its assets, to a file.glb for other
    /// programs, or as one document (JSON) to the standard output.
    Export(ExportConfig),
    /// Make a new world of a ZIP, or of a glb, while no server is running.
    Import(ImportConfig),
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key and print it: it cannot be found out again.
    Create(KeyCreateConfig),
    /// List all keys: id, scope, tier, days on which they were made and used last, name.
    List(KeyPlaceConfig),
    /// End a key, and what is under way by it, at once.
    Revoke(KeyRevokeConfig),
}

/// Where keys are.
#[derive(Clone, Debug, Args)]
pub struct KeyPlaceConfig {
    /// Folder of what the server keeps.
    #[arg(long, env = "VIVARIUM_DATA", default_value = "data")]
    pub data: PathBuf,
    /// Database of PostgreSQL in which worlds are kept, instead of in the data folder: as in
    /// postgresql://USER:PASSWORD@HOST/DATABASE.
    #[arg(long, env = "VIVARIUM_DATABASE", value_name = "URL", hide_env_values = true)]
    pub database: Option<String>,
    /// Where else they may be.
    #[command(flatten)]
    pub remote: RemoteConfig,
}

/// Which key to make.
#[derive(Clone, Debug, Args)]
pub struct KeyCreateConfig {
    /// What it is good for.
    #[arg(long, value_enum)]
    pub scope: KeyScope,
    /// What it is called in lists.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub name: String,
    /// As whose messages those of the key count: see `messages_per_hour` in README.md.
    #[arg(long, value_enum, default_value = "registered")]
    pub tier: KeyTier,
    /// Where.
    #[command(flatten)]
    pub place: KeyPlaceConfig,
}

/// Which key to end.
#[derive(Clone, Debug, Args)]
pub struct KeyRevokeConfig {
    /// Its id, as in the list.
    pub id: String,
    /// Where.
    #[command(flatten)]
    pub place: KeyPlaceConfig,
}

/// What a key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyScope {
    /// Talking to companions.
    Dialogue,
}

/// As whose messages those of a key count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyTier {
    /// As of somebody who is known.
    Registered,
    /// As of somebody who pays.
    Premium,
}

/// A world among those that are kept.
#[derive(Clone, Debug, Args)]
pub struct StoredConfig {
    /// Its name.
    #[arg(long, value_name = "NAME")]
    pub world: String,
    /// Folder of what the server keeps.
    #[arg(long, env = "VIVARIUM_DATA", default_value = "data")]
    pub data: PathBuf,
    /// Database of PostgreSQL in which worlds are kept, instead of in the data folder: as in
    /// postgresql://USER:PASSWORD@HOST/DATABASE.
    #[arg(long, env = "VIVARIUM_DATABASE", value_name = "URL", hide_env_values = true)]
    pub database: Option<String>,
    /// Folder with worlds, models and sounds.
    #[arg(long, env = "VIVARIUM_ASSETS", default_value = "assets")]
    pub assets: PathBuf,
    /// Where else it may be.
    #[command(flatten)]
    pub remote: RemoteConfig,
}

/// A running server that is named. Without, that of the data folder is found by itself.
#[derive(Clone, Debug, Default, Args)]
pub struct RemoteConfig {
    /// Address of a running server, as in https://world.example/, instead of a data folder.
    #[arg(long, value_name = "URL", requires = "key_file")]
    pub server: Option<String>,
    /// File with the device key of somebody who may do it there: 64 hexadecimal digits.
    #[arg(long, value_name = "FILE", requires = "server")]
    pub key_file: Option<PathBuf>,
    /// Certificate (PEM) that the server must have; without, one that this machine trusts.
    #[arg(long, value_name = "FILE", requires = "server")]
    pub certificate: Option<PathBuf>,
}

/// Which world to write, and where.
#[derive(Clone, Debug, Args)]
pub struct ExportConfig {
    /// Ends in .zip, .glb or .json; without it the document goes to the standard output.
    pub file: Option<PathBuf>,
    /// Which world.
    #[command(flatten)]
    pub stored: StoredConfig,
    /// Bucket with uploaded assets, instead of a folder in the data folder; see `vivarium serve`.
    #[arg(long, env = "VIVARIUM_ASSET_STORE", value_name = "URL")]
    pub asset_store: Option<String>,
}

/// Which world to make.
#[derive(Clone, Debug, Args)]
pub struct ImportConfig {
    /// A ZIP as it was exported, or a glb.
    pub file: PathBuf,
    /// Its name in addresses; without, the one in the file.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Folder of what the server keeps.
    #[arg(long, env = "VIVARIUM_DATA", default_value = "data")]
    pub data: PathBuf,
    /// Database of PostgreSQL in which worlds are kept, instead of in the data folder: as in
    /// postgresql://USER:PASSWORD@HOST/DATABASE.
    #[arg(long, env = "VIVARIUM_DATABASE", value_name = "URL", hide_env_values = true)]
    pub database: Option<String>,
    /// Folder with worlds, models and sounds.
    #[arg(long, env = "VIVARIUM_ASSETS", default_value = "assets")]
    pub assets: PathBuf,
    /// Bucket for uploaded assets, instead of a folder in the data folder; see `vivarium serve`.
    #[arg(long, env = "VIVARIUM_ASSET_STORE", value_name = "URL")]
    pub asset_store: Option<String>,
}

/// Whom to invite.
#[derive(Clone, Debug, Args)]
pub struct InviteConfig {
    /// Into which world; without: all.
    #[arg(long, value_name = "NAME")]
    pub world: Option<String>,
    /// What they may do there.
    #[arg(long, value_enum, default_value = "builder")]
    pub role: InvitedRole,
    /// For how many hours the invitation counts.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u64).range(1..=720))]
    pub hours: u64,
    /// Folder of what the server keeps.
    #[arg(long, env = "VIVARIUM_DATA", default_value = "data")]
    pub data: PathBuf,
    /// Database of PostgreSQL in which worlds are kept, instead of in the data folder: as in
    /// postgresql://USER:PASSWORD@HOST/DATABASE.
    #[arg(long, env = "VIVARIUM_DATABASE", value_name = "URL", hide_env_values = true)]
    pub database: Option<String>,
}

/// What somebody may be invited to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InvitedRole {
    /// Change everything that is not locked.
    Builder,
    /// Lock and unlock as well, and invite others.
    Owner,
}

/// What to do with a world, and which.
#[derive(Clone, Debug, Args)]
pub struct ApplyConfig {
    /// A JSON list of operations.
    pub file: PathBuf,
    /// Which world.
    #[command(flatten)]
    pub stored: StoredConfig,
    /// Who is told to have done it: a name as people have them.
    #[arg(long, default_value = "command line", value_parser = author)]
    pub author: String,
}

/// A backup, and where it belongs.
#[derive(Clone, Debug, Args)]
pub struct BackupConfig {
    /// The backup.
    pub file: PathBuf,
    /// Folder of what the server keeps.
    #[arg(long, env = "VIVARIUM_DATA", default_value = "data")]
    pub data: PathBuf,
    /// Database of PostgreSQL in which worlds are kept, instead of in the data folder: as in
    /// postgresql://USER:PASSWORD@HOST/DATABASE.
    #[arg(long, env = "VIVARIUM_DATABASE", value_name = "URL", hide_env_values = true)]
    pub database: Option<String>,
}

/// Everything that a worker is started with.
#[derive(Clone, Debug, Args)]
pub struct WorkerConfig {
    /// Redis from which it takes what is to be asked: as in redis://USER:PASSWORD@HOST:6379, or
    /// rediss:// for TLS.
    #[arg(long, env = "VIVARIUM_REDIS", value_name = "URL", hide_env_values = true)]
    pub redis: String,
    /// File that says which language models it asks (see README.md).
    #[arg(long, value_name = "FILE", env = "VIVARIUM_DIALOGUE")]
    pub dialogue: PathBuf,
    /// Answers at once; without it, as many as the file says.
    #[arg(
        long,
        value_name = "N",
        env = "VIVARIUM_WORKER_CONCURRENCY",
        value_parser = clap::value_parser!(u16).range(1..=1_024)
    )]
    pub concurrency: Option<u16>,
    /// How to write the log. `RUST_LOG` chooses what is in it.
    #[arg(long, value_enum, env = "VIVARIUM_LOG", default_value_t = LogFormat::Text)]
    pub log: LogFormat,
}

/// Everything that a server is started with.
#[derive(Clone, Debug, Args)]
pub struct ServerConfig {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, env = "VIVARIUM_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Address and port for QUIC and WebTransport (UDP). Without it, those of `--listen`, if they are
    /// free.
    #[arg(long, env = "VIVARIUM_UDP_LISTEN")]
    pub udp_listen: Option<SocketAddr>,
    /// Address and port for WebRTC (UDP). Without it, the port after that of `--listen`, or any that
    /// is free.
    #[arg(long, env = "VIVARIUM_WEBRTC_LISTEN")]
    pub webrtc_listen: Option<SocketAddr>,
    /// Address at which browsers reach the WebRTC port, when it is not one of this machine's own
    /// (behind a NAT); may be repeated.
    #[arg(
        long = "webrtc-address",
        value_name = "IP",
        env = "VIVARIUM_WEBRTC_ADDRESS",
        value_delimiter = ','
    )]
    pub webrtc_addresses: Vec<IpAddr>,
    /// STUN or TURN server that browsers are told of, such as stun:host:3478 or
    /// turn:user:password@host:3478; may be repeated.
    #[arg(
        long = "ice-server",
        value_name = "URL",
        env = "VIVARIUM_ICE_SERVER",
        value_delimiter = ',',
        value_parser = ice_server
    )]
    pub ice_servers: Vec<IceServer>,
    /// Certificate chain (PEM) for HTTPS and QUIC; read again when it changes. Without it pages are
    /// served over plain HTTP, and QUIC has a certificate that browsers trust by its digest.
    #[arg(long, value_name = "FILE", env = "VIVARIUM_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key (PEM) of the certificate.
    #[arg(long, value_name = "FILE", env = "VIVARIUM_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Folder for what the server must keep; it is made when missing.
    #[arg(long, env = "VIVARIUM_DATA", default_value = "data")]
    pub data: PathBuf,
    /// Database of PostgreSQL in which worlds are kept, instead of in the data folder: as in
    /// postgresql://USER:PASSWORD@HOST/DATABASE.
    #[arg(long, env = "VIVARIUM_DATABASE", value_name = "URL", hide_env_values = true)]
    pub database: Option<String>,
    /// Folder with worlds, models and sounds.
    #[arg(long, env = "VIVARIUM_ASSETS", default_value = "assets")]
    pub assets: PathBuf,
    /// Bucket for uploaded assets, such as s3://BUCKET/FOLDER, instead of a folder in the data
    /// folder. Region, keys and endpoint come from AWS_REGION, AWS_ACCESS_KEY_ID,
    /// AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT and AWS_ALLOW_HTTP.
    #[arg(long, env = "VIVARIUM_ASSET_STORE", value_name = "URL")]
    pub asset_store: Option<String>,
    /// MiB of uploaded assets that one world may have.
    #[arg(
        long,
        value_name = "MIB",
        env = "VIVARIUM_WORLD_ASSETS_MIB_MAX",
        default_value_t = WORLD_ASSETS_MIB_MAX
    )]
    pub world_assets_mib_max: u32,
    /// MiB of assets that one account may upload, in all worlds together.
    #[arg(
        long,
        value_name = "MIB",
        env = "VIVARIUM_ACCOUNT_ASSETS_MIB_MAX",
        default_value_t = ACCOUNT_ASSETS_MIB_MAX
    )]
    pub account_assets_mib_max: u32,
    /// Hours for which uploaded assets are kept that nothing uses.
    #[arg(
        long,
        value_name = "HOURS",
        env = "VIVARIUM_ASSET_GRACE_HOURS",
        default_value_t = ASSET_GRACE_HOURS
    )]
    pub asset_grace_hours: u32,
    /// Program that packs textures of uploaded models for graphics cards (KTX2): basisu, or one that
    /// is called like it, by its name or its path. Without it, basisu is used where it is found, and
    /// else textures stay as they are; with "none" they always do.
    #[arg(long, value_name = "PROGRAM", env = "VIVARIUM_TEXTURE_ENCODER")]
    pub texture_encoder: Option<String>,
    /// File that says which language models companions speak with (see README.md). Without it they
    /// answer from what they know themselves, and people are shown that they do.
    #[arg(long, value_name = "FILE", env = "VIVARIUM_DIALOGUE")]
    pub dialogue: Option<PathBuf>,
    /// Redis by which workers are asked for companions' words, instead of language models by this
    /// server: as in redis://USER:PASSWORD@HOST:6379, or rediss:// for TLS. With --dialogue it works
    /// as well.
    #[arg(long, env = "VIVARIUM_REDIS", value_name = "URL", hide_env_values = true)]
    pub redis: Option<String>,
    /// With --redis: leave asking models to other workers, whatever --dialogue says. Its limits count.
    #[arg(long, env = "VIVARIUM_NO_DIALOGUE_WORKER", requires = "redis")]
    pub no_dialogue_worker: bool,
    /// Folder with the built browser client.
    #[arg(long, env = "VIVARIUM_CLIENT", default_value = "client-web/dist")]
    pub client: PathBuf,
    /// World to open, by name; may be repeated, and the first is where people arrive. Without it,
    /// every world of the assets folder is open, plaza first.
    #[arg(long = "world", value_name = "NAME", env = "VIVARIUM_WORLD", value_delimiter = ',')]
    pub worlds: Vec<String>,
    /// Write every input to this file, for `vivarium replay`.
    #[arg(long, value_name = "FILE", env = "VIVARIUM_RECORD")]
    pub record: Option<PathBuf>,
    /// How to write the log. `RUST_LOG` chooses what is in it.
    #[arg(long, value_enum, env = "VIVARIUM_LOG", default_value_t = LogFormat::Text)]
    pub log: LogFormat,
    /// Another origin whose pages may connect, such as https://example.org; may be repeated.
    /// Pages of this server, and programs that are not browsers, always may.
    #[arg(
        long = "allow-origin",
        value_name = "ORIGIN",
        env = "VIVARIUM_ALLOW_ORIGIN",
        value_delimiter = ','
    )]
    pub allow_origins: Vec<String>,
    /// Let nobody in without a ticket from `POST /api/tickets`, which only pages of allowed origins
    /// get; programs without an origin get one as well.
    #[arg(long, env = "VIVARIUM_REQUIRE_TICKET")]
    pub require_ticket: bool,
    /// People on this server at most, in all worlds together.
    #[arg(long, value_name = "N", env = "VIVARIUM_PEOPLE_MAX", default_value_t = PEOPLE_MAX)]
    pub people_max: usize,
    /// Connections at most.
    #[arg(
        long,
        value_name = "N",
        env = "VIVARIUM_CONNECTIONS_MAX",
        default_value_t = CONNECTIONS_MAX
    )]
    pub connections_max: u32,
    /// Connections at most from one address; those from this machine are not counted.
    #[arg(
        long,
        value_name = "N",
        env = "VIVARIUM_CONNECTIONS_PER_ADDRESS_MAX",
        default_value_t = CONNECTIONS_PER_ADDRESS_MAX
    )]
    pub connections_per_address_max: u32,
    /// Bytes per second of frames that one client is sent at most; it is sent less while much is
    /// lost on the way.
    #[arg(
        long,
        value_name = "BYTES",
        env = "VIVARIUM_CLIENT_BYTES_PER_S_MAX",
        default_value_t = CLIENT_BYTES_PER_S,
        value_parser = clap::value_parser!(u32).range(8_192..=16_777_216)
    )]
    pub client_bytes_per_s_max: u32,
    /// Days after which changes are forgotten that a snapshot has in it; without it they stay for
    /// ever. Versions that were given a name always stay.
    #[arg(
        long,
        value_name = "N",
        env = "VIVARIUM_HISTORY_DAYS",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub history_days: Option<u32>,
    /// Changes of each world that stay at most, beside those that no snapshot has in it yet.
    #[arg(long, value_name = "N", env = "VIVARIUM_HISTORY_BATCHES")]
    pub history_batches: Option<u32>,
    /// When logs are long; the defaults, unless a test wants others.
    #[arg(skip)]
    pub snapshots: SnapshotLimits,
    /// Limits of each connection; the defaults, unless a test wants others.
    #[arg(skip)]
    pub link: vivarium_link::limits::LinkLimits,
    /// Limits of the UDP port; the defaults, unless a test wants others.
    #[arg(skip)]
    pub quic: vivarium_link::limits::QuicLimits,
}

impl ServerConfig {
    /// Where companions' words come from.
    pub fn words(&self) -> WordsConfig {
        WordsConfig {
            dialogue: self.dialogue.clone(),
            redis: self.redis.clone(),
            works: !self.no_dialogue_worker,
        }
    }

    /// How much of the history stays.
    pub fn retention(&self) -> Retention {
        let day = Duration::from_secs(24 * 3_600);
        Retention {
            life: self.history_days.map(|days| day.saturating_mul(days)),
            batches_max: self.history_batches,
        }
    }

    /// The defaults, on a free port of this machine.
    pub fn on_free_port() -> Self {
        #[derive(Parser)]
        struct Defaults {
            #[command(flatten)]
            config: ServerConfig,
        }
        Defaults::parse_from(["vivarium", "--listen", "127.0.0.1:0"]).config
    }
}

/// A name as people may see it.
fn author(name: &str) -> Result<String, String> {
    text::name(name).map_err(|_| format!("a name has 1 to {NAME_CHARS_MAX} visible characters"))
}

/// Reads `stun:HOST` or `turn:USER:PASSWORD@HOST`.
fn ice_server(text: &str) -> Result<IceServer, String> {
    let wrong = || format!("{text} is neither stun:HOST:PORT nor turn:USER:PASSWORD@HOST:PORT");
    let (scheme, rest) = text.split_once(':').ok_or_else(wrong)?;
    let (login, host) = match (scheme, rest.rsplit_once('@')) {
        ("stun" | "stuns", None) => (None, rest),
        ("turn" | "turns", Some((login, host))) => (Some(login), host),
        _ => return Err(wrong()),
    };
    let login = login.map(|login| login.split_once(':').ok_or_else(wrong)).transpose()?;
    if host.is_empty() {
        return Err(wrong());
    }
    let (username, credential) = login.unwrap_or_default();
    Ok(IceServer {
        urls: vec![format!("{scheme}:{host}")],
        username: username.to_owned(),
        credential: credential.to_owned(),
    })
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line, for programs.
    Json,
}

/// What to replay.
#[derive(Clone, Debug, Args)]
pub struct ReplayConfig {
    /// The recording.
    pub file: PathBuf,
}

/// What to check.
#[derive(Clone, Debug, Args)]
pub struct CheckConfig {
    /// The world document.
    pub file: PathBuf,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_repeats_what_may_be_repeated() {
        Cli::command().debug_assert();
        let cli = Cli::parse_from(["vivarium", "serve", "--world", "plaza", "--world", "garden"]);
        let Command::Serve(config) = cli.command else { panic!("not serve") };
        assert_eq!(config.worlds, ["plaza", "garden"]);
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    }

    #[test]
    fn ice_servers_are_read_with_their_logins() {
        let server = ice_server("turn:ana:se:cret@relay.example:3478?transport=udp").unwrap();
        assert_eq!(server.urls, ["turn:relay.example:3478?transport=udp"]);
        assert_eq!((server.username.as_str(), server.credential.as_str()), ("ana", "se:cret"));
        assert_eq!(ice_server("stun:host:3478").unwrap().urls, ["stun:host:3478"]);
        for wrong in ["host:3478", "turn:host:3478", "stun:", "turn:ana@host", "http://host"] {
            assert!(ice_server(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_needs_a_scope_and_is_registered_unless_it_says_more() {
        let parsed = |words: &[&str]| {
            Cli::try_parse_from(["vivarium", "key"].iter().chain(words)).map(|cli| cli.command)
        };
        let Ok(Command::Key(KeyCommand::Create(made))) = parsed(&["create", "--scope", "dialogue"])
        else {
            panic!("not create")
        };
        assert_eq!((made.scope, made.tier), (KeyScope::Dialogue, KeyTier::Registered));
        let premium = ["create", "--scope", "dialogue", "--tier", "premium", "--name", "a bot"];
        assert!(matches!(parsed(&premium), Ok(Command::Key(KeyCommand::Create(made)))
            if made.tier == KeyTier::Premium && made.name == "a bot"));
        for wrong in [&["create"][..], &["create", "--scope", "all"], &["revoke"]] {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn help_names_every_default() {
        let mut command = Cli::command();
        let serve = command.find_subcommand_mut("serve").expect("serve is a command");
        let help = serve.render_long_help().to_string();
        for text in ["127.0.0.1:8080", "client-web/dist", "VIVARIUM_PEOPLE_MAX", "2048"] {
            assert!(help.contains(text), "{text} is missing in:\n{help}");
        }
    }
}
