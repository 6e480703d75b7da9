//! Where others point who build in the same world.

use std::collections::BTreeMap;

use vivarium_contract::editing::Role;
use vivarium_contract::{Intent, Road, WorldInput};
use vivarium_protocol::{
    ids::PersonId,
    intent::{ClientMessage, Hello},
    notice::{Denial, ServerMessage},
};

use crate::{
    building::Builder,
    harness::{
        Scenario, floor_with,
        socket::{Client, hello, server},
    },
};

type Place = Option<[i32; 3]>;

impl Scenario {
    fn point(&mut self, person: PersonId, at: Place) {
        self.wish(person, Intent::Point { at });
    }

    /// Where a person was told that others point, in order.
    fn pointers(&mut self, person: PersonId) -> Vec<(PersonId, Place)> {
        let told = self.told(person).into_iter();
        let pointed = told.filter_map(|notice| match notice {
            ServerMessage::Pointed { person, at } => Some((person, at)),
            _ => None,
        });
        pointed.collect()
    }

    /// A world with people who have all begun to build, and know of each other.
    fn with_builders(count: u32) -> (Self, Vec<PersonId>) {
        let mut world = Self::of(floor_with(&[]));
        let people: Vec<PersonId> = (1..=count).map(|id| world.enter(id, "Ana")).collect();
        world.tick();
        for person in &people {
            world.wish(*person, Intent::Select { objects: Vec::new() });
        }
        world.tick();
        people.iter().for_each(|person| drop(world.told(*person)));
        (world, people)
    }
}

#[test]
fn those_who_build_see_where_the_others_point_and_visitors_do_not() {
    let (mut world, people) = Scenario::with_builders(2);
    let (ana, bo) = (people[0], people[1]);
    let visitor = world.enter(9, "Vi");
    world.tick();
    world.point(ana, Some([512, 100, -3]));
    // Only the last of a tick counts.
    world.point(ana, Some([512, 100, -7]));
    world.tick();
    assert_eq!(world.pointers(bo), [(ana, Some([512, 100, -7]))]);
    assert_eq!(world.pointers(ana), []);
    assert_eq!(world.pointers(visitor), []);
    // The same again is nothing new.
    world.point(ana, Some([512, 100, -7]));
    world.ticks(10);
    assert_eq!(world.pointers(bo), []);
    world.point(ana, None);
    world.tick();
    assert_eq!(world.pointers(bo), [(ana, None)]);
    // Whoever begins to build is told of everyone.
    world.point(bo, Some([0, 0, 0]));
    world.tick();
    world.point(visitor, None);
    world.tick();
    assert_eq!(world.pointers(visitor), [(ana, None), (bo, Some([0, 0, 0]))]);
    assert_eq!(world.pointers(ana), [(bo, Some([0, 0, 0]))]);
}

#[test]
fn places_outside_of_the_world_are_denied() {
    let (mut world, people) = Scenario::with_builders(2);
    for at in [[5_120_001, 0, 0], [0, i32::MIN, 0], [0, 0, i32::MAX]] {
        world.point(people[0], Some(at));
        world.tick();
        let told = world.told(people[0]);
        assert_eq!(told, [ServerMessage::Denied { denial: Denial::OutOfReach }]);
    }
    assert_eq!(world.pointers(people[1]), []);
    let edge = Some([5_120_000, -5_120_000, 0]);
    world.point(people[0], edge);
    world.tick();
    assert_eq!(world.pointers(people[1]), [(people[0], edge)]);
}

#[test]
fn a_pointer_goes_with_the_connection_and_who_returns_is_told_how_it_is() {
    let (mut world, people) = Scenario::with_builders(3);
    let [ana, bo, cy] = people[..] else { panic!("three people") };
    world.point(ana, Some([1, 1, 1]));
    world.point(bo, Some([2, 2, 2]));
    world.ticks(5);
    people.iter().for_each(|person| drop(world.told(*person)));
    world.input(WorldInput::Presence { person: ana, road: None, anew: false });
    world.tick();
    assert_eq!(world.pointers(bo), [(ana, None)]);
    // Who is away is told nothing that would have to wait.
    for step in 0..100 {
        world.point(bo, Some([step, 0, 0]));
        world.tick();
    }
    world.point(cy, Some([3, 3, 3]));
    world.point(bo, None);
    world.ticks(10);
    assert_eq!(world.pointers(ana), []);
    let road = Some(Road::Reliable);
    world.input(WorldInput::Presence { person: ana, road, anew: false });
    world.ticks(2);
    assert_eq!(sorted(world.pointers(ana)), [(bo, None), (cy, Some([3, 3, 3]))]);
    // A page that was loaded anew before its loss was noticed points nowhere.
    world.point(ana, Some([1, 1, 1]));
    world.tick();
    world.told(cy);
    world.input(WorldInput::Presence { person: ana, road, anew: true });
    world.ticks(2);
    assert_eq!(world.pointers(cy), [(ana, None)]);
    assert_eq!(sorted(world.pointers(ana)), [(bo, None), (cy, Some([3, 3, 3]))]);
    world.input(WorldInput::Leave { person: cy });
    world.tick();
    assert!(world.told(ana).contains(&ServerMessage::Left { person: cy }));
}

fn sorted(mut told: Vec<(PersonId, Place)>) -> Vec<(PersonId, Place)> {
    told.sort_unstable();
    told
}

#[test]
fn a_crowd_that_points_is_told_in_turn_and_within_bounds() {
    let (mut world, people) = Scenario::with_builders(40);
    // Long enough for whatever was saved up to be used.
    let seconds = 10;
    let mut told: BTreeMap<PersonId, u32> = BTreeMap::new();
    for tick in 0..seconds * 30 {
        for person in &people {
            world.point(*person, Some([tick, person.0 as i32, 0]));
        }
        world.tick();
        for (person, _) in world.pointers(people[0]) {
            *told.entry(person).or_default() += 1;
        }
    }
    let all: u32 = told.values().sum();
    assert!((900..=1_050).contains(&all), "{all} in {seconds} s");
    let (least, most) = (told.values().min(), told.values().max());
    assert_eq!(told.len(), 39, "all but oneself");
    assert!(most.unwrap() - least.unwrap() <= 2, "{told:?}");
    // Few get as many as they are good for.
    let (mut world, people) = Scenario::with_builders(2);
    for tick in 0..seconds * 30 {
        world.point(people[0], Some([tick, 0, 0]));
        world.tick();
    }
    let count = world.pointers(people[1]).len();
    assert!((95..=105).contains(&count), "{count} in {seconds} s");
}

#[tokio::test]
async fn only_builders_point() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let key = |number: u8| {
        let mut key = [0; 32];
        key[31] = number;
        Some(key)
    };
    let mut builders = Vec::new();
    for (number, name) in [(1, "Ana"), (2, "Bo")] {
        Builder::invited(&server, number, Role::Builder).await?;
        builders.push(Client::join(&server, &Hello { key: key(number), ..hello(name) }).await?.0);
    }
    let [ana, bo] = &mut builders[..] else { panic!("two builders") };
    let mut visitor = Client::enter(&server, "Vi").await?;
    // Bo has opened the tools.
    bo.send(&ClientMessage::Select { objects: Vec::new() }).await?;
    let at = Some([700, 0, -1_024]);
    ana.send(&ClientMessage::Point { at }).await?;
    let told =
        bo.told_of(|told| matches!(told, ServerMessage::Pointed { at: Some(_), .. })).await?;
    assert_eq!(told, ServerMessage::Pointed { person: ana.person, at });
    visitor.send(&ClientMessage::Point { at }).await?;
    let denied = visitor.told_of(|told| matches!(told, ServerMessage::Denied { .. })).await?;
    assert_eq!(denied, ServerMessage::Denied { denial: Denial::NotAllowed });
    // Nor do visitors become builders by letting go of nothing.
    visitor.send(&ClientMessage::Select { objects: Vec::new() }).await?;
    let denied = visitor.told_of(|told| matches!(told, ServerMessage::Denied { .. })).await?;
    assert_eq!(denied, ServerMessage::Denied { denial: Denial::NotAllowed });
    server.shutdown().await;
    Ok(())
}
