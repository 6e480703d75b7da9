//! Companions: how they walk, carry, feel and speak, and what no mind can make them do.

use serde_json::{Value, json};
use vivarium_contract::{
    Intent, WorldInput, WorldOutput,
    companion::{
        Action, ActionFailure, Appraisal, Being, Bond, DialogueAsk, Emotion, Event, MindFailure,
        MindWord, SPEECH_BYTES_MAX, Traits,
    },
    editing::Role,
};
use vivarium_protocol::{
    ids::{ObjectId, PersonId},
    intent::Emote,
    notice::{Denial, ServerMessage, SpeechEnd},
    quantise,
    snapshot::{
        block::Identity,
        fields::companion::{CARRYING, FEELING, POSITION, SITTING, STANCE},
        schema::Facet,
    },
};
use vivarium_scene::{document::WorldDocument, operation::PLACEHOLDERS};

use crate::harness::{Scenario, asset, floor_with, towards};

mod knowing;
mod manners;
mod words;

const MIRA: ObjectId = ObjectId(2);

fn mira(position_m: [f32; 3], range_m: f32) -> Value {
    json!({ "name": "mira's place", "position_m": position_m, "properties": { "companion": {
        "mind": "mira", "name": "Mira", "body": "#336699", "accent": "#ffcc00",
        "range_m": range_m } } })
}

fn ball(name: &str, position_m: [f32; 3]) -> Value {
    json!({ "name": name, "position_m": position_m, "properties": {
        "body": { "kind": "dynamic", "linear_damping": 0.3, "angular_damping": 0.3 },
        "colliders": [{ "shape": { "ball": { "radius_m": 0.25 } }, "density_kgpm3": 60 }] } })
}

/// A floor on which Mira lives, 3 m from where people appear.
fn court(more: &[Value]) -> WorldDocument {
    let mut all = vec![mira([3.0, 0.0, 0.0], 40.0)];
    all.extend_from_slice(more);
    floor_with(&all)
}

/// How a companion is seen.
#[derive(Clone, Copy, Debug)]
struct Looks {
    position_m: [f32; 3],
    emotion: Emotion,
    carries: bool,
    sits: bool,
}

impl Scenario {
    fn looks(&mut self, person: PersonId, companion: ObjectId) -> Looks {
        let identity = Identity { facet: Facet::Companion, subject: companion.0 };
        let members = self.view(person).members();
        let (_, fields) = members.get(&identity).expect("the companion is in sight");
        let emotion = (fields[FEELING] & 7) as usize;
        Looks {
            position_m: std::array::from_fn(|axis| quantise::position_m(fields[POSITION + axis])),
            emotion: Emotion::ALL[emotion],
            carries: fields[FEELING] & CARRYING != 0,
            sits: fields[STANCE] & SITTING != 0,
        }
    }

    fn address(&mut self, person: PersonId, text: &str) {
        self.wish(person, Intent::Address { companion: MIRA, text: text.into() });
    }

    /// What minds were asked since the last call.
    fn asks(&mut self) -> Vec<DialogueAsk> {
        let left = std::mem::take(&mut self.travels).into_iter();
        left.filter_map(|output| match output {
            WorldOutput::Ask(ask) => Some(*ask),
            _ => None,
        })
        .collect()
    }

    /// Says something to Mira; gives what her mind is asked.
    fn ask(&mut self, person: PersonId, text: &str) -> DialogueAsk {
        self.asks();
        self.address(person, text);
        self.tick();
        let asks = self.asks();
        let [ask] = &asks[..] else { panic!("{} asks", asks.len()) };
        ask.clone()
    }

    fn mind(&mut self, ask: &DialogueAsk, word: MindWord) {
        let (companion, generation) = (ask.companion, ask.generation);
        self.input(WorldInput::Mind { companion, generation, word });
    }

    /// Has Mira do things, as her mind wants.
    fn have_do(&mut self, person: PersonId, actions: &[Action]) {
        let ask = self.ask(person, "please");
        for action in actions {
            self.mind(&ask, MindWord::Does { action: *action });
        }
        self.mind(&ask, MindWord::Done { is_reduced: false });
        self.tick();
    }

    /// Ticks until something is so, for half a minute at most.
    fn until(&mut self, person: PersonId, what: &str, mut is: impl FnMut(&mut Self) -> bool) {
        for _ in 0..900 {
            self.acknowledge(person);
            self.tick();
            if is(self) {
                return;
            }
        }
        panic!("half a minute has passed without: {what}");
    }

    fn thing_m(&self, object: u32) -> [f32; 3] {
        let poses = self.world.poses();
        let pose = poses.iter().find(|pose| pose.object == ObjectId(object));
        pose.expect("the object is loose").position_m
    }
}

fn says(text: &str) -> MindWord {
    MindWord::Says { text: text.into() }
}

fn apart_m(one: [f32; 3], other: [f32; 3]) -> f32 {
    let (x, z) = (one[0] - other[0], one[2] - other[2]);
    (x * x + z * z).sqrt()
}

#[test]
fn somebody_who_lives_here_is_seen_at_home_and_goes_with_the_object() {
    let mut world = Scenario::of(court(&[]));
    let ana = world.enter(1, "Ana");
    world.ticks(3);
    let at = world.looks(ana, MIRA).position_m;
    assert!(apart_m(at, [3.0, 0.0, 0.0]) < 0.1 && (0.8..1.0).contains(&at[1]), "{at:?}");
    let lives: Vec<WorldOutput> = std::mem::take(&mut world.travels);
    let is_told = WorldOutput::Lives { companion: MIRA, mind: Some("mira".into()) };
    assert_eq!(lives, [is_told]);

    // Her place is moved, and she is there; her name changes, and she stays.
    let place = json!([{ "place": { "object": 2, "position_m": [-5, 0, 2], "rotation": [0, 0, 0, 1],
        "scale": [1, 1, 1] } }]);
    world.build("ana", place).unwrap();
    world.acknowledge(ana);
    world.ticks(3);
    let at = world.looks(ana, MIRA).position_m;
    assert!(apart_m(at, [-5.0, 0.0, 2.0]) < 0.1, "{at:?}");

    world.build("ana", json!([{ "delete": { "object": 2 } }])).unwrap();
    world.acknowledge(ana);
    world.ticks(3);
    let identity = Identity { facet: Facet::Companion, subject: 2 };
    assert!(!world.view(ana).members().contains_key(&identity));
    let gone = WorldOutput::Lives { companion: MIRA, mind: None };
    assert!(world.travels.contains(&gone), "{:?}", world.travels);
    world.address(ana, "are you there?");
    world.told(ana);
    world.tick();
    assert_eq!(world.told(ana), [ServerMessage::Denied { denial: Denial::NotNear }]);
}

#[test]
fn what_her_mind_says_is_heard_as_it_comes() {
    let mut world = Scenario::of(court(&[ball("red ball", [4.0, 0.25, 3.0])]));
    let (ana, bo) = (world.enter(1, "Ana"), world.enter(2, "Bo"));
    world.ticks(3);
    world.told(bo);
    let ask = world.ask(ana, "  Hello\tMira ");
    assert_eq!((ask.mind.as_str(), ask.name.as_str()), ("mira", "Mira"));
    assert_eq!((ask.person, ask.person_name.as_str()), (ana, "Ana"));
    assert_eq!(ask.text, "Hello Mira");
    let seen: Vec<(&str, bool)> =
        ask.perception.seen.iter().map(|seen| (seen.name.as_str(), seen.is_portable)).collect();
    for expected in [("Ana", false), ("Bo", false), ("red ball", true), ("ground", false)] {
        assert!(seen.contains(&expected), "{expected:?} is not among {seen:?}");
    }

    world.mind(&ask, says("Good "));
    world.mind(&ask, says("day,\u{202e}\n"));
    world.tick();
    world.mind(&ask, says("Ana."));
    world.mind(&ask, MindWord::Done { is_reduced: true });
    world.tick();
    let line = 1;
    let says = |text: &str| ServerMessage::Says { companion: MIRA, line, text: text.into() };
    assert_eq!(
        world.told(bo),
        [
            ServerMessage::Heard { person: ana, text: "Hello Mira".into() },
            ServerMessage::Thinks { companion: MIRA, line, to: ana },
            says("Good day, "),
            says("Ana."),
            ServerMessage::Said { companion: MIRA, line, end: SpeechEnd::Reduced },
        ]
    );

    // It is over: nothing more of it is heard.
    world.mind(&ask, MindWord::Says { text: "And".into() });
    world.ticks(2);
    assert_eq!(world.told(bo), []);
}

#[test]
fn plain_words_are_meant_for_whom_one_stands_before_names_or_talks_to() {
    let mut world = Scenario::of(court(&[]));
    let ana = world.enter(1, "Ana");
    world.ticks(3);
    let say = |world: &mut Scenario, person, text: &str| {
        world.asks();
        world.wish(person, Intent::Say { text: text.into() });
        world.tick();
        world.asks().len()
    };
    assert_eq!(say(&mut world, ana, "good morning, MIRA!"), 1, "she is named");
    assert_eq!(say(&mut world, ana, "how are you?"), 1, "they talk already");
    world.ticks(5);
    let bo = world.enter(2, "Bo");
    world.ticks(2);
    assert_eq!(say(&mut world, bo, "miraculous"), 0, "Bo may mean Ana");
    assert_eq!(say(&mut world, bo, "what does Mira think?"), 0, "she answers Ana first");
    let told = world.told(bo);
    assert!(!told.iter().any(|told| matches!(told, ServerMessage::Thinks { to, .. } if *to == bo)));
    // Ana hushes her, and it is Bo's turn.
    world.wish(ana, Intent::Hush { companion: MIRA });
    world.ticks(2);
    let asks = world.asks();
    assert_eq!(asks.iter().map(|ask| ask.person).collect::<Vec<_>>(), [bo]);
}

#[test]
fn who_speaks_again_interrupts_and_late_words_are_void() {
    let mut world = Scenario::of(court(&[]));
    let ana = world.enter(1, "Ana");
    world.ticks(3);
    let first = world.ask(ana, "tell me a long story");
    world.mind(&first, says("Once upon a time"));
    world.tick();
    world.told(ana);
    world.address(ana, "no, a short one");
    world.tick();
    let left = std::mem::take(&mut world.travels);
    let unask = WorldOutput::Unask { companion: MIRA, generation: first.generation };
    assert!(left.contains(&unask), "{left:?}");
    let second = left.into_iter().find_map(|output| match output {
        WorldOutput::Ask(ask) => Some(*ask),
        _ => None,
    });
    let second = second.expect("she is asked anew");
    assert_eq!(second.text, "no, a short one");
    world.mind(&first, says(" there was a king"));
    world.mind(&first, MindWord::Done { is_reduced: false });
    world.mind(&second, says("The end."));
    world.mind(&second, MindWord::Done { is_reduced: false });
    world.tick();
    let told = world.told(ana);
    let ends: Vec<&ServerMessage> =
        told.iter().filter(|told| matches!(told, ServerMessage::Said { .. })).collect();
    assert_eq!(
        ends,
        [
            &ServerMessage::Said { companion: MIRA, line: 1, end: SpeechEnd::Interrupted },
            &ServerMessage::Said { companion: MIRA, line: 2, end: SpeechEnd::Done },
        ]
    );
    let is_void = |told: &ServerMessage| matches!(told, ServerMessage::Says { text, .. } if text.contains("king"));
    assert!(!told.iter().any(is_void), "{told:?}");
}

#[test]
fn every_answer_ends_whatever_the_mind_does() {
    let mut world = Scenario::of(court(&[]));
    let ana = world.enter(1, "Ana");
    world.ticks(3);
    let end = |world: &mut Scenario| {
        for waited in 0..=130 * 30 {
            world.acknowledge(ana);
            world.tick();
            let ended = world.told(ana).into_iter().find_map(|told| match told {
                ServerMessage::Said { end, .. } => Some(end),
                _ => None,
            });
            if let Some(end) = ended {
                return (end, waited / 30);
            }
        }
        panic!("the answer never ends")
    };
    // A mind that says nothing.
    world.ask(ana, "hello?");
    let (ended, after_s) = end(&mut world);
    assert_eq!(ended, SpeechEnd::TimedOut);
    assert!((44..=46).contains(&after_s), "{after_s} s");
    // One that fails.
    let ask = world.ask(ana, "hello?");
    world.mind(&ask, MindWord::Failed { reason: MindFailure::OverLimit { free_in_s: 9 } });
    assert_eq!(end(&mut world).0, SpeechEnd::OverLimit { free_in_s: 9 });
    // One that never stops.
    let ask = world.ask(ana, "hello?");
    let mut heard = 0;
    for _ in 0..40 {
        for _ in 0..9 {
            world.mind(&ask, says(&"blah ".repeat(100)));
        }
        world.tick();
        for told in world.told(ana) {
            if let ServerMessage::Says { text, .. } = told {
                heard += text.len();
            }
        }
    }
    assert_eq!(heard, SPEECH_BYTES_MAX);
    // And somebody who leaves in the middle.
    world.input(WorldInput::Leave { person: ana });
    let bo = world.enter(2, "Bo");
    world.ticks(2);
    let interrupted = |told: ServerMessage| {
        matches!(told, ServerMessage::Said { end: SpeechEnd::Interrupted, .. })
    };
    assert!(world.told(bo).into_iter().any(interrupted));
}

#[test]
fn she_fetches_the_ball_and_brings_it() {
    let mut world = Scenario::of(court(&[ball("red ball", [9.0, 0.25, 6.0])]));
    let ana = world.enter(1, "Ana");
    world.ticks(3);
    let give = Action::Give { object: ObjectId(3), person: ana };
    world.have_do(ana, &[give]);
    world.until(ana, "she holds it", |world| world.looks(ana, MIRA).carries);
    world.until(ana, "she gives it", |world| !world.looks(ana, MIRA).carries);
    world.ticks(60);
    let (ball_m, ana_m) = (world.thing_m(3), world.position(ana));
    assert!(apart_m(ball_m, ana_m) < 2.0, "the ball is at {ball_m:?}");
    assert!(ball_m[1] < 0.5, "it lies on the floor, at {ball_m:?}");
    let ask = world.ask(ana, "thank you");
    let did = |happened: &Event| *happened == Event::Did { action: give, asked_by: ana };
    let happened: Vec<Event> =
        ask.perception.happened.into_iter().map(|happened| happened.event).collect();
    assert!(happened.iter().any(did), "{happened:?}");
}

#[test]
fn she_follows_and_keeps_a_polite_distance() {
    let mut world = Scenario::of(court(&[]));
    let ana = world.enter(1, "Ana");
    world.ticks(3);
    world.have_do(ana, &[Action::Follow { person: ana }]);
    let mut nearest = f32::INFINITY;
    for side in [towards(0, -127), towards(-127, 0), towards(0, 127)] {
        for _ in 0..5 {
            world.walk(ana, side, 30);
            let at = world.looks(ana, MIRA).position_m;
            nearest = nearest.min(apart_m(at, world.position(ana)));
        }
    }
    world.until(ana, "she is near", |world| {
        apart_m(world.looks(ana, MIRA).position_m, world.position(ana)) < 2.6
    });
    assert!(nearest > 0.9, "she came as near as {nearest} m");
    // Until she is told to stay.
    world.have_do(ana, &[Action::Stay]);
    let stayed = world.looks(ana, MIRA).position_m;
    world.walk(ana, towards(127, 0), 90);
    assert!(apart_m(world.looks(ana, MIRA).position_m, stayed) < 0.7);
}

#[test]
fn she_goes_no_farther_than_the_document_lets_her() {
    let document = floor_with(&[mira([3.0, 0.0, 0.0], 6.0), ball("far ball", [30.0, 0.25, 0.0])]);
    let mut world = Scenario::of(document);
    let ana = world.enter(1, "Ana");
    world.ticks(3);
    world.have_do(ana, &[Action::PickUp { object: ObjectId(3) }, Action::Follow { person: ana }]);
    let mut farthest = 0.0_f32;
    for _ in 0..12 {
        world.walk(ana, towards(-127, 0), 30);
        let at = world.looks(ana, MIRA).position_m;
        farthest = farthest.max(apart_m(at, [3.0, 0.0, 0.0]));
    }
    assert!(farthest < 6.6, "{farthest} m from home");
    let far = world.asks();
    assert!(far.is_empty());
    world.walk(ana, towards(127, 0), 360);
    let ask = world.ask(ana, "why not?");
    let failed = Event::Failed {
        action: Action::PickUp { object: ObjectId(3) },
        reason: ActionFailure::OutOfRange,
        asked_by: ana,
    };
    let happened: Vec<Event> =
        ask.perception.happened.into_iter().map(|happened| happened.event).collect();
    assert!(happened.contains(&failed), "{happened:?}");
}

#[test]
fn she_throws_what_she_holds_sits_and_waves() {
    let mut world = Scenario::of(court(&[ball("red ball", [4.0, 0.25, 1.0])]));
    let ana = world.enter(1, "Ana");
    world.ticks(3);
    world.have_do(
        ana,
        &[
            Action::PickUp { object: ObjectId(3) },
            Action::Throw { target: Being::Person(ana) },
            Action::Gesture { emote: Emote::Wave },
            Action::Gesture { emote: Emote::Sit },
        ],
    );
    world.told(ana);
    world.until(ana, "she sits", |world| world.looks(ana, MIRA).sits);
    let waved = ServerMessage::Gestured { companion: MIRA, emote: Emote::Wave };
    assert!(world.told(ana).contains(&waved));
    let ball_m = world.thing_m(3);
    assert!(apart_m(ball_m, [4.0, 0.0, 1.0]) > 1.0, "the ball flew to {ball_m:?}");
    assert!(!world.looks(ana, MIRA).carries);
}

#[test]
fn a_ball_that_hits_her_makes_her_angry_and_she_calms_down() {
    let thrown = json!([{ "create": { "object": PLACEHOLDERS,
        "value": ball("red ball", [3.0, 6.0, 0.05]) } }]);
    let mut world = Scenario::of(court(&[]));
    let ana = world.enter(1, "Ana");
    world.ticks(3);
    assert_eq!(world.looks(ana, MIRA).emotion, Emotion::Calm);
    // It falls on her head.
    world.build("ana", thrown).unwrap();
    world.until(ana, "she feels it", |world| {
        matches!(world.looks(ana, MIRA).emotion, Emotion::Anger | Emotion::Surprise)
    });
    let ask = world.ask(ana, "are you hurt?");
    let happened = &ask.perception.happened;
    let is_hit = |event: &Event| matches!(event, Event::Hit { by, .. } if by == "red ball");
    assert!(happened.iter().any(|happened| is_hit(&happened.event)), "{happened:?}");
    assert!(ask.perception.mood.valence < -10, "{:?}", ask.perception.mood);
    world.mind(&ask, MindWord::Done { is_reduced: false });
    let mut calm_after = 0;
    while world.looks(ana, MIRA).emotion != Emotion::Calm {
        world.acknowledge(ana);
        world.ticks(30);
        calm_after += 1;
        assert!(calm_after < 300, "she is still {:?}", world.looks(ana, MIRA).emotion);
    }
    assert!(calm_after > 5, "it was forgotten after {calm_after} s");
}

#[test]
fn what_she_holds_is_nobody_elses_and_is_let_go_when_it_is_edited() {
    let other = json!({ "name": "nils's place", "position_m": [6, 0, 0], "properties": { "companion": {
        "mind": "nils", "name": "Nils", "body": "#aa3322", "accent": "#ffffff" } } });
    let crate_of_lead = json!({ "name": "lead", "position_m": [5, 0.3, -3], "properties": {
        "body": { "kind": "dynamic" },
        "colliders": [{ "shape": { "box": { "size_m": [0.6, 0.6, 0.6] } }, "density_kgpm3": 9000 }] } });
    let mut world =
        Scenario::of(court(&[ball("red ball", [4.0, 0.25, 1.0]), other, crate_of_lead]));
    let ana = world.enter(1, "Ana");
    world.ticks(3);
    world.have_do(ana, &[Action::PickUp { object: ObjectId(3) }]);
    world.until(ana, "she holds it", |world| world.looks(ana, MIRA).carries);
    // Nils is asked for it, and for what nobody can lift.
    world.wish(ana, Intent::Address { companion: ObjectId(4), text: "take it".into() });
    world.tick();
    let ask = world.asks().pop().expect("Nils is asked");
    assert_eq!(ask.mind, "nils");
    for object in [3, 5] {
        world.mind(&ask, MindWord::Does { action: Action::PickUp { object: ObjectId(object) } });
    }
    world.mind(&ask, MindWord::Done { is_reduced: false });
    world.ticks(60);
    world.wish(ana, Intent::Address { companion: ObjectId(4), text: "and?".into() });
    world.tick();
    let ask = world.asks().pop().expect("Nils is asked");
    let reasons: Vec<ActionFailure> = ask
        .perception
        .happened
        .iter()
        .filter_map(|happened| match happened.event {
            Event::Failed { reason, .. } => Some(reason),
            _ => None,
        })
        .collect();
    assert_eq!(reasons, [ActionFailure::NotPortable; 2]);

    world
        .build(
            "ana",
            json!([{ "place": { "object": 3, "position_m": [-9, 0.25, 0],
        "rotation": [0, 0, 0, 1], "scale": [1, 1, 1] } }]),
        )
        .unwrap();
    world.acknowledge(ana);
    world.ticks(4);
    assert!(!world.looks(ana, MIRA).carries);
    assert!(apart_m(world.thing_m(3), [-9.0, 0.0, 0.0]) < 0.5);
}

#[test]
fn where_no_way_leads_she_says_so_soon() {
    let tower = json!({ "name": "tower", "position_m": [8, 3, 0], "properties": {
        "colliders": [{ "shape": { "box": { "size_m": [4, 6, 4] } } }] } });
    let mut world = Scenario::of(court(&[tower, ball("red ball", [8.0, 6.25, 0.0])]));
    let ana = world.enter(1, "Ana");
    world.ticks(60);
    let fetch = Action::PickUp { object: ObjectId(4) };
    world.have_do(ana, &[fetch]);
    world.acknowledge(ana);
    world.ticks(300);
    let ask = world.ask(ana, "well?");
    let failed = Event::Failed { action: fetch, reason: ActionFailure::NoWay, asked_by: ana };
    let happened: Vec<Event> =
        ask.perception.happened.into_iter().map(|happened| happened.event).collect();
    assert!(happened.contains(&failed), "{happened:?}");
}

#[test]
fn what_is_put_back_while_she_holds_it_has_its_weight_again() {
    let mut world = Scenario::of(court(&[ball("red ball", [4.0, 1.5, 1.0])]));
    let ana = world.enter(1, "Ana");
    world.ticks(60);
    world.have_do(ana, &[Action::PickUp { object: ObjectId(3) }]);
    world.until(ana, "she holds it", |world| world.looks(ana, MIRA).carries);
    world.reset(Role::Owner).unwrap();
    world.acknowledge(ana);
    world.ticks(90);
    assert!(!world.looks(ana, MIRA).carries);
    assert!(world.thing_m(3)[1] < 0.3, "it hangs at {:?}", world.thing_m(3));
}

#[test]
fn who_ends_a_conversation_takes_nothing_more_for_herself() {
    let mut world = Scenario::of(court(&[]));
    let (ana, bo) = (world.enter(1, "Ana"), world.enter(2, "Bo"));
    world.ticks(3);
    let ask = world.ask(ana, "goodbye");
    world.mind(&ask, MindWord::Does { action: Action::End });
    world.mind(&ask, says("Goodbye."));
    world.mind(&ask, MindWord::Done { is_reduced: false });
    world.tick();
    // Bo stands beside Ana, so plain words are for Bo.
    world.wish(ana, Intent::Say { text: "and how are you?".into() });
    world.ticks(2);
    assert_eq!(world.asks(), []);
    world.told(bo);
}

#[test]
fn with_other_traits_she_passes_her_time_otherwise() {
    let far_from_home = |traits: Traits| {
        let mut world = Scenario::of(court(&[]));
        let ana = world.enter(1, "Ana");
        world.ticks(3);
        world.input(WorldInput::Traits { companion: MIRA, traits });
        let mut near = 0;
        for _ in 0..60 {
            world.acknowledge(ana);
            world.ticks(30);
            let apart_m = apart_m(world.looks(ana, MIRA).position_m, world.position(ana));
            near += u32::from(apart_m < 2.0);
        }
        near
    };
    let merry = Traits { extraversion: 95, openness: 20, ..Traits::default() };
    let shy = Traits { extraversion: 5, courage: 10, openness: 20, ..Traits::default() };
    let (merry, shy) = (far_from_home(merry), far_from_home(shy));
    assert!(merry > shy + 15, "{merry} against {shy} seconds in company");
}
