//! Whatever a mind says, the same inputs give the same world, and a body stays where it may.

use proptest::prelude::*;

use super::*;

#[test]
fn the_same_inputs_give_the_same_world_conversations_included() {
    let run = || {
        let mut world = Scenario::of(asset("plaza"));
        let all = asset("plaza");
        let (companion, _) = all
            .objects()
            .find(|(_, object)| all.resolved(object).companion.is_some())
            .expect("somebody lives in the plaza");
        let ana = world.enter(1, "Ana");
        world.ticks(3);
        world.input(WorldInput::Traits { companion, traits: Traits::default() });
        world.walk(ana, towards(0, -127), 90);
        world.wish(ana, Intent::Address { companion, text: "come here".into() });
        world.ticks(2);
        if let Some(ask) = world.asks().pop() {
            world.mind(&ask, says("Coming."));
            let appraisal = Appraisal { valence: 20, arousal: 10, emotion: Some(Emotion::Joy) };
            world.mind(&ask, MindWord::Feels { appraisal });
            let bond = Bond { warmth: 40, ..Bond::default() };
            world.mind(&ask, MindWord::Bonds { bond });
            world.mind(&ask, MindWord::Does { action: Action::Follow { person: ana } });
            world.mind(&ask, MindWord::Done { is_reduced: false });
        }
        world.walk(ana, towards(80, -80), 300);
        world.digest()
    };
    assert_eq!(run(), run());
}

/// Any word of a mind, sensible or not.
fn word() -> impl Strategy<Value = MindWord> {
    let being = prop_oneof![
        (0..9_u32).prop_map(|id| Being::Object(ObjectId(id))),
        (0..4_u32).prop_map(|id| Being::Person(PersonId(id))),
        any::<u32>().prop_map(|id| Being::Companion(ObjectId(id))),
    ];
    let object = prop_oneof![(0..9_u32), any::<u32>()].prop_map(ObjectId);
    let person = prop_oneof![(0..4_u32), any::<u32>()].prop_map(PersonId);
    let action =
        (0..10_u8, being, object, person).prop_map(|(kind, target, object, person)| match kind {
            0 => Action::WalkTo { target },
            1 => Action::LookAt { target },
            2 => Action::Gesture { emote: Emote::Dance },
            3 => Action::Follow { person },
            4 => Action::Stay,
            5 => Action::Give { object, person },
            6 => Action::PickUp { object },
            7 => Action::PutDown,
            8 => Action::Throw { target },
            _ => Action::End,
        });
    prop_oneof![
        2 => ".{0,40}".prop_map(|text| MindWord::Says { text }),
        6 => action.prop_map(|action| MindWord::Does { action }),
        1 => (any::<i8>(), any::<i8>()).prop_map(|(valence, arousal)| MindWord::Feels {
            appraisal: Appraisal { valence, arousal, emotion: Some(Emotion::Fear) }
        }),
        1 => any::<bool>().prop_map(|is_reduced| MindWord::Done { is_reduced }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn no_mind_moves_more_than_its_own_body_or_changes_the_world(
        words in proptest::collection::vec((word(), 0..3_u32, 0..40_u32), 0..40),
    ) {
        let fixed = json!({ "name": "lead", "position_m": [5, 0.3, -3], "properties": {
            "body": { "kind": "dynamic" },
            "colliders": [{ "shape": { "box": { "size_m": [0.6, 0.6, 0.6] } },
                "density_kgpm3": 9000 }] } });
        let document =
            floor_with(&[mira([3.0, 0.0, 0.0], 8.0), ball("red ball", [4.0, 0.25, 1.0]), fixed]);
        let mut world = Scenario::of(document);
        let ana = world.enter(1, "Ana");
        world.ticks(3);
        let (lead_m, ana_m) = (world.thing_m(4), world.position(ana));
        let mut ask = world.ask(ana, "do what you like");
        let throws = words.iter().any(|(word, ..)| {
            matches!(word, MindWord::Does { action: Action::Throw { .. } })
        });
        for (word, stale, ticks) in words {
            let generation = ask.generation.wrapping_sub(stale / 2);
            world.input(WorldInput::Mind { companion: MIRA, generation, word });
            world.acknowledge(ana);
            world.ticks(ticks);
            world.address(ana, "go on");
            world.tick();
            ask = world.asks().pop().unwrap_or(ask);
            let at = world.looks(ana, MIRA).position_m;
            prop_assert!(apart_m(at, [3.0, 0.0, 0.0]) < 9.0, "she is at {at:?}");
        }
        for output in &world.travels {
            let harmless = matches!(
                output,
                WorldOutput::Ask(_) | WorldOutput::Unask { .. } | WorldOutput::Lives { .. }
            );
            prop_assert!(harmless, "{output:?}");
        }
        prop_assert!(apart_m(world.thing_m(4), lead_m) < 0.2);
        // A ball that she throws may bump into somebody, and no more.
        let moved_m = apart_m(world.position(ana), ana_m);
        prop_assert!(moved_m == 0.0 || (throws && moved_m < 0.6), "{moved_m}");
        let first = json!([{ "title": { "title": "Court", "description": "" } }]);
        let done = world.build("ana", first).expect("builders may");
        prop_assert_eq!(done.number, 1, "nobody changed the world before");
    }
}
