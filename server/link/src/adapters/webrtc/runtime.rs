//! What a peer's protocol stack may do to the outside world: time, tasks, and its [`PortSocket`].
//!
//! The WebRTC library binds sockets of its own; this runtime throws them away and hands out the
//! port of the shared socket instead. TCP and name resolution are refused: no peer needs them.

use std::{future::Future, io, net, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, Runtime,
};

use super::hub::{Hub, Port, PortSocket};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The runtime of one peer.
#[derive(Debug)]
pub struct PeerRuntime {
    inner: Arc<dyn Runtime>,
    hub: Arc<Hub>,
    port: Arc<Port>,
}

impl PeerRuntime {
    /// Over the library's own runtime for tokio.
    pub fn new(inner: Arc<dyn Runtime>, hub: Arc<Hub>, port: Arc<Port>) -> Self {
        Self { inner, hub, port }
    }
}

fn refused<T>() -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "peers have the shared UDP port alone"))
}

impl Runtime for PeerRuntime {
    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) -> Box<dyn JoinHandle> {
        self.inner.spawn(future)
    }

    fn wrap_udp_socket(&self, socket: net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let local_addr = socket.local_addr()?;
        let (hub, port) = (Arc::clone(&self.hub), Arc::clone(&self.port));
        Ok(Arc::new(PortSocket::new(hub, port, local_addr)))
    }

    fn wrap_tcp_listener(&self, _: net::TcpListener) -> io::Result<Arc<dyn AsyncTcpListener>> {
        refused()
    }

    fn connect_tcp(&self, _: SocketAddr) -> Boxed<'_, io::Result<Arc<dyn AsyncTcpStream>>> {
        Box::pin(async { refused() })
    }

    fn resolve_host<'a>(&'a self, _: &'a str) -> Boxed<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async { refused() })
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        self.inner.sleep(if self.port.take_turn() { Duration::ZERO } else { duration })
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        self.inner.interval(period)
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        self.inner.block_on(future);
    }

    fn yield_now(&self) -> Boxed<'static, ()> {
        self.inner.yield_now()
    }

    fn name(&self) -> &'static str {
        "vivarium-peer"
    }
}
