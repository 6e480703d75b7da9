//! A relay between a client and the endpoint: stops, and moves the client to another address.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::{net::UdpSocket, sync::watch, task::JoinHandle};

pub struct Relay {
    near: SocketAddr,
    is_stopped: Arc<AtomicBool>,
    loss_percent: Arc<AtomicU64>,
    far: watch::Sender<Arc<UdpSocket>>,
    task: JoinHandle<()>,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Relay {
    pub async fn to(server: SocketAddr) -> Self {
        let near = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let near_addr = near.local_addr().unwrap();
        let (far, far_receiver) = watch::channel(far_socket(server).await);
        let is_stopped = Arc::new(AtomicBool::new(false));
        let loss_percent = Arc::new(AtomicU64::new(0));
        let loss = Loss { percent: Arc::clone(&loss_percent), seed: 0x9E37_79B9_7F4A_7C15 };
        let task = tokio::spawn(run(near, far_receiver, Arc::clone(&is_stopped), loss));
        Self { near: near_addr, is_stopped, loss_percent, far, task }
    }

    /// The answer with the relay's port in place of the server's.
    pub fn reroute(&self, answer: &str, server: SocketAddr) -> String {
        let (from, to) = (format!(" {} typ host", server.port()), self.near.port());
        assert!(answer.contains(&from));
        answer.replace(&from, &format!(" {to} typ host"))
    }

    pub fn stop(&self, is_stopped: bool) {
        self.is_stopped.store(is_stopped, Ordering::Relaxed);
    }

    pub fn lose(&self, percent: u64) {
        self.loss_percent.store(percent, Ordering::Relaxed);
    }

    /// Sends something to the server as if it came from the client.
    pub async fn inject(&self, datagram: &[u8]) {
        let far = Arc::clone(&self.far.borrow());
        far.send(datagram).await.unwrap();
    }

    /// As a NAT that forgot its mapping: the server sees another source. Returns the new one.
    pub async fn move_client(&self, server: SocketAddr) -> SocketAddr {
        let far = far_socket(server).await;
        let address = far.local_addr().unwrap();
        self.far.send_replace(far);
        address
    }
}

struct Loss {
    percent: Arc<AtomicU64>,
    seed: u64,
}

impl Loss {
    fn strikes(&mut self) -> bool {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed % 100 < self.percent.load(Ordering::Relaxed)
    }
}

async fn far_socket(server: SocketAddr) -> Arc<UdpSocket> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(server).await.unwrap();
    Arc::new(socket)
}

async fn run(
    near: UdpSocket,
    mut far: watch::Receiver<Arc<UdpSocket>>,
    is_stopped: Arc<AtomicBool>,
    mut loss: Loss,
) {
    let (mut upward, mut downward) = (vec![0; 4096], vec![0; 4096]);
    let mut client = None;
    loop {
        let socket = Arc::clone(&far.borrow_and_update());
        tokio::select! {
            _ = far.changed() => {}
            Ok((size, from)) = near.recv_from(&mut upward) => {
                client = Some(from);
                if !is_stopped.load(Ordering::Relaxed) && !loss.strikes() {
                    let _ = socket.send(&upward[..size]).await;
                }
            }
            Ok(size) = socket.recv(&mut downward) => {
                if let Some(client) = client
                    && !is_stopped.load(Ordering::Relaxed)
                    && !loss.strikes()
                {
                    let _ = near.send_to(&downward[..size], client).await;
                }
            }
        }
    }
}
