//! How companions keep promises, hold things, ride and walk.

use serde_json::json;
use vivarium_contract::{
    Intent, WorldInput,
    companion::{Action, ActionFailure, Appraisal, Being, Event, MindWord},
};
use vivarium_protocol::{
    ids::{ObjectId, PersonId},
    notice::{Denial, ServerMessage, SpeechEnd},
};

use super::{MIRA, apart_m, ball, court, mira, says};
use crate::harness::{Scenario, document, floor_with};

#[test]
fn what_nobody_waits_for_is_said_once_both_are_free() {
    let mut world = Scenario::of(court(&[]));
    let (ana, bo) = (world.enter(1, "Ana"), world.enter(2, "Bo"));
    world.ticks(3);
    let word = |person, text: &str| WorldInput::Word { companion: MIRA, person, text: text.into() };
    let heard = |world: &mut Scenario| {
        let told = world.told(bo).into_iter();
        let said = told.filter_map(|told| match told {
            ServerMessage::Says { text, .. } => Some(text),
            _ => None,
        });
        said.collect::<Vec<String>>()
    };
    // She answers Bo first, and does not break off what she says to him.
    let ask = world.ask(bo, "hello");
    world.input(word(ana, "It is the moon,\u{202e} Ana."));
    world.input(word(PersonId(77), "Nobody of that number is here."));
    world.ticks(3);
    assert_eq!(heard(&mut world), Vec::<String>::new());
    world.mind(&ask, says("Hello, Bo."));
    world.mind(&ask, MindWord::Does { action: Action::End });
    world.mind(&ask, MindWord::Done { is_reduced: false });
    world.ticks(3);
    assert_eq!(heard(&mut world), ["Hello, Bo.", "It is the moon, Ana."]);
    // Words of the mind that come too late are none of what she says by herself.
    world.mind(&ask, says("And another thing"));
    world.ticks(3);
    assert_eq!(heard(&mut world), Vec::<String>::new());
    // Whoever hushes her is told nothing, and each is told the newest alone.
    let ask = world.ask(ana, "wait");
    world.input(word(ana, "old"));
    world.input(word(ana, "new"));
    world.input(word(bo, "unwanted"));
    world.wish(bo, Intent::Hush { companion: MIRA });
    world.tick();
    world.mind(&ask, MindWord::Does { action: Action::End });
    world.mind(&ask, MindWord::Done { is_reduced: false });
    world.ticks(5);
    assert_eq!(heard(&mut world), ["new"]);
}

#[test]
fn whoever_is_forgotten_is_told_nothing_more() {
    let mut world = Scenario::of(court(&[]));
    let (ana, bo) = (world.enter(1, "Ana"), world.enter(2, "Bo"));
    world.ticks(3);
    let said = |world: &mut Scenario| {
        let told = world.told(bo).into_iter();
        told.filter(|told| matches!(told, ServerMessage::Says { .. })).count()
    };
    for (person, expected) in [(Some(ana), 1), (None, 0)] {
        let ask = world.ask(bo, "hello");
        for person in [ana, bo] {
            let text = "It is the moon.".into();
            world.input(WorldInput::Word { companion: MIRA, person, text });
        }
        world.tick();
        world.input(WorldInput::Forgotten { companion: MIRA, person });
        world.ticks(2);
        world.mind(&ask, MindWord::Done { is_reduced: false });
        world.ticks(5);
        assert_eq!(said(&mut world), expected, "{person:?}");
    }
}

#[test]
fn what_she_holds_does_not_go_through_walls() {
    let wall = |x: f32, z: f32, size_m: [f32; 3]| {
        json!({ "position_m": [x, 1.0, z], "properties": {
            "colliders": [{ "shape": { "box": { "size_m": size_m } } }] } })
    };
    let sign = |name: &str, x: f32, z: f32| json!({ "name": name, "position_m": [x, 1.0, z] });
    // A chamber in which she has no room for her arms.
    let all = [
        ball("red ball", [3.3, 0.25, 0.0]),
        wall(3.7, 0.0, [0.1, 2.0, 1.5]),
        wall(2.3, 0.0, [0.1, 2.0, 1.5]),
        wall(3.0, 0.7, [1.5, 2.0, 0.1]),
        wall(3.0, -0.7, [1.5, 2.0, 0.1]),
        sign("east", 9.0, 0.0),
        sign("south", 3.0, 6.0),
        sign("west", -3.0, 0.0),
    ];
    let mut world = Scenario::of(court(&all));
    let ana = world.enter(1, "Ana");
    world.ticks(3);
    world.have_do(ana, &[Action::PickUp { object: ObjectId(3) }]);
    world.until(ana, "she holds it", |world| world.looks(ana, MIRA).carries);
    for sign in [8, 9, 10] {
        let target = Being::Object(ObjectId(sign));
        world.have_do(ana, &[Action::LookAt { target }]);
        for _ in 0..60 {
            world.acknowledge(ana);
            world.tick();
            let at = world.thing_m(3);
            let is_inside = (at[0] - 3.0).abs() < 0.66 && at[2].abs() < 0.66;
            assert!(is_inside && world.looks(ana, MIRA).carries, "the ball is at {at:?}");
        }
    }
}

#[test]
fn a_platform_carries_her_in_every_tick() {
    let platform = json!({ "position_m": [3.0, -0.1, 0.0], "properties": {
        "body": { "kind": "kinematic" },
        "mover": { "waypoints_m": [[0, 0, 0], [0, 3, 0]], "leg_ticks": 150, "rest_ticks": 30 },
        "colliders": [{ "shape": { "box": { "size_m": [3, 0.2, 3] } } }] } });
    let lift = json!({ "version": 1, "name": "lift", "title": "Lift", "objects": [
        { "name": "gate", "position_m": [20, 0, 0], "properties": { "spawn": {} } },
        { "position_m": [20, -0.5, 0], "properties": {
            "colliders": [{ "shape": { "box": { "size_m": [9, 1, 9] } } }] } },
        mira([3.0, 0.0, 0.0], 40.0),
        platform,
    ] });
    let mut world = Scenario::of(document(&lift));
    let ana = world.enter(1, "Ana");
    world.ticks(3);
    let (mut before_m, mut moved, mut farthest_m) = (None::<f32>, 0, 0.0_f32);
    for _ in 0..180 {
        world.acknowledge(ana);
        world.tick();
        let up_m = world.looks(ana, MIRA).position_m[1];
        if let Some(before_m) = before_m {
            farthest_m = farthest_m.max((up_m - before_m).abs());
            moved += usize::from(up_m != before_m);
        }
        before_m = Some(up_m);
    }
    assert!(moved > 100, "she moved in {moved} ticks");
    assert!(farthest_m < 0.08, "{farthest_m} m in one tick");
}

/// How far she gets in two seconds when she feels so, and is told to come.
fn walked_m(valence: i8, arousal: i8) -> f32 {
    let document = floor_with(&[mira([10.0, 0.0, 0.0], 40.0)]);
    let mut world = Scenario::of(document);
    let ana = world.enter(1, "Ana");
    world.ticks(30);
    let ask = world.ask(ana, "come here");
    let appraisal = Appraisal { valence, arousal, emotion: None };
    world.mind(&ask, MindWord::Feels { appraisal });
    world.mind(&ask, MindWord::Does { action: Action::WalkTo { target: Being::Person(ana) } });
    world.mind(&ask, MindWord::Done { is_reduced: false });
    let began = world.looks(ana, MIRA).position_m;
    for _ in 0..60 {
        world.acknowledge(ana);
        world.tick();
    }
    apart_m(began, world.looks(ana, MIRA).position_m)
}

#[test]
fn the_sad_walk_slowly_and_the_excited_quickly_with_the_same_seed() {
    let [sad, calm, excited] = [walked_m(-70, -40), walked_m(0, 0), walked_m(60, 80)];
    assert!(sad < calm * 0.85 && calm < excited, "{sad} m, {calm} m, {excited} m");
    assert_eq!(sad, walked_m(-70, -40));
}

#[test]
fn no_way_to_what_is_near_leads_her_out_of_her_range() {
    // On its other side Ana stands 3 m away; the way round its ends is longer.
    let wall = json!({ "name": "wall", "position_m": [1.5, 1.5, 0], "properties": {
        "colliders": [{ "shape": { "box": { "size_m": [0.4, 3, 12] } } }] } });
    let mut world = Scenario::of(floor_with(&[mira([3.0, 0.0, 0.0], 5.0), wall]));
    let ana = world.enter(1, "Ana");
    world.ticks(60);
    let come = Action::WalkTo { target: Being::Person(ana) };
    world.have_do(ana, &[come]);
    let mut farthest_m = 0.0_f32;
    for _ in 0..450 {
        world.acknowledge(ana);
        world.tick();
        let at_m = world.looks(ana, MIRA).position_m;
        farthest_m = farthest_m.max(apart_m(at_m, [3.0, 0.0, 0.0]));
    }
    assert!(farthest_m < 5.3, "{farthest_m} m from home");
    let happened = world.ask(ana, "well?").perception.happened;
    let failed = Event::Failed { action: come, reason: ActionFailure::NoWay, asked_by: ana };
    assert!(happened.iter().any(|happened| happened.event == failed), "{happened:?}");
}

/// Who is asked for after Mira has been hushed by whom she talks to.
fn next(world: &mut Scenario, talks: PersonId) -> Vec<PersonId> {
    world.asks();
    world.wish(talks, Intent::Hush { companion: MIRA });
    world.ticks(4);
    world.asks().iter().map(|ask| ask.person).collect()
}

#[test]
fn no_mind_is_asked_for_somebody_who_has_gone_meanwhile() {
    let mut world = Scenario::of(court(&[]));
    let [ana, bo, cy] = [(1, "Ana"), (2, "Bo"), (3, "Cy")].map(|(id, name)| world.enter(id, name));
    world.ticks(3);
    world.ask(ana, "hello");
    world.address(bo, "are you free?");
    world.tick();
    world.address(cy, "and then me?");
    world.input(WorldInput::Presence { person: bo, road: None, anew: false });
    world.tick();
    assert_eq!(next(&mut world, ana), [cy]);
    // Nobody waits for ever: who comes back reads that there is no answer.
    let told = world.told(bo);
    let begun = told.iter().find_map(|told| match told {
        ServerMessage::Thinks { line, to, .. } if *to == bo => Some(*line),
        _ => None,
    });
    let line = begun.expect("it was taken up");
    let end = ServerMessage::Said { companion: MIRA, line, end: SpeechEnd::Interrupted };
    assert!(told.contains(&end), "{told:?}");
}

#[test]
fn whom_she_cannot_listen_to_is_refused_and_nobody_is_forgotten() {
    let mut world = Scenario::of(court(&[]));
    let ana = world.enter(1, "Ana");
    let others: Vec<PersonId> =
        (2..11).map(|id| world.enter(id, &format!("Visitor {id}"))).collect();
    world.ticks(3);
    world.ask(ana, "hello");
    for person in &others {
        world.address(*person, "listen to me");
        world.tick();
    }
    let denied = ServerMessage::Denied { denial: Denial::TooFast };
    let refused: Vec<PersonId> =
        others.iter().copied().filter(|person| world.told(*person).contains(&denied)).collect();
    assert_eq!(refused, others[8..]);
    let heard = world.told(ana).into_iter();
    let heard =
        heard.filter(|told| matches!(told, ServerMessage::Heard { person, .. } if *person != ana));
    assert_eq!(heard.count(), 8, "what is refused is not heard");
    // Whoever waits may say something else instead, and comes first all the same.
    world.address(others[7], "or rather this");
    world.tick();
    assert!(!world.told(others[7]).contains(&denied));
    assert_eq!(next(&mut world, ana), others[..1]);
}

#[test]
fn what_one_mind_has_promised_no_other_says() {
    let mut world = Scenario::of(court(&[]));
    let (ana, bo) = (world.enter(1, "Ana"), world.enter(2, "Bo"));
    world.ticks(3);
    world.ask(ana, "hello");
    let text = "I have thought about it.".into();
    world.input(WorldInput::Word { companion: MIRA, person: bo, text });
    world.tick();
    let other = json!([{ "set": { "object": 2, "property": { "companion": {
        "mind": "nils", "name": "Nils", "body": "#336699", "accent": "#ffcc00" } } } }]);
    world.build("ana", other).unwrap();
    world.told(bo);
    // The conversation with Ana is over after a while.
    for _ in 0..900 {
        world.acknowledge(bo);
        world.tick();
    }
    let told = world.told(bo);
    assert!(!told.iter().any(|told| matches!(told, ServerMessage::Says { .. })), "{told:?}");
}

#[test]
fn what_she_holds_while_she_follows_is_put_down_after_a_while() {
    let mut world = Scenario::of(court(&[ball("red ball", [4.0, 0.25, 1.0])]));
    let ana = world.enter(1, "Ana");
    world.ticks(3);
    let object = ObjectId(3);
    world.have_do(ana, &[Action::PickUp { object }, Action::Follow { person: ana }]);
    world.until(ana, "she holds it", |world| world.looks(ana, MIRA).carries);
    for _ in 0..170 * 30 {
        world.acknowledge(ana);
        world.tick();
    }
    assert!(world.looks(ana, MIRA).carries);
    world.until(ana, "she puts it down", |world| !world.looks(ana, MIRA).carries);
    let doing = world.ask(ana, "well?").perception.doing;
    assert_eq!(doing, Some(Action::Follow { person: ana }));
}
