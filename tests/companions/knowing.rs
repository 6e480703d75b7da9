//! Which mind a companion has, and what it thinks of whoever comes.

use super::*;

#[test]
fn with_another_mind_what_she_was_saying_ends_at_once() {
    let mut world = Scenario::of(court(&[]));
    let ana = world.enter(1, "Ana");
    world.ticks(3);
    let ask = world.ask(ana, "tell me a long story");
    world.mind(&ask, says("Once upon a time"));
    world.tick();
    world.told(ana);
    let nils = json!([{ "set": { "object": 2, "property": { "companion": { "mind": "nils",
        "name": "Mira", "body": "#336699", "accent": "#ffcc00", "range_m": 40.0 } } } }]);
    world.build("ana", nils).unwrap();
    let left = std::mem::take(&mut world.travels);
    let lives = WorldOutput::Lives { companion: MIRA, mind: Some("nils".into()) };
    let unask = WorldOutput::Unask { companion: MIRA, generation: ask.generation };
    assert!(left.contains(&lives) && left.contains(&unask), "{left:?}");
    let end = SpeechEnd::Interrupted;
    assert!(world.told(ana).contains(&ServerMessage::Said { companion: MIRA, line: 1, end }));
    // What the other one says yet is void, and the new one is asked.
    world.mind(&ask, says(" there was a king"));
    world.tick();
    assert_eq!(world.told(ana), []);
    assert_eq!(world.ask(ana, "who are you?").mind, "nils");
}

#[test]
fn she_comes_nearer_to_whom_she_knows_to_be_a_friend() {
    let nearest_m = |bond: Option<Bond>| {
        let mut world = Scenario::of(court(&[]));
        let ana = world.enter(1, "Ana");
        world.ticks(3);
        for (person, bond) in bond.into_iter().flat_map(|bond| [(ana, bond), (PersonId(9), bond)]) {
            world.input(WorldInput::Bond { companion: MIRA, person, bond });
        }
        world.walk(ana, towards(-127, 0), 30);
        world.have_do(ana, &[Action::WalkTo { target: Being::Person(ana) }]);
        let mut nearest = f32::INFINITY;
        for _ in 0..200 {
            world.acknowledge(ana);
            world.tick();
            let at = world.looks(ana, MIRA).position_m;
            nearest = nearest.min(apart_m(at, world.position(ana)));
        }
        nearest
    };
    let friend = Bond { warmth: 90, ..Bond::default() };
    let (friend, stranger) = (nearest_m(Some(friend)), nearest_m(None));
    assert!(friend + 0.2 < stranger, "{friend} m from a friend, {stranger} m from a stranger");
}

#[test]
fn she_sees_what_is_named_as_it_is_now() {
    let sign = |name: &str, position_m: [f32; 3]| json!({ "name": name, "position_m": position_m });
    let mut world = Scenario::of(court(&[
        sign("old oak", [5.0, 0.0, 5.0]),
        sign("well", [6.0, 0.0, 0.0]),
        sign("far tower", [60.0, 0.0, 0.0]),
    ]));
    let ana = world.enter(1, "Ana");
    world.ticks(3);
    let seen = |world: &mut Scenario| {
        let seen = world.ask(ana, "what do you see?").perception.seen.into_iter();
        let objects = seen.filter_map(|seen| match seen.being {
            Being::Object(object) if object.0 > 2 => Some((object.0, seen.name)),
            _ => None,
        });
        let mut objects: Vec<(u32, String)> = objects.collect();
        objects.sort_unstable();
        objects
    };
    assert_eq!(seen(&mut world), [(3, "old oak".into()), (4, "well".into())]);
    let edits = json!([
        { "rename": { "object": 3, "name": "young oak" } },
        { "delete": { "object": 4 } },
        { "place": { "object": 5, "position_m": [9, 0, 0], "rotation": [0, 0, 0, 1],
            "scale": [1, 1, 1] } },
    ]);
    world.build("ana", edits).unwrap();
    world.acknowledge(ana);
    world.ticks(2);
    assert_eq!(seen(&mut world), [(3, "young oak".into()), (5, "far tower".into())]);
}
