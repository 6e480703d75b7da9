//! Who is let in, who may come back, and who is gone.

use std::sync::mpsc::Receiver;

use vivarium_protocol::intent::Resume;

use super::*;
use crate::{
    limits::INBOX_MESSAGES_MAX,
    puppet::{LOOK, worlds},
};

fn door(people_max: usize) -> (FrontDoor, Vec<Receiver<ToWorld>>) {
    let (worlds, inboxes) = worlds(&["plaza", "garden"]);
    (FrontDoor::new(worlds, people_max, LinkLimits::default()), inboxes)
}

fn hello(world: &str, resume: Option<Resume>) -> Hello {
    Hello { world: world.into(), name: "Ana".into(), look: LOOK, ticket: None, resume, key: None }
}

fn with(token: Token) -> Option<Resume> {
    Some(Resume { token, taken: Some(0) })
}

fn come(door: &FrontDoor, resume: Option<Resume>) -> Admission<Visit> {
    door.admit(&hello("", resume), Road::Reliable, None).unwrap()
}

#[test]
fn newcomers_get_an_id_a_token_of_their_own_and_the_first_world() {
    let (door, inboxes) = door(10);
    let ana = come(&door, None);
    let other = come(&door, None);
    assert_eq!((ana.person, other.person), (PersonId(1), PersonId(2)));
    assert_ne!(ana.resume, other.resume);
    assert!(!ana.resumed && ana.attached.anew);
    door.enter(&ana.seat, hello("", None), true);
    let Ok(ToWorld::Arrival(arrival)) = inboxes[0].try_recv() else { panic!("nobody came") };
    assert_eq!((arrival.seat.person(), arrival.name.as_str()), (PersonId(1), "Ana"));
}

#[test]
fn there_is_no_way_into_an_unknown_world_or_a_full_server() {
    let (door, _inboxes) = door(1);
    let refused = |world| door.admit(&hello(world, None), Road::Reliable, None).unwrap_err();
    assert_eq!(refused("atlantis"), CloseReason::UnknownWorld);
    let ana = come(&door, None);
    assert_eq!(refused("garden"), CloseReason::WorldFull);
    door.gone(ana.seat, Departure::Closed(CloseReason::Bye));
    assert!(door.admit(&hello("garden", None), Road::Reliable, None).is_ok());
}

#[test]
fn a_lost_connection_may_come_back_within_the_window_over_any_road() {
    let (door, inboxes) = door(10);
    let first = come(&door, None);
    let seat = first.seat.seat.clone();
    first.outbox.detach(first.attached.attachment);
    door.gone(first.seat, Departure::Lost);
    assert!(!seat.has_left());
    let hello = hello("garden", with(first.resume));
    let second = door.admit(&hello, Road::Datagrams, None).unwrap();
    assert_eq!((second.person, second.resumed), (first.person, true));
    assert!(Arc::ptr_eq(&second.seat.seat, &seat) && Arc::ptr_eq(&second.outbox, &first.outbox));
    assert!(!second.attached.anew);
    door.enter(&second.seat, hello, false);
    assert!(inboxes[0].try_recv().is_err(), "the world finds the new connection by itself");
    door.expire(Instant::now() + Duration::from_secs(1_000));
    assert!(!seat.has_left(), "whoever is connected does not expire");
    door.gone(second.seat, Departure::Closed(CloseReason::TooSlow));
    door.expire(Instant::now());
    assert!(!seat.has_left());
    door.expire(Instant::now() + Duration::from_secs(RESUME_WINDOW_S.into()));
    assert!(seat.has_left());
    let third = come(&door, with(second.resume));
    assert!(!third.resumed, "the token is void");
    assert_ne!(third.person, first.person);
}

#[test]
fn each_connection_gets_a_new_token_and_the_one_before_is_void_once_it_has_arrived() {
    let (door, _inboxes) = door(10);
    let first = come(&door, None);
    let second = come(&door, with(first.resume));
    assert_ne!(second.resume, first.resume);
    // The answer was lost: whoever knows only the first token comes back all the same.
    let third = come(&door, with(first.resume));
    assert!(third.resumed);
    assert!(!come(&door, with(second.resume)).resumed, "its answer never arrived");
    door.confirmed(&second.seat);
    assert!(come(&door, with(first.resume)).resumed, "what an old connection says is void");
    let newest = come(&door, with(first.resume));
    door.confirmed(&newest.seat);
    assert!(!come(&door, with(first.resume)).resumed, "a token that was replaced");
    assert!(come(&door, with(newest.resume)).resumed);
}

#[test]
fn whoever_says_goodbye_or_breaks_the_rules_is_gone_at_once() {
    for reason in [CloseReason::Bye, CloseReason::Malformed, CloseReason::TooManyMessages] {
        let (door, _inboxes) = door(10);
        let ana = come(&door, None);
        let seat = ana.seat.seat.clone();
        door.gone(ana.seat, Departure::Closed(reason));
        assert!(seat.has_left(), "{reason:?}");
        assert!(!come(&door, with(ana.resume)).resumed);
    }
}

#[tokio::test]
async fn the_newer_window_takes_over_and_the_older_one_cannot_end_it() {
    let (door, _inboxes) = door(10);
    let old = come(&door, None);
    let new = come(&door, with(old.resume));
    let closed = old.outbox.close_wanted(old.attached.attachment).await;
    assert_eq!(closed, CloseReason::ResumedElsewhere);
    door.gone(old.seat, Departure::Closed(CloseReason::ResumedElsewhere));
    assert_eq!(door.people_count(), 1);
    assert!(!new.seat.seat.has_left());
}

#[test]
fn a_wrong_token_makes_a_newcomer() {
    let (door, _inboxes) = door(10);
    let mut wrong = come(&door, None).resume;
    wrong[RESUME_TOKEN_BYTES - 1] ^= 1;
    assert_eq!(come(&door, with(wrong)).person, PersonId(2));
}

#[test]
fn where_tickets_are_required_each_lets_one_newcomer_in_and_a_return_needs_none() {
    let (door, _inboxes) = door(10);
    let door = door.with_tickets_required(true);
    let refused = |hello: &Hello| door.admit(hello, Road::Reliable, None).unwrap_err();
    assert_eq!(refused(&hello("", None)), CloseReason::BadTicket);
    let ticket = door.tickets().issue(now());
    let shown = Hello { ticket, ..hello("", None) };
    let ana = door.admit(&shown, Road::Reliable, None).unwrap();
    assert_eq!(refused(&shown), CloseReason::BadTicket, "used up");
    assert!(come(&door, with(ana.resume)).resumed);
}

#[tokio::test]
async fn when_the_server_ends_everyone_is_told_and_nobody_comes_in() {
    let (door, _inboxes) = door(10);
    let ana = come(&door, None);
    door.shut();
    let closed = ana.outbox.close_wanted(ana.attached.attachment).await;
    assert_eq!(closed, CloseReason::ShuttingDown);
    let refused = door.admit(&hello("", None), Road::Reliable, None).unwrap_err();
    assert_eq!(refused, CloseReason::ShuttingDown);
}

#[tokio::test]
async fn a_world_that_does_not_take_its_messages_costs_wishes_and_newcomers_but_no_waiting() {
    use vivarium_protocol::{intent::ClientLatest, snapshot::packet::Ack};

    let (door, _inboxes) = door(10);
    let ana = come(&door, None);
    let say = || Intent::Say { text: "hello".into() };
    for _ in 0..INBOX_MESSAGES_MAX {
        assert_eq!(door.intent(&ana.seat, say()), Taken::Yes);
    }
    assert_eq!(door.intent(&ana.seat, say()), Taken::Denied(Denial::TooFast));
    let latest = ClientLatest { ack: Ack::default(), first_tick: 1, inputs: vec![], tracked: None };
    assert_eq!(door.intent(&ana.seat, Intent::Latest(latest)), Taken::Dropped);
    let late = come(&door, None);
    door.enter(&late.seat, hello("plaza", None), true);
    let closed = late.outbox.close_wanted(late.attached.attachment).await;
    assert_eq!(closed, CloseReason::WorldFull);
}

#[test]
fn one_network_has_only_so_many_people_even_if_they_vanish() {
    let (door, _inboxes) = door(10);
    let door = door.with_people_per_network(2);
    let network = |last: u8| Some(IpAddr::from([203, 0, 113, last]));
    let hello = hello("", None);
    let admit = |network| door.admit(&hello, Road::Reliable, network);
    let first = admit(network(1)).unwrap();
    door.gone(first.seat, Departure::Lost);
    let _second = admit(network(1)).unwrap();
    assert_eq!(admit(network(1)).unwrap_err(), CloseReason::WorldFull);
    assert!(admit(network(2)).is_ok() && admit(None).is_ok(), "others get in");
    // Who was here before comes back all the same.
    let resume = Some(Resume { token: first.resume, taken: None });
    let back = door.from(network(1)).admit(&Hello { resume, ..hello.clone() }, Road::Reliable);
    assert!(back.unwrap().resumed);
}
