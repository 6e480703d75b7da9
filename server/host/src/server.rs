//! The whole server: starts the worlds and the socket, and ends them in order.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, mpsc::Receiver},
    time::{Duration, Instant},
};

use tokio::{net::TcpListener, sync::Semaphore, sync::watch, task::JoinHandle as Task};
use tokio_rustls::TlsAcceptor;
use vivarium_assets::{
    encoder::{self, Encoder},
    shelf::{Shelf, ShelfError},
};
use vivarium_link::{
    adapters::{
        quic::QuicEndpoint,
        webrtc::{
            config::WebRtcConfig,
            endpoint::{BindError, WebRtcEndpoint},
        },
    },
    limits::{LinkLimits, QuicLimits},
    prefix::PrefixBudget,
};
use vivarium_protocol::{close::CloseReason, limits::CLIENT_RELIABLE_BYTES_MAX};
use vivarium_store::{adapters::memory::MemoryStore, keeper::Keeper, port::WorldStore};
use vivarium_world::{Simulation, WorldError};

use crate::{
    building::{
        api,
        roles::{Roles, RolesError},
        upkeep,
    },
    companions::{CompanionError, Companions},
    config::ServerConfig,
    connections::{self, Gate},
    drafts::Drafts,
    exchange, http,
    kept::{Kept, KeptError},
    keys::{Keys, KeysError},
    library::{
        Library, Quotas, UploadError,
        collect::{self, Collected},
    },
    limits::{
        DRAIN_TIMEOUT, END_TIMEOUT, EXCHANGES_AT_ONCE_MAX, NEWCOMERS_PER_PREFIX, PASTS_AT_ONCE,
    },
    links::{Links, Reception},
    metrics::Metrics,
    minds::{
        books::Books,
        thinking::{self, DialogueError, Sources, Thinking},
        worker::InProcess,
    },
    recording::Recording,
    routing::{FrontDoor, ToWorld},
    running::Running,
    starter::Starter,
    tls::{self, Certificates, TlsError},
    world_thread::{Ticking, WorldEnd},
    worlds::{OpenError, World, WorldSource, Worlds},
};

/// In the data folder: uploaded assets.
pub const SHELF_FOLDER: &str = "assets";

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The worlds could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A world could not be built.
    #[error("world {name}: {error}")]
    World {
        /// Name in addresses.
        name: String,
        /// What is wrong.
        error: WorldError,
    },
    /// A world failed while it was built.
    #[error("world {0} failed at its first tick: see the log above")]
    Failed(String),
    /// Somebody else listens there.
    #[error(
        "{0} is already in use: stop the program that listens there, or choose another port with \
         --listen ADDRESS:PORT"
    )]
    AddressInUse(SocketAddr),
    /// The certificate is of no use.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// There is no such program.
    #[error(
        "there is no program {0} to pack textures: see --texture-encoder, or leave it out, and they \
         stay as they are"
    )]
    TextureEncoder(String),
    /// Companions' minds cannot be set up.
    #[error("companions cannot speak as it is asked for: {0}")]
    Dialogue(#[from] DialogueError),
    /// Whose companions are whose cannot be found out.
    #[error("companions cannot be read: {0}")]
    Companions(#[from] CompanionError),
    /// HTTPS cannot be served.
    #[error("cannot serve HTTPS: {0}")]
    Https(rustls::Error),
    /// The UDP port that was asked for cannot be had.
    #[error("cannot listen for QUIC on UDP {address}: {error}; choose another with --udp-listen")]
    Udp {
        /// Where.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// WebRTC cannot be had as it was asked for.
    #[error("cannot listen for WebRTC on UDP {address}: {error}; see --webrtc-listen")]
    WebRtc {
        /// Where.
        address: SocketAddr,
        /// Why.
        error: BindError,
    },
    /// Listening failed otherwise.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// The recording cannot be created.
    #[error("cannot create the recording {path}: {error}")]
    Record {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The data folder cannot be made.
    #[error("cannot make the data folder {path}: {error}")]
    Data {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What the worlds were when they were left cannot be found out.
    #[error(transparent)]
    Kept(#[from] KeptError),
    /// Who may do what cannot be found out.
    #[error(transparent)]
    Roles(#[from] RolesError),
    /// Which keys count cannot be found out.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Uploaded assets cannot be kept.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// What was uploaded cannot be found out.
    #[error(transparent)]
    Library(#[from] UploadError),
    /// The operating system gives no thread.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

/// A running server. Dropping it ends the worlds without a word to anyone: call
/// [`Server::shutdown`].
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    worlds: Arc<Worlds>,
    door: Arc<FrontDoor>,
    gate: Arc<Gate>,
    is_https: bool,
    links: Links,
    quic: Option<QuicEndpoint>,
    webrtc: Option<Arc<WebRtcEndpoint>>,
    starter: Arc<Starter>,
    ending: watch::Sender<bool>,
    tasks: Vec<Task<()>>,
    /// What answers cost.
    books: Arc<Books>,
    /// Asks language models for other servers as well.
    worker: Option<InProcess>,
    recording: Option<Recording>,
    /// Writes what must last, and holds the data folder, so that nobody else changes what is in it.
    keeper: Keeper,
    roles: Arc<Roles>,
    library: Arc<Library>,
    /// How the command line finds it.
    running: Option<Running>,
}

/// How a server ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Where the worlds ended, in order; those that failed are missing.
    pub worlds: Vec<WorldEnd>,
    /// Whether a recording was asked for and is complete.
    pub is_recorded: bool,
}

impl Server {
    /// Opens the worlds and the socket; returns when both are there.
    pub async fn start(config: ServerConfig) -> Result<Self, StartError> {
        let (data, database) = (config.data.clone(), config.database.clone());
        let (assets, names) = (config.assets.clone(), config.worlds.clone());
        let opened = tokio::task::spawn_blocking(move || {
            let mut kept = Kept::open_any(&data, database.as_deref())?;
            let sources = kept.open_worlds(&assets, &names)?;
            Ok::<_, KeptError>((kept.into_store(), sources))
        });
        let opened = opened.await.map_err(|error| StartError::Thread(io::Error::other(error)))?;
        let (store, mut sources) = opened?;
        for source in &mut sources {
            source.client_bytes_per_s_max = config.client_bytes_per_s_max;
        }
        let (data, certificate) = (config.data.clone(), config.tls_cert.clone());
        let mut server = Self::start_worlds::<Simulation>(config, sources, store).await?;
        server.announce(&data, certificate.as_deref());
        Ok(server)
    }

    /// Tells the command line how to reach it.
    fn announce(&mut self, data: &Path, certificate: Option<&Path>) {
        let certificate = certificate.filter(|_| self.is_https);
        match Running::announce(data, self.address, certificate) {
            Ok(running) => {
                self.roles.trust(running.account());
                self.running = Some(running);
            }
            Err(error) => {
                tracing::warn!(%error, "the command line cannot find this server: see the folder");
            }
        }
    }

    /// As [`Server::start`], with worlds that are not in the assets folder and are forgotten at the
    /// end, with what is uploaded.
    pub async fn start_with(
        config: ServerConfig,
        sources: Vec<WorldSource>,
    ) -> Result<Self, StartError> {
        let store = Box::new(MemoryStore::default());
        Self::start_with_shelf(config, sources, store, Shelf::memory()).await
    }

    /// As [`Server::start_with`], with worlds that are kept in a store of the caller's.
    pub async fn start_kept(
        config: ServerConfig,
        sources: Vec<WorldSource>,
        store: Box<dyn WorldStore>,
    ) -> Result<Self, StartError> {
        Self::start_worlds::<Simulation>(config, sources, store).await
    }

    /// As [`Server::start_kept`], with a shelf of the caller's for uploaded assets.
    pub async fn start_with_shelf(
        config: ServerConfig,
        sources: Vec<WorldSource>,
        store: Box<dyn WorldStore>,
        shelf: Shelf,
    ) -> Result<Self, StartError> {
        Self::start_all::<Simulation>(config, sources, store, Some(shelf)).await
    }

    pub(crate) async fn start_worlds<W: Ticking>(
        config: ServerConfig,
        sources: Vec<WorldSource>,
        store: Box<dyn WorldStore>,
    ) -> Result<Self, StartError> {
        Self::start_all::<W>(config, sources, store, None).await
    }

    async fn start_all<W: Ticking>(
        config: ServerConfig,
        sources: Vec<WorldSource>,
        store: Box<dyn WorldStore>,
        shelf: Option<Shelf>,
    ) -> Result<Self, StartError> {
        std::fs::create_dir_all(&config.data)
            .map_err(|error| StartError::Data { path: config.data.clone(), error })?;
        // First, so that a port that is taken is told at once.
        let listener = listen(config.listen).await?;
        let address = listener
            .local_addr()
            .map_err(|error| StartError::Listen { address: config.listen, error })?;
        let recording = config.record.as_ref().map(|path| recording(path, &sources)).transpose()?;
        let (worlds, inboxes): (Vec<_>, Vec<_>) = opened(sources).into_iter().unzip();
        let worlds = Arc::new(Worlds::new(worlds));
        let (keeper, _) = Keeper::start(store).map_err(StartError::Thread)?;
        let roles = Arc::new(Roles::load(keeper.clone())?);
        let keys = Arc::new(Keys::load(keeper.clone())?);
        let library = Arc::new(library(&config, shelf, keeper.clone())?);
        let door = Arc::new(door(&config, worlds.clone(), roles.clone()));
        let links = Links::default();
        let (outboxes, handshakes) = (door.outbox_stats().clone(), links.handshakes.clone());
        let metrics = Arc::new(Metrics::new(links.named(), outboxes, handshakes));
        let (certificates, tls) = certificates(&config, address)?;
        let quic = bind_udp(&config, address, &certificates)?;
        let webrtc = bind_webrtc(&config, address)?.map(Arc::new);
        let from = Sources::of(&config);
        let Thinking { dialogue, minds, books, tasks, worker } =
            thinking::start(&from, keeper.clone(), &metrics.dialogue).await?;
        let companions = Companions::load(keeper.clone(), dialogue.clone(), minds.clone())?;
        let kept = (keeper.clone(), roles.clone());
        let starter = Starter::new::<W>(worlds.clone(), metrics.clone(), kept, minds);
        let starter = Arc::new(starter);
        let gate = Arc::new(Gate::new(config.connections_max, config.connections_per_address_max));
        let (ending, is_ending) = watch::channel(false);
        let mut server = Self {
            address,
            worlds: worlds.clone(),
            door: door.clone(),
            gate: gate.clone(),
            is_https: tls.is_some(),
            links: links.clone(),
            quic: quic.clone(),
            webrtc: webrtc.clone(),
            starter: starter.clone(),
            ending,
            tasks,
            books,
            worker,
            recording,
            keeper,
            roles: roles.clone(),
            library: library.clone(),
            running: None,
        };
        server.build(inboxes).await?;
        let udp_port = quic.as_ref().and_then(|quic| quic.address().ok()).map(|udp| udp.port());
        let (snapshots, retention) = (config.snapshots, config.retention());
        let allow_origins: Arc<[String]> = config.allow_origins.into();
        let shared = http::Shared {
            worlds,
            door: door.clone(),
            metrics: metrics.clone(),
            links: links.clone(),
            link: config.link,
            allow_origins: allow_origins.clone(),
            udp_port,
            certificates: certificates.clone(),
            webrtc,
            tickets: Arc::new(PrefixBudget::new(NEWCOMERS_PER_PREFIX)),
            roles,
            keeper: server.keeper.clone(),
            edits: Arc::default(),
            pasts: Arc::new(Semaphore::new(PASTS_AT_ONCE)),
            sources: exchange::api::sources(&config.assets, &library),
            companions: Arc::new(companions),
            exchanges: Arc::new(Semaphore::new(EXCHANGES_AT_ONCE_MAX)),
            models: dialogue.models().cloned(),
            library: library.clone(),
            drafts: Arc::new(Drafts::new(starter, server.keeper.clone())),
            keys,
            dialogue,
        };
        let collecting = collect::keep_collecting(library, server.worlds.clone(), metrics.clone());
        server.tasks.push(tokio::spawn(collecting));
        server.look_after(snapshots, retention);
        if let Some(quic) = quic {
            server.receive(&quic, (config.link, config.quic), allow_origins);
        }
        server.tasks.push(tokio::spawn(certificates.keep()));
        let router = http::router(shared, &config.assets, &config.client);
        let accepting = connections::accept(listener, tls, router, gate, metrics, is_ending);
        server.tasks.push(tokio::spawn(accepting));
        server.tasks.push(tokio::spawn(expire(door)));
        Ok(server)
    }

    /// Lets people come over QUIC.
    fn receive(
        &mut self,
        quic: &QuicEndpoint,
        (limits, quic_limits): (LinkLimits, QuicLimits),
        allow_origins: Arc<[String]>,
    ) {
        let reception = Reception {
            door: self.door.clone(),
            gate: self.gate.clone(),
            links: self.links.clone(),
            limits,
            allow_origins,
            http_port: self.address.port(),
        };
        let handshakes = self.links.handshakes.clone();
        let serving = quic.clone().serve(Arc::new(reception), quic_limits, handshakes);
        self.tasks.push(tokio::spawn(serving));
    }

    /// Looks after what worlds leave: documents for newcomers, snapshots, old history.
    fn look_after(&mut self, snapshots: upkeep::SnapshotLimits, retention: upkeep::Retention) {
        let (worlds, keeper) = (self.worlds.clone(), self.keeper.clone());
        self.tasks.push(tokio::spawn(api::keep_replicas(worlds.clone())));
        self.tasks.push(tokio::spawn(upkeep::keep_up(worlds, keeper, snapshots, retention)));
    }

    /// Starts a thread for each world, and waits until all of them stand.
    async fn build(&mut self, inboxes: Vec<Receiver<ToWorld>>) -> Result<(), StartError> {
        let mut built = Vec::new();
        let worlds = self.worlds.all().into_iter();
        for (number, (world, messages)) in (0..).zip(worlds.zip(inboxes)) {
            if world.source.is_damaged {
                continue;
            }
            let recording = self.recording.as_ref().filter(|_| !world.is_draft());
            let recorder = recording.map(|recording| (number, recording.recorder()));
            let is_ready = self
                .starter
                .start(world.clone(), messages, recorder)
                .map_err(StartError::Thread)?;
            built.push((world, is_ready));
        }
        for (world, is_ready) in built {
            let name = || world.name().to_owned();
            let is_ready = match is_ready.await {
                Ok(built) => built.map_err(|error| StartError::World { name: name(), error }),
                Err(_) => Err(StartError::Failed(name())),
            };
            match is_ready {
                // It can still be discarded.
                Err(error) if world.is_draft() => {
                    tracing::error!(%error, "the draft is not opened");
                    self.starter.close(&world);
                }
                is_ready => is_ready?,
            }
        }
        Ok(())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its pages are.
    pub fn url(&self) -> String {
        let scheme = if self.is_https { "https" } else { "http" };
        format!("{scheme}://{}/", self.address)
    }

    /// Where it listens for QUIC, if it does.
    pub fn udp_address(&self) -> Option<SocketAddr> {
        self.quic.as_ref()?.address().ok()
    }

    /// Where it listens for WebRTC, if it does.
    pub fn webrtc_address(&self) -> Option<SocketAddr> {
        self.webrtc.as_ref()?.local_addr().ok()
    }

    /// Who may do what.
    pub fn roles(&self) -> &Arc<Roles> {
        &self.roles
    }

    /// Takes away uploaded assets that nothing has used for as long as they may lie there by
    /// `now_ms`, in milliseconds since 1970 (UTC); it is done once in a while anyway.
    pub async fn collect_assets(&self, now_ms: u64) -> Result<Collected, UploadError> {
        self.library.collect(&self.worlds, now_ms).await
    }

    /// The worlds, in order.
    pub fn worlds(&self) -> &Worlds {
        &self.worlds
    }

    /// People on this server, those included who may still come back.
    pub fn people_count(&self) -> usize {
        self.door.people_count()
    }

    /// Tells every client, waits a little for them to hang up, and ends the worlds. Takes at most
    /// [`DRAIN_TIMEOUT`] and [`END_TIMEOUT`].
    pub async fn shutdown(mut self) -> Ended {
        self.door.shut();
        if tokio::time::timeout(DRAIN_TIMEOUT, self.drained()).await.is_err() {
            tracing::info!("some connections did not end in time and are cut");
            self.ending.send_replace(true);
        }
        self.tasks.iter().for_each(Task::abort);
        let worker = self.worker.take();
        self.starter.stop();
        let starter = self.starter.clone();
        let recording = self.recording.take();
        let (keeper, books) = (self.keeper.clone(), self.books.clone());
        let ledger = books.dialogue().ledger().clone();
        // While the folder is still held: else it might be the next server's.
        drop(self.running.take());
        let ended = tokio::task::spawn_blocking(move || {
            let worlds = starter.join();
            books.save();
            // What the worlds said last is on the disk when this returns, and the folder is free.
            keeper.end();
            Ended { worlds, is_recorded: recording.is_some_and(Recording::finish) }
        });
        let working = async {
            if let Some(worker) = worker {
                worker.end().await;
            }
            ledger.settled().await;
        };
        let (ended, _) = tokio::join!(
            tokio::time::timeout(END_TIMEOUT, ended),
            tokio::time::timeout(END_TIMEOUT, working)
        );
        match ended {
            Ok(Ok(ended)) => ended,
            Ok(Err(_)) | Err(_) => {
                tracing::error!("a world did not end in time");
                Ended { worlds: Vec::new(), is_recorded: false }
            }
        }
    }

    async fn drained(&self) {
        // While clients read the reason and hang up, `/readyz` still answers that it is over.
        let mut every_moment = tokio::time::interval(Duration::from_millis(20));
        while self.links.open() > 0 {
            every_moment.tick().await;
        }
        if let Some(quic) = &self.quic {
            quic.close(CloseReason::ShuttingDown, DRAIN_TIMEOUT).await;
        }
        self.ending.send_replace(true);
        self.gate.empty().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.starter.stop();
        self.tasks.iter().for_each(Task::abort);
    }
}

/// The worlds of these sources, drafts behind the worlds that they are drafts of.
fn opened(sources: Vec<WorldSource>) -> Vec<(Arc<World>, Receiver<ToWorld>)> {
    let mut opened: Vec<(Arc<World>, Receiver<ToWorld>)> = Vec::new();
    for source in sources {
        let home = source.draft.as_ref().map(|draft| draft.of.clone());
        let home = home.and_then(|of| opened.iter().find(|(world, _)| world.name() == of));
        let world = match home {
            Some((home, _)) => World::draft(source, home.clone()),
            None => World::new(source),
        };
        opened.push(world);
    }
    opened
}

fn door(config: &ServerConfig, worlds: Arc<Worlds>, roles: Arc<Roles>) -> FrontDoor {
    FrontDoor::new(worlds, config.people_max, config.link)
        .with_roles(roles)
        .with_tickets_required(config.require_ticket)
        .with_people_per_network(config.connections_per_address_max as usize)
}

/// Of all worlds but drafts.
fn recording(path: &Path, sources: &[WorldSource]) -> Result<Recording, StartError> {
    let worlds = sources.iter().filter(|source| source.draft.is_none());
    Recording::create(path, &worlds.cloned().collect::<Vec<_>>())
        .map_err(|error| StartError::Record { path: path.to_owned(), error })
}

/// Uploaded assets, as they were left.
fn library(
    config: &ServerConfig,
    shelf: Option<Shelf>,
    keeper: Keeper,
) -> Result<Library, StartError> {
    let shelf = match (shelf, &config.asset_store) {
        (Some(shelf), _) => shelf,
        (None, Some(url)) => Shelf::bucket(url)?,
        (None, None) => Shelf::folder(&config.data.join(SHELF_FOLDER))?,
    };
    let bytes = |mib: u32| u64::from(mib) << 20;
    let quotas = Quotas {
        world_bytes_max: bytes(config.world_assets_mib_max),
        account_bytes_max: bytes(config.account_assets_mib_max),
        grace: Duration::from_secs(u64::from(config.asset_grace_hours) * 3_600),
    };
    Ok(Library::load(shelf, keeper, quotas, encoder(config.texture_encoder.as_deref())?)?)
}

/// What packs textures: the program that is named, or that is found.
fn encoder(named: Option<&str>) -> Result<Option<Encoder>, StartError> {
    let found = match named {
        Some("none") => return Ok(None),
        Some(name) => {
            let missing = || StartError::TextureEncoder(name.to_owned());
            Some(Encoder::find(name).ok_or_else(missing)?)
        }
        None => Encoder::find(encoder::PROGRAM),
    };
    match &found {
        Some(encoder) => {
            encoder::sweep();
            tracing::info!(program = %encoder.program().display(), "textures of models are packed");
        }
        None => tracing::info!("textures of models are not packed: there is no basisu here"),
    }
    Ok(found)
}

/// The certificates, and what serves HTTPS with them when they were given.
fn certificates(
    config: &ServerConfig,
    http: SocketAddr,
) -> Result<(Arc<Certificates>, Option<TlsAcceptor>), StartError> {
    let (Some(certificate), Some(key)) = (&config.tls_cert, &config.tls_key) else {
        return Ok((Arc::new(Certificates::for_development(http.ip())?), None));
    };
    let certificates = Arc::new(Certificates::from_files(certificate.clone(), key.clone())?);
    let https = tls::https(certificates.clone()).map_err(StartError::Https)?;
    Ok((certificates, Some(TlsAcceptor::from(Arc::new(https)))))
}

/// The UDP port. One that was not asked for may be missing: everyone gets in over TCP.
fn bind_udp(
    config: &ServerConfig,
    http: SocketAddr,
    certificates: &Arc<Certificates>,
) -> Result<Option<QuicEndpoint>, StartError> {
    let address = config.udp_listen.unwrap_or(http);
    match QuicEndpoint::bind(address, certificates.clone(), &config.quic) {
        Ok(endpoint) => Ok(Some(endpoint)),
        Err(error) if config.udp_listen.is_some() => Err(StartError::Udp { address, error }),
        Err(error) => {
            tracing::warn!(%address, %error, "no QUIC and no WebTransport: the UDP port is not free");
            Ok(None)
        }
    }
}

/// The port for WebRTC. One that was not asked for may be another, or missing.
fn bind_webrtc(
    config: &ServerConfig,
    http: SocketAddr,
) -> Result<Option<WebRtcEndpoint>, StartError> {
    let settings = WebRtcConfig {
        advertised_addresses: config.webrtc_addresses.clone(),
        ice_servers: config.ice_servers.clone(),
        message_bytes_max_in: CLIENT_RELIABLE_BYTES_MAX,
        ..WebRtcConfig::default()
    };
    if let Some(address) = config.webrtc_listen {
        return WebRtcEndpoint::bind(address, settings)
            .map(Some)
            .map_err(|error| StartError::WebRtc { address, error });
    }
    let next = SocketAddr::new(http.ip(), http.port().saturating_add(1));
    let any = SocketAddr::new(http.ip(), 0);
    // Where everything is on a port that nobody chose, this one is, too.
    let wanted = if config.listen.port() == 0 { any } else { next };
    let bound = WebRtcEndpoint::bind(wanted, settings.clone())
        .or_else(|_| WebRtcEndpoint::bind(any, settings));
    match bound {
        Ok(endpoint) => {
            let port = endpoint.local_addr().map_or(0, |address| address.port());
            if ![0, port].contains(&wanted.port()) {
                tracing::warn!(port, "the UDP port for WebRTC is another: {wanted} is not free");
            }
            Ok(Some(endpoint))
        }
        Err(error) => {
            tracing::warn!(%error, "no WebRTC: there is no UDP port for it");
            Ok(None)
        }
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => StartError::AddressInUse(address),
        _ => StartError::Listen { address, error },
    })
}

/// Lets those go whose connection has been lost for too long.
async fn expire(door: Arc<FrontDoor>) {
    let mut every_second = tokio::time::interval(Duration::from_secs(1));
    loop {
        every_second.tick().await;
        door.expire(Instant::now());
    }
}

#[cfg(test)]
mod tests;
