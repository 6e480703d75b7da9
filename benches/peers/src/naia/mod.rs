//! `naia` with quantised properties, over a transport in memory.
//!
//! Measured are writing the changed properties (with which the library marks them for every
//! client) and `send_all_packets`. Receiving, in which acknowledgements are taken in and pings
//! sent, is told apart. The library's clock is the simulated one of its own tests, advanced by one
//! tick each tick, so that its timers and round trip estimates do not depend on how fast this runs.
//! Its packets hold at most 430 bytes, a constant. The bandwidth budget is set so high that nothing
//! is held back.
//!
//! Two clients are the library's own; the others acknowledge without decoding ([`stub`]).

mod link;
mod stub;
mod world;

use std::time::Duration;

use anyhow::{Result, ensure};
use naia_client::{Client, ClientConfig, JitterBufferType};
use naia_server::{RoomKey, Server, ServerConfig};
use naia_shared::{Instant, Protocol, TestClock};

use self::{
    link::Link,
    stub::Stub,
    world::{Avatar, Reading, World, Writing},
};
use crate::{
    measure::{Contestant, DECODED_CLIENTS, Late, Stopwatch, TickCost},
    walk::{COARSE_TOLERANCE, Crowd, Pose, TICKS_PER_S},
};

const TICK_MS: u64 = 1_000 / TICKS_PER_S as u64;
/// More than any client of the crowd gets.
const BYTES_PER_S_MAX: u32 = 100_000_000;
/// Rounds in which the library's own clients must have connected.
const CONNECT_ROUNDS_MAX: usize = 400;

/// A client of the library with its world.
struct Decoded {
    client: Client<u32>,
    world: World,
}

/// A server and its clients; the first are the decoding ones.
pub struct Naia {
    server: Server<u32>,
    world: World,
    entities: Vec<u32>,
    link: Link,
    decoded: Vec<Decoded>,
    stubs: Vec<Stub>,
    late: Late<Vec<u8>>,
}

fn protocol() -> Protocol {
    Protocol::builder()
        .tick_interval(Duration::from_millis(TICK_MS))
        .add_component::<Avatar>()
        .build()
}

impl Naia {
    /// Starts the server, connects all clients, then puts all walkers into the one room.
    pub fn start(crowd: &Crowd) -> Result<Self> {
        TestClock::init(0);
        let people = crowd.poses().len();
        let link = Link::of(people);
        let mut config = ServerConfig { require_auth: false, ..ServerConfig::default() };
        config.connection.bandwidth.target_bytes_per_sec = BYTES_PER_S_MAX;
        let mut server = Server::new(config, protocol());
        server.listen(link.server_end());
        let decoded = (0..DECODED_CLIENTS.min(people)).map(|index| decoded(&link, index)).collect();
        let mut naia = Self {
            server,
            world: World::default(),
            entities: Vec::new(),
            link,
            decoded,
            stubs: (DECODED_CLIENTS..people).map(Stub::new).collect(),
            late: Late::default(),
        };
        naia.connect(people)?;
        let room = naia.server.create_room().key();
        for user in naia.server.user_keys() {
            naia.server.room_mut(&room).add_user(&user);
        }
        naia.enter(room, people);
        Ok(naia)
    }

    fn connect(&mut self, people: usize) -> Result<()> {
        (DECODED_CLIENTS..people).for_each(|client| self.link.knock(client));
        self.round()?;
        let mut protocol = protocol();
        protocol.lock();
        let protocol = protocol.protocol_id();
        for stub in &self.stubs {
            stub.identify(&self.link, protocol)?;
        }
        self.round()?;
        self.stubs.iter().for_each(|stub| stub.connect(&self.link));
        for _ in 0..CONNECT_ROUNDS_MAX {
            self.round()?;
            let connected = |decoded: &Decoded| decoded.client.connection_status().is_connected();
            if self.decoded.iter().all(connected) && self.server.users_count() == people {
                return Ok(());
            }
        }
        anyhow::bail!("{} of {people} clients connected", self.server.users_count())
    }

    /// One tick without delay and without walkers.
    fn round(&mut self) -> Result<()> {
        TestClock::advance(TICK_MS);
        self.link.arrive(self.link.take_outgoing());
        self.receive();
        self.server.send_all_packets(Reading(&self.world));
        self.clients_answer()
    }

    fn enter(&mut self, room: RoomKey, people: usize) {
        for walker in 0..people {
            let entity = self
                .server
                .spawn_entity(Writing(&mut self.world))
                .insert_component(Avatar::of(walker))
                .enter_room(&room)
                .id();
            self.entities.push(entity);
        }
    }

    fn receive(&mut self) {
        let now = Instant::now();
        self.server.receive_all_packets();
        self.server.process_all_packets(Writing(&mut self.world), &now);
        let _ = self.server.take_world_events();
        let _ = self.server.take_tick_events(&now);
    }

    fn send(&mut self, crowd: &Crowd) {
        for (entity, pose) in self.entities.iter().zip(crowd.poses()) {
            if let Some(avatar) = self.world.avatar_mut(*entity) {
                avatar.set((*pose).into());
            }
        }
        self.server.send_all_packets(Reading(&self.world));
    }

    fn clients_answer(&mut self) -> Result<()> {
        let now = Instant::now();
        for Decoded { client, world } in &mut self.decoded {
            client.receive_all_packets();
            let _ = client.take_tick_events(&now);
            client.process_all_packets(Writing(world), &now);
            let _ = client.take_world_events();
            client.send_all_packets(Reading(world));
        }
        self.stubs.iter_mut().try_for_each(|stub| stub.answer(&self.link))
    }
}

fn decoded(link: &Link, index: usize) -> Decoded {
    let mut config = ClientConfig { handshake_pings: 2, ..ClientConfig::default() };
    // What arrives is applied at once; the default waits, to smooth jitter that is not there.
    config.jitter_buffer = JitterBufferType::Bypass;
    let mut client = Client::new(config, protocol());
    client.connect(link.client_end(index));
    Decoded { client, world: World::default() }
}

impl Contestant for Naia {
    fn tick(&mut self, crowd: &Crowd) -> Result<TickCost> {
        TestClock::advance(TICK_MS);
        self.link.arrive(self.late.arrive());
        let mut watch = Stopwatch::start();
        self.receive();
        let acks = watch.lap();
        self.send(crowd);
        let mut cost = TickCost { send: watch.lap(), acks: Some(acks), ..TickCost::default() };
        self.link.sizes(|bytes| cost.count(bytes));
        self.clients_answer()?;
        for (client, packet) in self.link.take_outgoing() {
            self.late.send(client, packet);
        }
        ensure!(self.server.users_count() == crowd.poses().len(), "a client was dropped");
        Ok(cost)
    }

    fn seen(&mut self, client: usize) -> Vec<Option<Pose>> {
        let mut seen = vec![None; self.entities.len()];
        for avatar in self.decoded[client].world.avatars() {
            if let Some(place) = seen.get_mut(avatar.walker()) {
                *place = Some(avatar.pose().into());
            }
        }
        seen
    }

    fn tolerance(&self) -> (f32, u16) {
        COARSE_TOLERANCE
    }

    fn label(&self) -> String {
        crate::versioned("naia-server")
    }
}
