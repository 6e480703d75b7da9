//! A transport in memory between a `naia` server and its clients.
//!
//! The library's own local transport looks at every connection for each packet that it sends, which
//! would be counted as the server's cost; this one hands packets over as they are. What clients
//! send waits in `outgoing` until the case lets it arrive.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use naia_client::transport as client;
use naia_server::transport as server;

/// Port of client 0.
const PORT_MIN: u16 = 1_024;

/// All wires; clones are the same wires.
#[derive(Clone, Default)]
pub struct Link(Arc<Mutex<Wires>>);

#[derive(Default)]
struct Wires {
    /// Clients that ask to come in.
    knocks: VecDeque<usize>,
    /// Identity tokens of those that were let in, by client.
    tokens: Vec<Option<String>>,
    /// Packets that have arrived at the server.
    arrived: VecDeque<(usize, Vec<u8>)>,
    /// Packets that clients have sent.
    outgoing: Vec<(usize, Vec<u8>)>,
    /// Packets that have arrived at each client.
    at_client: Vec<VecDeque<Vec<u8>>>,
}

impl Link {
    /// Wires for so many clients.
    pub fn of(clients: usize) -> Self {
        let link = Self::default();
        let mut wires = link.wires();
        wires.tokens.resize(clients, None);
        wires.at_client.resize(clients, VecDeque::new());
        drop(wires);
        link
    }

    fn wires(&self) -> MutexGuard<'_, Wires> {
        self.0.lock().expect("one thread uses the link, and a panic ends it")
    }

    /// A client asks to come in.
    pub fn knock(&self, client: usize) {
        self.wires().knocks.push_back(client);
    }

    /// The token of a client that was let in.
    pub fn token(&self, client: usize) -> Option<String> {
        self.wires().tokens[client].clone()
    }

    /// A client sends a packet.
    pub fn send(&self, client: usize, packet: Vec<u8>) {
        self.wires().outgoing.push((client, packet));
    }

    /// What clients have sent since this was last asked.
    pub fn take_outgoing(&self) -> Vec<(usize, Vec<u8>)> {
        std::mem::take(&mut self.wires().outgoing)
    }

    /// Packets arrive at the server.
    pub fn arrive(&self, packets: Vec<(usize, Vec<u8>)>) {
        self.wires().arrived.extend(packets);
    }

    /// What has arrived at a client, which takes it.
    pub fn take_arrived(&self, client: usize) -> VecDeque<Vec<u8>> {
        std::mem::take(&mut self.wires().at_client[client])
    }

    /// Shows the size of every packet that waits at a client.
    pub fn sizes(&self, mut show: impl FnMut(usize)) {
        self.wires().at_client.iter().flatten().for_each(|packet| show(packet.len()));
    }

    /// The end for `Client::connect`.
    pub fn client_end(&self, client: usize) -> Box<dyn client::Socket> {
        Box::new(ClientEnd { link: self.clone(), client, packet: Vec::new() })
    }

    /// The end for `Server::listen`.
    pub fn server_end(&self) -> Box<dyn server::Socket> {
        Box::new(ServerEnd { link: self.clone(), packet: Vec::new() })
    }
}

fn address(client: usize) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], PORT_MIN + client as u16))
}

fn client_at(address: &SocketAddr) -> usize {
    usize::from(address.port() - PORT_MIN)
}

#[derive(Clone)]
struct ServerEnd {
    link: Link,
    packet: Vec<u8>,
}

impl server::Socket for ServerEnd {
    fn listen(self: Box<Self>) -> server::ListenResult {
        (self.clone(), Box::new(Door(self.link.clone())), self.clone(), self)
    }
}

impl server::PacketSender for ServerEnd {
    fn send(&self, to: &SocketAddr, payload: &[u8]) -> Result<(), server::SendError> {
        self.link.wires().at_client[client_at(to)].push_back(payload.to_vec());
        Ok(())
    }
}

impl server::PacketReceiver for ServerEnd {
    fn receive(&mut self) -> Result<Option<(SocketAddr, &[u8])>, server::RecvError> {
        let Some((client, packet)) = self.link.wires().arrived.pop_front() else { return Ok(None) };
        self.packet = packet;
        Ok(Some((address(client), &self.packet)))
    }
}

impl server::AuthSender for ServerEnd {
    fn accept(&self, to: &SocketAddr, token: &String) -> Result<(), server::SendError> {
        self.link.wires().tokens[client_at(to)] = Some(token.clone());
        Ok(())
    }

    fn reject(&self, _: &SocketAddr) -> Result<(), server::SendError> {
        Err(server::SendError)
    }
}

/// Where clients knock.
#[derive(Clone)]
struct Door(Link);

impl server::AuthReceiver for Door {
    fn receive(&mut self) -> Result<Option<(SocketAddr, &[u8])>, server::RecvError> {
        Ok(self.0.wires().knocks.pop_front().map(|client| (address(client), &[] as &[u8])))
    }
}

#[derive(Clone)]
struct ClientEnd {
    link: Link,
    client: usize,
    packet: Vec<u8>,
}

type ClientHandles = (
    Box<dyn client::IdentityReceiver>,
    Box<dyn client::PacketSender>,
    Box<dyn client::PacketReceiver>,
);

impl client::Socket for ClientEnd {
    fn connect(self: Box<Self>) -> ClientHandles {
        self.link.knock(self.client);
        (self.clone(), self.clone(), self)
    }

    fn connect_with_auth(self: Box<Self>, _: Vec<u8>) -> ClientHandles {
        self.connect()
    }

    fn connect_with_auth_headers(self: Box<Self>, _: Vec<(String, String)>) -> ClientHandles {
        self.connect()
    }

    fn connect_with_auth_and_headers(
        self: Box<Self>,
        _: Vec<u8>,
        _: Vec<(String, String)>,
    ) -> ClientHandles {
        self.connect()
    }
}

impl client::IdentityReceiver for ClientEnd {
    fn receive(&mut self) -> client::IdentityReceiverResult {
        match self.link.token(self.client) {
            Some(token) => client::IdentityReceiverResult::Success(token),
            None => client::IdentityReceiverResult::Waiting,
        }
    }
}

impl client::PacketSender for ClientEnd {
    fn send(&self, payload: &[u8]) -> Result<(), client::SendError> {
        self.link.send(self.client, payload.to_vec());
        Ok(())
    }

    fn server_addr(&self) -> client::ServerAddr {
        client::ServerAddr::Found(SocketAddr::from(([127, 0, 0, 1], 1)))
    }
}

impl client::PacketReceiver for ClientEnd {
    fn receive(&mut self) -> Result<Option<&[u8]>, client::RecvError> {
        let Some(packet) = self.link.wires().at_client[self.client].pop_front() else {
            return Ok(None);
        };
        self.packet = packet;
        Ok(Some(&self.packet))
    }

    fn server_addr(&self) -> client::ServerAddr {
        client::PacketSender::server_addr(self)
    }
}
