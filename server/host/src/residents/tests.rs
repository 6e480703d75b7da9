//! People come, go, get lost between worlds, and are always somewhere.

use bytes::Bytes;
use futures_util::FutureExt;
use vivarium_contract::{Intent, Road};
use vivarium_link::{outbox::Next, transport::Lane};

use super::*;
use crate::puppet::{LOOK, heard, outbox, source, worlds};

const ANA: PersonId = PersonId(1);

fn world(worlds: &Worlds, index: usize) -> Arc<World> {
    worlds.all().swap_remove(index)
}

fn arrival(seat: &Arc<Seat>, outbox: &Arc<Outbox>) -> Arrival {
    Arrival {
        seat: seat.clone(),
        outbox: outbox.clone(),
        name: "Ana".into(),
        look: LOOK,
        spawn: None,
        back: None,
    }
}

fn enter(spawn: Option<&str>) -> WorldInput {
    let spawn = spawn.map(str::to_owned);
    WorldInput::Enter { person: ANA, name: "Ana".into(), look: LOOK, spawn, road: Road::Reliable }
}

fn came(residents: &mut Residents, message: ToWorld) -> Vec<WorldInput> {
    let mut inputs = Vec::new();
    residents.take(message, &mut inputs);
    inputs
}

fn swept(residents: &mut Residents) -> Vec<WorldInput> {
    let mut inputs = Vec::new();
    residents.sweep(&mut inputs);
    inputs
}

fn travel(world: &str) -> Vec<WorldOutput> {
    let (world, spawn) = (world.to_owned(), Some("gate".to_owned()));
    vec![WorldOutput::Travel { person: ANA, world, spawn, name: "Ana".into(), look: LOOK }]
}

async fn waiting(outbox: &Outbox) -> Vec<(Lane, Bytes)> {
    let mut messages = Vec::new();
    let Line { attachment, .. } = outbox.line();
    assert_eq!(outbox.next(attachment, &mut messages).await, Next::Messages);
    messages
}

#[tokio::test]
async fn ana_comes_gets_what_is_meant_for_her_and_leaves() {
    let (worlds, _inboxes) = worlds(&["plaza"]);
    let mut residents = Residents::new(world(&worlds, 0), worlds.clone(), Minds::none());
    let (seat, line) = (Arc::new(Seat::new(ANA, world(&worlds, 0))), outbox());
    let message = ToWorld::Arrival(Box::new(arrival(&seat, &line)));
    assert_eq!(came(&mut residents, message), [enter(None)]);

    let intent = Intent::Say { text: "hello".into() };
    let said = |person| ToWorld::Intent { person, intent: intent.clone() };
    assert_eq!(
        came(&mut residents, said(ANA)),
        [WorldInput::Intent { person: ANA, intent: intent.clone() }]
    );
    assert_eq!(came(&mut residents, said(PersonId(9))), [], "a stranger's wish goes nowhere");

    let frame = |text: &'static str| Bytes::from_static(text.as_bytes());
    residents.deliver(&mut vec![
        WorldOutput::Frame { person: ANA, first: true, bytes: frame("for Ana") },
        WorldOutput::Frame { person: PersonId(9), first: true, bytes: frame("for nobody") },
        WorldOutput::Notice { to: vec![PersonId(9), ANA], bytes: heard(ANA, "hello") },
    ]);
    assert_eq!(
        waiting(&line).await,
        [(Lane::Reliable, heard(ANA, "hello")), (Lane::Latest, frame("for Ana"))]
    );

    seat.leave();
    assert_eq!(swept(&mut residents), [WorldInput::Leave { person: ANA }]);
    assert_eq!(swept(&mut residents), []);
}

fn presence(road: Option<Road>, anew: bool) -> WorldInput {
    WorldInput::Presence { person: ANA, road, anew }
}

#[test]
fn a_lost_connection_is_told_once_and_after_a_while_and_the_visit_goes_on_over_another() {
    let (worlds, _inboxes) = worlds(&["plaza"]);
    let mut residents = Residents::new(world(&worlds, 0), worlds.clone(), Minds::none());
    let (seat, line) = (Arc::new(Seat::new(ANA, world(&worlds, 0))), outbox());
    came(&mut residents, ToWorld::Arrival(Box::new(arrival(&seat, &line))));
    line.detach(1);
    for _ in 1..AWAY_TICKS {
        assert_eq!(swept(&mut residents), []);
    }
    assert_eq!(swept(&mut residents), [presence(None, false)]);
    assert_eq!(swept(&mut residents), []);
    line.attach(Some(0), Road::Datagrams);
    assert_eq!(swept(&mut residents), [presence(Some(Road::Datagrams), false)]);
    assert_eq!(swept(&mut residents), []);
    // A quick move to another network or kind of road concerns the world alone: the way is new.
    line.detach(2);
    assert_eq!(swept(&mut residents), []);
    line.attach(Some(0), Road::Datagrams);
    assert_eq!(swept(&mut residents), [presence(Some(Road::Datagrams), false)]);
    assert_eq!(swept(&mut residents), []);
    line.attach(Some(0), Road::Reliable);
    assert_eq!(swept(&mut residents), [presence(Some(Road::Reliable), false)]);
}

#[test]
fn who_comes_back_knowing_nothing_is_told_anew_even_when_gone_again_by_then() {
    let (worlds, _inboxes) = worlds(&["plaza"]);
    let mut residents = Residents::new(world(&worlds, 0), worlds.clone(), Minds::none());
    let (seat, line) = (Arc::new(Seat::new(ANA, world(&worlds, 0))), outbox());
    came(&mut residents, ToWorld::Arrival(Box::new(arrival(&seat, &line))));
    swept(&mut residents);
    line.attach(None, Road::Reliable);
    line.detach(2);
    let back = ToWorld::Arrival(Box::new(arrival(&seat, &line)));
    assert_eq!(came(&mut residents, back), [presence(None, true)]);
}

#[test]
fn what_is_said_on_the_way_between_two_worlds_is_heard_in_the_other_one_in_order() {
    let (worlds, inboxes) = worlds(&["plaza", "garden"]);
    let mut plaza = Residents::new(world(&worlds, 0), worlds.clone(), Minds::none());
    let mut garden = Residents::new(world(&worlds, 1), worlds.clone(), Minds::none());
    let (seat, line) = (Arc::new(Seat::new(ANA, world(&worlds, 0))), outbox());
    came(&mut plaza, ToWorld::Arrival(Box::new(arrival(&seat, &line))));
    let said = |text: &str| Intent::Say { text: text.into() };
    let wish = |text: &str| ToWorld::Intent { person: ANA, intent: said(text) };
    // The connection knows already where she will be, and is quicker than she is.
    assert_eq!(came(&mut garden, wish("one")), []);
    assert_eq!(swept(&mut garden), []);
    plaza.deliver(&mut travel("garden"));
    // This was on its way to where she was; a strange wish is nobody's, and goes nowhere.
    assert_eq!(came(&mut plaza, wish("two")), []);
    assert_eq!(came(&mut plaza, ToWorld::Intent { person: PersonId(9), intent: said("x") }), []);
    let inputs: Vec<WorldInput> = std::iter::from_fn(|| inboxes[1].try_recv().ok())
        .flat_map(|message| came(&mut garden, message))
        .collect();
    let heard = |text: &str| WorldInput::Intent { person: ANA, intent: said(text) };
    assert_eq!(inputs, [enter(Some("gate")), heard("one"), heard("two")]);
    // Nothing waits for ever for somebody who never comes.
    came(&mut plaza, wish("three"));
    for _ in 0..=WAY_TICKS {
        swept(&mut plaza);
    }
    assert!(plaza.gone_to.is_empty() && plaza.early.is_empty());
    (0..1_000).for_each(|_| {
        drop(came(&mut garden, ToWorld::Intent { person: PersonId(9), intent: said("x") }))
    });
    assert_eq!(garden.early.len(), EARLY_WISHES_MAX);
}

#[tokio::test]
async fn a_portal_leads_to_the_other_world_and_leaves_no_old_frame_behind() {
    let (worlds, inboxes) = worlds(&["plaza", "garden"]);
    let mut plaza = Residents::new(world(&worlds, 0), worlds.clone(), Minds::none());
    let mut garden = Residents::new(world(&worlds, 1), worlds.clone(), Minds::none());
    let (seat, line) = (Arc::new(Seat::new(ANA, world(&worlds, 0))), outbox());
    came(&mut plaza, ToWorld::Arrival(Box::new(arrival(&seat, &line))));
    let mut outputs =
        vec![WorldOutput::Frame { person: ANA, first: true, bytes: Bytes::from_static(b"plaza") }];
    outputs.extend(travel("garden"));
    plaza.deliver(&mut outputs);
    assert!(seat.is_in(&world(&worlds, 1)));
    let message = inboxes[1].try_recv().unwrap();
    assert_eq!(came(&mut garden, message), [enter(Some("gate"))]);
    line.push_reliable(heard(ANA, "entered"));
    assert_eq!(waiting(&line).await, [(Lane::Reliable, heard(ANA, "entered"))]);
    // What was still under way to the plaza is sent after her.
    let late = ToWorld::Arrival(Box::new(arrival(&seat, &line)));
    assert_eq!(came(&mut plaza, late), []);
    assert!(matches!(inboxes[1].try_recv(), Ok(ToWorld::Arrival(_))));
}

#[test]
fn a_portal_to_nowhere_brings_ana_back_to_where_she_was() {
    let (worlds, _inboxes) = worlds(&["plaza"]);
    let mut plaza = Residents::new(world(&worlds, 0), worlds.clone(), Minds::none());
    let (seat, line) = (Arc::new(Seat::new(ANA, world(&worlds, 0))), outbox());
    came(&mut plaza, ToWorld::Arrival(Box::new(arrival(&seat, &line))));
    plaza.deliver(&mut travel("atlantis"));
    assert_eq!(swept(&mut plaza), [enter(None)]);
    plaza.deliver(&mut travel(""));
    assert_eq!(swept(&mut plaza), [enter(None)]);
    assert_eq!(line.close_wanted(1).now_or_never(), None);
}

#[test]
fn a_full_world_sends_travellers_back_and_newcomers_away() {
    let (worlds, inboxes) = worlds(&["plaza", "garden"]);
    let mut plaza = Residents::new(world(&worlds, 0), worlds.clone(), Minds::none());
    let mut garden = Residents::new(world(&worlds, 1), worlds.clone(), Minds::none());
    let (seat, line) = (Arc::new(Seat::new(ANA, world(&worlds, 0))), outbox());
    let refused = || vec![WorldOutput::Refused { person: ANA, reason: CloseReason::WorldFull }];
    came(&mut plaza, ToWorld::Arrival(Box::new(arrival(&seat, &line))));
    plaza.deliver(&mut travel("garden"));
    came(&mut garden, inboxes[1].try_recv().unwrap());
    garden.deliver(&mut refused());
    assert!(seat.is_in(&world(&worlds, 0)));
    assert_eq!(came(&mut plaza, inboxes[0].try_recv().unwrap()), [enter(None)]);
    assert_eq!(line.close_wanted(1).now_or_never(), None);
    plaza.deliver(&mut refused());
    let closed = line.close_wanted(1).now_or_never();
    assert_eq!(closed, Some(CloseReason::WorldFull), "there is nowhere left to go");
}

#[test]
fn ana_travels_without_a_connection_and_is_away_in_the_other_world_too() {
    let (worlds, inboxes) = worlds(&["plaza", "garden"]);
    let mut plaza = Residents::new(world(&worlds, 0), worlds.clone(), Minds::none());
    let mut garden = Residents::new(world(&worlds, 1), worlds.clone(), Minds::none());
    let (seat, line) = (Arc::new(Seat::new(ANA, world(&worlds, 0))), outbox());
    came(&mut plaza, ToWorld::Arrival(Box::new(arrival(&seat, &line))));
    line.detach(1);
    plaza.deliver(&mut travel("garden"));
    let message = inboxes[1].try_recv().unwrap();
    assert_eq!(came(&mut garden, message), [enter(Some("gate")), presence(None, false)]);
}

#[tokio::test]
async fn when_a_world_ends_everyone_in_it_is_told() {
    let (worlds, _inboxes) = worlds(&["plaza"]);
    let mut plaza = Residents::new(world(&worlds, 0), worlds.clone(), Minds::none());
    let (seat, line) = (Arc::new(Seat::new(ANA, world(&worlds, 0))), outbox());
    came(&mut plaza, ToWorld::Arrival(Box::new(arrival(&seat, &line))));
    plaza.close_all(CloseReason::WorldRestarting);
    assert_eq!(line.close_wanted(1).await, CloseReason::WorldRestarting);
    assert!(line.attach(Some(0), Road::Reliable).anew);
    let back = ToWorld::Arrival(Box::new(arrival(&seat, &line)));
    assert_eq!(came(&mut plaza, back), [enter(None)], "she comes in anew");
}

#[tokio::test]
async fn many_returns_in_one_tick_are_one_return_and_the_newest_connection_counts() {
    let (worlds, _inboxes) = worlds(&["plaza"]);
    let mut residents = Residents::new(world(&worlds, 0), worlds.clone(), Minds::none());
    let (seat, line) = (Arc::new(Seat::new(ANA, world(&worlds, 0))), outbox());
    let mut inputs = Vec::new();
    let come = |residents: &mut Residents, inputs: &mut Vec<WorldInput>| {
        line.attach(None, Road::Reliable);
        residents.take(ToWorld::Arrival(Box::new(arrival(&seat, &line))), inputs);
    };
    (0..4).for_each(|_| come(&mut residents, &mut inputs));
    assert_eq!(inputs, [enter(None)], "she came once, whatever the number of her windows");

    inputs = swept(&mut residents);
    (0..4).for_each(|_| come(&mut residents, &mut inputs));
    assert_eq!(inputs, [presence(Some(Road::Reliable), true)]);

    let bytes = Bytes::from_static(b"welcome");
    let mut outputs = vec![WorldOutput::Notice { to: vec![ANA], bytes: bytes.clone() }];
    residents.deliver(&mut outputs);
    assert_eq!(waiting(&line).await, [(Lane::Reliable, bytes)]);
}

#[test]
fn whoever_has_gone_on_is_not_taken_back_by_a_draft_that_ends() {
    let (worlds, inboxes) = worlds(&["plaza", "garden"]);
    let (home, garden) = (world(&worlds, 0), world(&worlds, 1));
    let (draft, _sent) = World::draft(source("plaza-draft-1"), home.clone());
    worlds.open(draft.clone());
    let mut inside = Residents::new(draft.clone(), worlds.clone(), Minds::none());
    let (seat, line) = (Arc::new(Seat::new(ANA, draft.clone())), outbox());
    came(&mut inside, ToWorld::Arrival(Box::new(arrival(&seat, &line))));
    inside.deliver(&mut travel("garden"));
    worlds.close(&draft);
    inside.hand_over(&home);
    // What is late goes after her.
    let late = || ToWorld::Arrival(Box::new(arrival(&seat, &line)));
    draft.send(late()).unwrap();
    let said = Intent::Say { text: "here?".into() };
    inside.send_on(late(), &home).unwrap();
    inside.send_on(ToWorld::Intent { person: ANA, intent: said }, &home).unwrap();
    assert!(seat.is_in(&garden));
    assert_eq!(inboxes[1].try_iter().count(), 4);
    assert_eq!(inboxes[0].try_iter().count(), 0);
}

#[test]
fn when_a_draft_ends_its_people_go_on_in_its_world_and_so_does_whoever_is_sent_to_it() {
    let (worlds, inboxes) = worlds(&["plaza"]);
    let home = world(&worlds, 0);
    let (draft, sent) = World::draft(source("plaza-draft-1"), home.clone());
    worlds.open(draft.clone());
    let mut inside = Residents::new(draft.clone(), worlds.clone(), Minds::none());
    let (seat, line) = (Arc::new(Seat::new(ANA, draft.clone())), outbox());
    came(&mut inside, ToWorld::Arrival(Box::new(arrival(&seat, &line))));
    let said = |text: &str| Intent::Say { text: text.into() };
    let wish = |person, text: &str| ToWorld::Intent { person, intent: said(text) };
    came(&mut inside, wish(PersonId(2), "quicker than I am"));
    let (late, her_line) = (Arc::new(Seat::new(PersonId(2), draft.clone())), outbox());
    draft.send(ToWorld::Arrival(Box::new(arrival(&late, &her_line)))).unwrap();

    home.close();
    assert!(home.heir().is_none(), "worlds do not end");
    worlds.close(&draft);
    assert!(worlds.find("plaza-draft-1").is_none());
    inside.hand_over(draft.heir().unwrap());
    inside.send_on(sent.try_recv().unwrap(), &home).unwrap();
    assert!(seat.is_in(&home) && late.is_in(&home));
    draft.send(wish(ANA, "here?")).unwrap();
    assert!(sent.try_recv().is_err(), "nothing is sent to it any more");
    let mut plaza = Residents::new(home, worlds, Minds::none());
    let inputs: Vec<WorldInput> = std::iter::from_fn(|| inboxes[0].try_recv().ok())
        .flat_map(|message| came(&mut plaza, message))
        .collect();
    let told: Vec<String> = inputs
        .into_iter()
        .map(|input| match input {
            WorldInput::Enter { person, .. } => format!("{} comes", person.0),
            WorldInput::Intent { person, intent: Intent::Say { text } } => {
                format!("{}: {text}", person.0)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, ["1 comes", "2 comes", "2: quicker than I am", "1: here?"]);
}
