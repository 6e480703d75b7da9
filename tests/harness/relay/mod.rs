//! A bad network between a client and a server of this process: delays, loses, repeats, reorders and
//! throttles what passes, by chances that a seed decides, and can be cut.
//!
//! [`way`] decides (pure), [`udp`] and [`tcp`] carry it out. Over TCP nothing is lost or reordered:
//! what a lossy network means there is up to the kernel.

mod tcp;
mod udp;
mod way;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{task::JoinHandle, time::Instant};

pub use self::way::Conditions;
use self::way::Way;

/// Ends when dropped.
pub struct Relay {
    address: SocketAddr,
    network: Arc<Network>,
    serving: JoinHandle<()>,
}

/// Both directions.
struct Network {
    began: Instant,
    is_cut: AtomicBool,
    to_server: Mutex<Way>,
    to_client: Mutex<Way>,
}

impl Network {
    fn new(conditions: Conditions, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            is_cut: AtomicBool::new(false),
            to_server: Mutex::new(Way::new(conditions, 2 * seed)),
            to_client: Mutex::new(Way::new(conditions, 2 * seed + 1)),
        })
    }

    fn is_cut(&self) -> bool {
        self.is_cut.load(Relaxed)
    }

    fn way(&self, is_to_server: bool) -> MutexGuard<'_, Way> {
        let way = if is_to_server { &self.to_server } else { &self.to_client };
        way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Relay {
    /// In front of a UDP port.
    pub async fn udp(
        server: SocketAddr,
        conditions: Conditions,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let network = Network::new(conditions, seed);
        let socket = udp::open().await?;
        let address = socket.local_addr()?;
        let serving = tokio::spawn(udp::serve(socket, server, network.clone()));
        Ok(Self { address, network, serving })
    }

    /// In front of a TCP port.
    pub async fn tcp(
        server: SocketAddr,
        conditions: Conditions,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let network = Network::new(conditions, seed);
        let listener = tcp::open()?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(tcp::serve(listener, server, network.clone()));
        Ok(Self { address, network, serving })
    }

    /// Where clients find it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Nothing passes while it is cut: datagrams are lost, streams stand still.
    pub fn cut(&self, is_cut: bool) {
        self.network.is_cut.store(is_cut, Relaxed);
    }

    /// For how long what came for the client since then had to wait for what came before it.
    pub fn waits_since(&self, since: Instant) -> Vec<Duration> {
        let since = since.saturating_duration_since(self.network.began);
        self.network.way(false).waits_since(since)
    }

    /// Bytes that went towards the client.
    pub fn bytes_to_client(&self) -> usize {
        self.network.way(false).bytes()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
