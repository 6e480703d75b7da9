//! The binary `vivarium`: reads the command line, writes the log, listens to signals.

use std::{
    fs::File,
    io::{BufReader, IsTerminal, Write},
    process::ExitCode,
};

use anyhow::{Context, bail};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use vivarium_contract::editing::Role;
use vivarium_host::{
    apply, backup,
    building::roles::invitation,
    config::{
        ApplyConfig, BackupConfig, CheckConfig, Cli, Command, ExportConfig, ImportConfig,
        InviteConfig, InvitedRole, KeyCommand, KeyCreateConfig, KeyScope, KeyTier, LogFormat,
        ReplayConfig, ServerConfig, WorkerConfig, WorldCommand,
    },
    exchange::files,
    kept::Kept,
    keys::{self, NewKey, api::Listed, command},
    limits::{SHUTDOWN_TIMEOUT, SIGNAL_ECHO_MAX},
    minds::worker,
    recording::Records,
    remote::Applied,
    replay,
    server::Server,
    worlds::WorldSource,
};
use vivarium_scene::document::WorldDocument;
use vivarium_world::Simulation;

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(config) => serve(*config),
        Command::DialogueWorker(config) => work(&config),
        Command::Replay(config) => replay_file(&config),
        Command::Check(config) => check(&config),
        Command::World(WorldCommand::Apply(config)) => apply(&config),
        Command::World(WorldCommand::Export(config)) => export(&config),
        Command::World(WorldCommand::Import(config)) => import(&config),
        Command::Invite(config) => invite(&config),
        Command::Key(command) => key(command),
        Command::Backup(config) => back_up(&config),
        Command::Restore(config) => restore(&config),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(config: ServerConfig) -> anyhow::Result<()> {
    start_log(config.log);
    let runtime = runtime()?;
    let ended = runtime.block_on(run(config));
    // What still runs now did not end in time, and must not hold up the end of the process.
    runtime.shutdown_background();
    ended
}

async fn run(config: ServerConfig) -> anyhow::Result<()> {
    let mut terminated = signal(SignalKind::terminate()).context("cannot listen to SIGTERM")?;
    let mut interrupted = signal(SignalKind::interrupt()).context("cannot listen to SIGINT")?;
    let records = config.record.is_some();
    let server = Server::start(config).await?;
    for world in server.worlds().all() {
        tracing::info!(world = world.name(), "open");
    }
    // For people and for scripts that wait for it, whatever the log's format.
    println!("Vivarium is open at {}", server.url());
    match server.roles().invite_first_owner() {
        Ok(Some(secret)) => {
            println!(
                "To build, open {}#invitation={secret} (counts once, for a day)",
                server.url()
            );
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "nobody can be invited to build"),
    }
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    tracing::info!("shutting down; a second signal ends at once");
    let ended = tokio::select! {
        ended = tokio::time::timeout(SHUTDOWN_TIMEOUT, server.shutdown()) => ended.ok(),
        () = second_signal() => None,
    };
    let Some(ended) = ended else {
        // Nothing that still runs can be waited for any more.
        eprintln!("ended at once");
        std::process::exit(1);
    };
    replay::print(&ended.worlds, &mut std::io::stdout().lock())?;
    if records && !ended.is_recorded {
        bail!("the recording is incomplete");
    }
    Ok(())
}

fn work(config: &WorkerConfig) -> anyhow::Result<()> {
    start_log(config.log);
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let mut terminated = signal(SignalKind::terminate()).context("cannot listen to SIGTERM")?;
        let mut interrupted = signal(SignalKind::interrupt()).context("cannot listen to SIGINT")?;
        let is_over = async {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = interrupted.recv() => {}
            }
        };
        // For people and for scripts that wait for it, whatever the log's format.
        worker::serve(config, || println!("The worker is ready"), is_over).await?;
        Ok(())
    });
    runtime.shutdown_background();
    ended
}

/// Waits for another signal. What wraps this program (make, timeout, a shell) often passes the
/// first one on to a group that has it already, so that echoes do not count.
async fn second_signal() {
    tokio::time::sleep(SIGNAL_ECHO_MAX).await;
    let streams = signal(SignalKind::terminate()).and_then(|terminated| {
        signal(SignalKind::interrupt()).map(|interrupted| (terminated, interrupted))
    });
    let Ok((mut terminated, mut interrupted)) = streams else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
}

/// What the log tells unless `RUST_LOG` says otherwise. The libraries of WebRTC are loud about
/// whatever a stranger sends them, and that of WebTransport says a line about it.
const LOGGED: &str = "info,rtc=off,webrtc=off,web_transport_quinn=error,web_transport_proto=error";

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOGGED));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
}

fn replay_file(config: &ReplayConfig) -> anyhow::Result<()> {
    start_log(LogFormat::Text);
    let file = File::open(&config.file)
        .with_context(|| format!("cannot open {}", config.file.display()))?;
    let bar = progress_bar(file.metadata().map_or(0, |meta| meta.len()));
    let records = Records::new(BufReader::new(file))?;
    let replayed = replay::replay::<Simulation, _>(records, |position| bar.set_position(position))?;
    bar.finish_and_clear();
    if !replayed.is_complete {
        eprintln!("warning: the recording was cut short; this is the state at its last record");
    }
    replay::print(&replayed.worlds, &mut std::io::stdout().lock())?;
    Ok(())
}

/// Draws only on a terminal.
fn progress_bar(bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("replaying {bar:40} {percent}% {eta}");
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn check(config: &CheckConfig) -> anyhow::Result<()> {
    let source = WorldSource::read(&config.file)?;
    let document = &source.document;
    writeln!(
        std::io::stdout().lock(),
        "{}: \"{}\" with {} objects is a valid world document",
        config.file.display(),
        document.title,
        document.objects.len()
    )?;
    Ok(())
}

fn apply(config: &ApplyConfig) -> anyhow::Result<()> {
    let (count, Applied { revision, parts }) = runtime()?.block_on(apply::apply(config))?;
    let name = &config.stored.world;
    let parts = if parts > 1 { format!(" in {parts} parts") } else { String::new() };
    let text = format!("{name}: {count} operations done{parts}; revision {revision}");
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}

fn export(config: &ExportConfig) -> anyhow::Result<()> {
    let json = runtime()?.block_on(files::export(config))?;
    let mut out = std::io::stdout().lock();
    match (json, &config.file) {
        (Some(json), _) => {
            out.write_all(&json)?;
            writeln!(out)?;
        }
        (None, Some(file)) => {
            writeln!(out, "{}: written to {}", config.stored.world, file.display())?
        }
        (None, None) => {}
    }
    Ok(())
}

fn import(config: &ImportConfig) -> anyhow::Result<()> {
    let made = runtime()?.block_on(files::import(config))?;
    let mut out = std::io::stdout().lock();
    for warning in &made.warnings {
        writeln!(out, "note: {warning}")?;
    }
    let WorldDocument { name, objects, .. } = &made.document;
    writeln!(out, "{name}: a new world with {} objects", objects.len())?;
    Ok(())
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.context("cannot start the runtime")
}

fn invite(config: &InviteConfig) -> anyhow::Result<()> {
    let role = match config.role {
        InvitedRole::Builder => Role::Builder,
        InvitedRole::Owner => Role::Owner,
    };
    let (invitation, secret) = invitation(config.world.clone(), role, config.hours * 3_600)?;
    let mut store = Kept::open_any(&config.data, config.database.as_deref())?.into_store();
    store.invite(&invitation, invitation.expires_at_ms - config.hours * 3_600_000)?;
    let world = config.world.as_deref().unwrap_or_default();
    writeln!(std::io::stdout().lock(), "/{world}#invitation={secret}")?;
    Ok(())
}

fn key(command: KeyCommand) -> anyhow::Result<()> {
    let runtime = runtime()?;
    let mut out = std::io::stdout().lock();
    match command {
        KeyCommand::Create(KeyCreateConfig { scope, name, tier, place }) => {
            let scope = match scope {
                KeyScope::Dialogue => keys::DIALOGUE.to_owned(),
            };
            let tier = match tier {
                KeyTier::Registered => "registered".to_owned(),
                KeyTier::Premium => "premium".to_owned(),
            };
            let made = runtime.block_on(command::create(&place, NewKey { name, scope, tier }))?;
            // The key alone goes where a script may take it.
            eprintln!("the key {} is shown this once:", made.listed.id);
            writeln!(out, "{}", made.key)?;
        }
        KeyCommand::List(place) => {
            for key in runtime.block_on(command::list(&place))? {
                let Listed { id, name, scope, tier, made_on, used_on } = key;
                let used_on = used_on.unwrap_or_else(|| "never".to_owned());
                writeln!(out, "{id}  {scope}  {tier:<10}  {made_on}  {used_on:<10}  {name}")?;
            }
        }
        KeyCommand::Revoke(config) => {
            runtime.block_on(command::revoke(&config.place, &config.id))?;
            writeln!(out, "{}: revoked", config.id)?;
        }
    }
    Ok(())
}

fn back_up(config: &BackupConfig) -> anyhow::Result<()> {
    let assets = backup::back_up(&config.data, config.database.as_deref(), &config.file)?;
    let file = config.file.display();
    let mut out = std::io::stdout().lock();
    match assets {
        0 => writeln!(out, "{file}: everything is in it")?,
        n => writeln!(out, "{file}: everything is in it and, with {n} assets, in {file}.assets")?,
    }
    Ok(())
}

fn restore(config: &BackupConfig) -> anyhow::Result<()> {
    backup::restore(&config.file, &config.data, config.database.as_deref())?;
    // The address of a database may hold a password.
    let place = match config.database {
        Some(_) => "the database".into(),
        None => config.data.display().to_string(),
    };
    writeln!(std::io::stdout().lock(), "{place}: everything is back")?;
    Ok(())
}
