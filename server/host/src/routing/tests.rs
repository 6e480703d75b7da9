//! Who is let in, who may come back, and who is gone.

use std::sync::mpsc::Receiver;

use super::*;
use crate::{
    limits::INBOX_MESSAGES_MAX,
    puppet::{LOOK, outbox, worlds},
};

fn door(people_max: usize) -> (FrontDoor, Vec<Receiver<ToWorld>>) {
    let (worlds, inboxes) = worlds(&["plaza", "garden"]);
    (FrontDoor::new(worlds, people_max), inboxes)
}

fn hello(world: &str, resume: Option<[u8; RESUME_TOKEN_BYTES]>) -> Hello {
    Hello { world: world.into(), name: "Ana".into(), look: LOOK, resume }
}

fn come(door: &FrontDoor, resume: Option<[u8; RESUME_TOKEN_BYTES]>) -> (Visit, Admitted) {
    door.admit(&hello("", resume), &outbox()).unwrap()
}

#[test]
fn newcomers_get_an_id_a_token_of_their_own_and_the_first_world() {
    let (door, inboxes) = door(10);
    let (ana, admitted) = come(&door, None);
    let (_, other) = come(&door, None);
    assert_eq!((admitted.person, other.person), (PersonId(1), PersonId(2)));
    assert_ne!(admitted.resume, other.resume);
    assert!(!admitted.resumed);
    door.enter(&ana, hello("", None), &outbox());
    let Ok(ToWorld::Arrival(arrival)) = inboxes[0].try_recv() else { panic!("nobody came") };
    assert_eq!((arrival.seat.person(), arrival.name.as_str()), (PersonId(1), "Ana"));
}

#[test]
fn there_is_no_way_into_an_unknown_world_or_a_full_server() {
    let (door, _inboxes) = door(1);
    let refused = |world| door.admit(&hello(world, None), &outbox()).unwrap_err();
    assert_eq!(refused("atlantis"), CloseReason::UnknownWorld);
    let (ana, _) = come(&door, None);
    assert_eq!(refused("garden"), CloseReason::WorldFull);
    door.gone(ana, Departure::Closed(CloseReason::Bye));
    assert!(door.admit(&hello("garden", None), &outbox()).is_ok());
}

#[test]
fn a_lost_connection_may_come_back_within_the_window() {
    let (door, _inboxes) = door(10);
    let (ana, first) = come(&door, None);
    let seat = ana.seat.clone();
    door.gone(ana, Departure::Lost);
    assert!(!seat.has_left());
    let (again, second) = come(&door, Some(first.resume));
    assert_eq!((second.person, second.resumed), (first.person, true));
    assert!(Arc::ptr_eq(&again.seat, &seat));
    door.expire(Instant::now() + Duration::from_secs(1_000));
    assert!(!seat.has_left(), "whoever is connected does not expire");
    door.gone(again, Departure::Closed(CloseReason::TooSlow));
    door.expire(Instant::now());
    assert!(!seat.has_left());
    door.expire(Instant::now() + Duration::from_secs(RESUME_WINDOW_S.into()));
    assert!(seat.has_left());
    let (_, third) = come(&door, Some(first.resume));
    assert!(!third.resumed, "the token is void");
    assert_ne!(third.person, first.person);
}

#[test]
fn whoever_says_goodbye_or_breaks_the_rules_is_gone_at_once() {
    for reason in [CloseReason::Bye, CloseReason::Malformed, CloseReason::TooManyMessages] {
        let (door, _inboxes) = door(10);
        let (ana, admitted) = come(&door, None);
        let seat = ana.seat.clone();
        door.gone(ana, Departure::Closed(reason));
        assert!(seat.has_left(), "{reason:?}");
        assert!(!come(&door, Some(admitted.resume)).1.resumed);
    }
}

#[tokio::test]
async fn the_newer_window_takes_over_and_the_older_one_cannot_end_it() {
    let (door, _inboxes) = door(10);
    let old_outbox = outbox();
    let (old, admitted) = door.admit(&hello("", None), &old_outbox).unwrap();
    let (new, _) = come(&door, Some(admitted.resume));
    assert_eq!(old_outbox.close_wanted().await, CloseReason::ResumedElsewhere);
    door.gone(old, Departure::Closed(CloseReason::ResumedElsewhere));
    assert_eq!(door.people_count(), 1);
    assert!(!new.seat.has_left());
}

#[tokio::test]
async fn a_wrong_token_makes_a_newcomer() {
    let (door, _inboxes) = door(10);
    let (_, admitted) = come(&door, None);
    let mut wrong = admitted.resume;
    wrong[RESUME_TOKEN_BYTES - 1] ^= 1;
    assert_eq!(come(&door, Some(wrong)).1.person, PersonId(2));
}

#[tokio::test]
async fn when_the_server_ends_everyone_is_told_and_nobody_comes_in() {
    let (door, _inboxes) = door(10);
    let line = outbox();
    let (_visit, _) = door.admit(&hello("", None), &line).unwrap();
    door.shut();
    assert_eq!(line.close_wanted().await, CloseReason::ShuttingDown);
    let refused = door.admit(&hello("", None), &outbox()).unwrap_err();
    assert_eq!(refused, CloseReason::ShuttingDown);
}

#[tokio::test]
async fn a_world_that_does_not_take_its_messages_costs_wishes_and_newcomers_but_no_waiting() {
    use vivarium_protocol::{intent::ClientLatest, snapshot::packet::Ack};

    let (door, _inboxes) = door(10);
    let (ana, _) = come(&door, None);
    let say = || Intent::Say { text: "hello".into() };
    for _ in 0..INBOX_MESSAGES_MAX {
        assert_eq!(door.intent(&ana, say()), Taken::Yes);
    }
    assert_eq!(door.intent(&ana, say()), Taken::Denied(Denial::TooFast));
    let latest = ClientLatest { ack: Ack::default(), first_tick: 1, inputs: vec![], tracked: None };
    assert_eq!(door.intent(&ana, Intent::Latest(latest)), Taken::Dropped);
    let line = outbox();
    let (late, _) = door.admit(&hello("plaza", None), &line).unwrap();
    door.enter(&late, hello("plaza", None), &line);
    assert_eq!(line.close_wanted().await, CloseReason::WorldFull);
}
