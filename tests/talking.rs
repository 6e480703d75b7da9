//! Saying and gesturing.

use expect_test::expect;
use vivarium_contract::Intent;
use vivarium_protocol::{
    intent::Emote,
    notice::{Denial, ServerMessage},
};

use crate::harness::{LOOK, Scenario, floor_with, towards};

#[test]
fn speech_carries_as_far_as_the_earshot_and_no_farther() {
    let mut document = floor_with(&[]);
    document.settings.earshot_m = 10.0;
    let mut world = Scenario::of(document);
    let ana = world.enter(1, "Ana");
    let bo = world.enter(2, "Bo");
    world.ticks(2);
    world.walk(bo, towards(127, 0), 60);
    world.told(ana);
    world.told(bo);
    world.wish(ana, Intent::Say { text: "  hello,\nworld ".into() });
    world.tick();
    expect![[r#"
        [
            Heard {
                person: PersonId(
                    1,
                ),
                text: "hello, world",
            },
        ]
    "#]]
    .assert_debug_eq(&world.told(bo));
    assert_eq!(world.told(ana).len(), 1, "those who speak hear themselves");
    world.walk(bo, towards(127, 0), 90);
    world.wish(ana, Intent::Say { text: "still there?".into() });
    world.tick();
    assert_eq!(world.told(bo), []);
}

#[test]
fn empty_and_endless_speech_is_denied() {
    let mut world = Scenario::of(floor_with(&[]));
    let ana = world.enter(1, "Ana");
    let bo = world.enter(2, "Bo");
    world.tick();
    world.told(ana);
    world.told(bo);
    world.wish(ana, Intent::Say { text: "\u{0000}\u{202E} ".into() });
    world.wish(ana, Intent::Say { text: "x".repeat(10_000) });
    world.tick();
    assert_eq!(
        world.told(ana),
        [
            ServerMessage::Denied { denial: Denial::EmptyText },
            ServerMessage::Denied { denial: Denial::TextTooLong },
        ]
    );
    assert_eq!(world.told(bo), []);
    assert_eq!(world.report.denied, 2);
}

#[test]
fn gestures_and_new_looks_are_seen_by_others() {
    let mut world = Scenario::of(floor_with(&[]));
    let ana = world.enter(1, "Ana");
    let bo = world.enter(2, "Bo");
    world.tick();
    world.told(bo);
    world.wish(ana, Intent::Emote { emote: Emote::Dance });
    world.wish(ana, Intent::SetLook { name: "Bo".into(), look: LOOK });
    world.tick();
    let told = world.told(bo);
    assert_eq!(told.len(), 2);
    assert!(told.contains(&ServerMessage::Emoted { person: ana, emote: Emote::Dance }));
    assert!(told.iter().any(|notice| matches!(
        notice,
        ServerMessage::Changed { card } if card.name == "Bo 2" && card.person == ana
    )));
}

#[test]
fn wishes_of_strangers_are_ignored() {
    let mut world = Scenario::of(floor_with(&[]));
    let ana = world.enter(1, "Ana");
    world.tick();
    world.told(ana);
    world.wish(vivarium_protocol::ids::PersonId(99), Intent::Say { text: "boo".into() });
    world.tick();
    assert_eq!(world.told(ana), []);
}
