//! `bevy_replicon` with quantised rules, over a backend in memory.
//!
//! Measured is `App::update` of the server from the end of `PreUpdate`: writing the poses into the
//! component (change detection), replication, assembling of all messages. `PreUpdate`, in which
//! acknowledgements are taken in, is told apart. The rule sends centimetres as zigzag varints and
//! the heading in one byte; identity is the library's own map of entities, so that nothing but the
//! pose is replicated: as one component, whole, or parted into place and heading, of which the
//! latter is sent only after a turn. The executor is single-threaded, since bevy is built without
//! `multi_threaded`. The height is that of the feet, which takes one byte on the ground.
//!
//! Two clients are apps of the library; for the others the backend reads the index of each
//! mutation message and acknowledges it as their apps would.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use bevy::{prelude::*, state::app::StatesPlugin};
use bevy_replicon::{
    bytes::{Buf, Bytes},
    postcard_utils,
    prelude::*,
    shared::{
        backend::channels::{ClientChannel, ServerChannel},
        replication::registry::ctx::{SerializeCtx, WriteCtx},
        server_entity_map::ServerEntityMap,
    },
};

use crate::{
    measure::{Contestant, DECODED_CLIENTS, Late, Stopwatch, TickCost},
    walk::{COARSE_TOLERANCE, CoarsePose, Crowd, Pose},
};

/// What a datagram of ours may hold at most, too.
const MESSAGE_BYTES_MAX: usize = 1_150;
/// From the feet to the centre of the capsule, centimetres.
const FEET_CM: i16 = 85;

/// How a pose is laid out in components.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// [`Body`].
    Whole,
    /// [`Place`] and [`Heading`].
    Parted,
}

#[derive(Component, Clone, Copy, PartialEq, Eq, Default)]
struct Body(CoarsePose);

#[derive(Component, Clone, Copy, PartialEq, Eq, Default)]
struct Place([i16; 3]);

#[derive(Component, Clone, Copy, PartialEq, Eq, Default)]
struct Heading(u8);

#[derive(Component, Clone, Copy)]
struct WalkerIndex(usize);

/// Where the walkers are in this tick.
#[derive(Resource, Default)]
struct Places(Vec<Pose>);

/// Stopped when the acknowledgements have been taken in.
#[derive(Resource)]
struct Watch {
    watch: Stopwatch,
    acks: std::time::Duration,
}

/// A server app and its clients. Client `i` is the `i`th of `clients`.
pub struct Replicon {
    layout: Layout,
    server: App,
    walkers: Vec<Entity>,
    clients: Vec<Entity>,
    index: BTreeMap<Entity, usize>,
    decoded: Vec<App>,
    acks: Late<Vec<u8>>,
}

impl Replicon {
    /// Starts the server with all walkers, and connects all clients.
    pub fn start(crowd: &Crowd, layout: Layout) -> Self {
        let people = crowd.poses().len();
        let mut server = app(layout);
        server.init_resource::<Places>();
        server.insert_resource(Watch { watch: Stopwatch::start(), acks: Default::default() });
        server.add_systems(PreUpdate, stop_acks.after(ServerSystems::Receive));
        match layout {
            Layout::Whole => server.add_systems(Update, set_bodies),
            Layout::Parted => server.add_systems(Update, set_places),
        };
        server.finish();
        server.cleanup();
        server.insert_state(ServerState::Running);
        server.update();
        let world = server.world_mut();
        let walkers = (0..people)
            .map(|index| {
                let mut walker = world.spawn((Replicated, WalkerIndex(index)));
                match layout {
                    Layout::Whole => walker.insert(Body::default()),
                    Layout::Parted => walker.insert((Place::default(), Heading::default())),
                };
                walker.id()
            })
            .collect();
        let clients: Vec<Entity> = (0..people)
            .map(|_| world.spawn(ConnectedClient { max_size: MESSAGE_BYTES_MAX }).id())
            .collect();
        let index = clients.iter().enumerate().map(|(index, client)| (*client, index)).collect();
        let decoded = (0..DECODED_CLIENTS.min(people)).map(|_| client(layout)).collect();
        Self { layout, server, walkers, clients, index, decoded, acks: Late::default() }
    }
}

fn app(layout: Layout) -> App {
    let mut app = App::new();
    app.add_plugins((
        MinimalPlugins,
        StatesPlugin,
        RepliconPlugins
            .build()
            .set(RepliconSharedPlugin { auth_method: AuthMethod::None })
            .set(ServerPlugin::new(PostUpdate)),
    ));
    match layout {
        Layout::Whole => app.replicate_with(RuleFns::new(write_body, read_body)),
        Layout::Parted => app
            .replicate_with(RuleFns::new(write_place, read_place))
            .replicate_with(RuleFns::new(write_heading, read_heading)),
    };
    app
}

fn client(layout: Layout) -> App {
    let mut client = app(layout);
    client.finish();
    client.cleanup();
    client.insert_state(ClientState::Connected);
    client.update();
    client
}

fn stop_acks(mut watch: ResMut<Watch>) {
    watch.acks = watch.watch.lap();
}

// Setting what did not change would be sent, so both set only what differs.

fn set_bodies(places: Res<Places>, mut walkers: Query<(&WalkerIndex, &mut Body)>) {
    for (index, mut body) in &mut walkers {
        if let Some(pose) = places.0.get(index.0) {
            body.set_if_neq(Body((*pose).into()));
        }
    }
}

fn set_places(places: Res<Places>, mut walkers: Query<(&WalkerIndex, &mut Place, &mut Heading)>) {
    for (index, mut place, mut heading) in &mut walkers {
        if let Some(pose) = places.0.get(index.0) {
            let CoarsePose { position_cm, yaw } = (*pose).into();
            place.set_if_neq(Place(position_cm));
            heading.set_if_neq(Heading(yaw));
        }
    }
}

type Outcome<T> = bevy::ecs::error::Result<T>;

fn write_place(_: &mut SerializeCtx, place: &Place, message: &mut Vec<u8>) -> Outcome<()> {
    let [x, y, z] = place.0;
    for centimetres in [x, y - FEET_CM, z] {
        postcard_utils::to_extend_mut(&centimetres, message)?;
    }
    Ok(())
}

fn read_place(_: &mut WriteCtx, message: &mut Bytes) -> Outcome<Place> {
    let mut read = || postcard_utils::from_buf::<i16, _>(message);
    Ok(Place([read()?, read()? + FEET_CM, read()?]))
}

fn write_heading(_: &mut SerializeCtx, heading: &Heading, message: &mut Vec<u8>) -> Outcome<()> {
    message.push(heading.0);
    Ok(())
}

fn read_heading(_: &mut WriteCtx, message: &mut Bytes) -> Outcome<Heading> {
    Ok(Heading(message.try_get_u8()?))
}

fn write_body(context: &mut SerializeCtx, body: &Body, message: &mut Vec<u8>) -> Outcome<()> {
    write_place(context, &Place(body.0.position_cm), message)?;
    write_heading(context, &Heading(body.0.yaw), message)
}

fn read_body(context: &mut WriteCtx, message: &mut Bytes) -> Outcome<Body> {
    let position_cm = read_place(context, message)?.0;
    Ok(Body(CoarsePose { position_cm, yaw: read_heading(context, message)?.0 }))
}

/// The acknowledgement of a mutation message: its index, which follows a byte of flags.
fn index_of(message: &Bytes) -> Option<[u8; 2]> {
    message.get(1..3)?.try_into().ok()
}

impl Contestant for Replicon {
    fn tick(&mut self, crowd: &Crowd) -> Result<TickCost> {
        let world = self.server.world_mut();
        let mut messages = world.resource_mut::<ServerMessages>();
        for (client, acks) in self.acks.arrive() {
            messages.insert_received(self.clients[client], ClientChannel::MutationAcks, acks);
        }
        world.resource_mut::<Places>().0 = crowd.poses().to_vec();
        world.resource_mut::<Watch>().watch = Stopwatch::start();
        self.server.update();
        let mut watch = self.server.world_mut().resource_mut::<Watch>();
        let (acks, send) = (watch.acks, watch.watch.lap());
        let mut cost = TickCost { send, acks: Some(acks), ..TickCost::default() };

        // As the library's client does: one message with all indices of a tick.
        let mut acks = vec![Vec::new(); self.clients.len()];
        let mut sent = self.server.world_mut().resource_mut::<ServerMessages>();
        for (client, channel, message) in sent.drain_sent() {
            cost.count(message.len());
            let client = self.index[&client];
            if let Some(app) = self.decoded.get_mut(client) {
                let mut received = app.world_mut().resource_mut::<ClientMessages>();
                received.insert_received(channel, message);
            } else if channel == usize::from(ServerChannel::Mutations) {
                let index = index_of(&message).ok_or_else(|| anyhow!("a message without index"))?;
                acks[client].extend(index);
            }
        }
        for (client, app) in self.decoded.iter_mut().enumerate() {
            app.update();
            let mut messages = app.world_mut().resource_mut::<ClientMessages>();
            for (channel, message) in messages.drain_sent() {
                if channel == usize::from(ClientChannel::MutationAcks) {
                    acks[client].extend(message);
                }
            }
        }
        for (client, acks) in acks.into_iter().enumerate().filter(|(_, acks)| !acks.is_empty()) {
            self.acks.send(client, acks);
        }
        Ok(cost)
    }

    fn seen(&mut self, client: usize) -> Vec<Option<Pose>> {
        let world = self.decoded[client].world();
        let map = world.resource::<ServerEntityMap>().to_client();
        let pose = |walker: &Entity| {
            let walker = *map.get(walker)?;
            let pose = match self.layout {
                Layout::Whole => world.get::<Body>(walker)?.0,
                Layout::Parted => {
                    let position_cm = world.get::<Place>(walker)?.0;
                    CoarsePose { position_cm, yaw: world.get::<Heading>(walker)?.0 }
                }
            };
            Some(pose.into())
        };
        self.walkers.iter().map(pose).collect()
    }

    fn tolerance(&self) -> (f32, u16) {
        COARSE_TOLERANCE
    }

    fn label(&self) -> String {
        let parts = match self.layout {
            Layout::Whole => "",
            Layout::Parted => ", two components",
        };
        crate::versioned("bevy_replicon") + parts
    }
}
