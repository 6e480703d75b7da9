//! Whatever comes in, numbers stay finite and walls hold.

use proptest::prelude::*;
use vivarium_motion::{AvatarState, Proxy, QueryWorld};
use vivarium_protocol::{ids::ObjectId, intent::Input};

use crate::course::course;

fn any_input() -> impl Strategy<Value = Input> {
    (any::<i8>(), any::<i8>(), any::<u16>(), any::<i8>(), any::<u8>()).prop_map(
        |(move_x, move_z, yaw, pitch, buttons)| Input { move_x, move_z, yaw, pitch, buttons },
    )
}

fn any_state() -> impl Strategy<Value = AvatarState> {
    let number = prop_oneof![any::<f32>(), -40.0_f32..40.0];
    (
        proptest::array::uniform3(number.clone()),
        proptest::array::uniform3(number),
        any::<bool>(),
        any::<bool>(),
        any::<u8>(),
    )
        .prop_map(|(position_m, velocity_mps, grounded, jump_held, airborne_ticks)| {
            AvatarState { position_m, velocity_mps, grounded, jump_held, airborne_ticks }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_state_and_input_stay_finite(
        state in any_state(),
        inputs in prop::collection::vec(any_input(), 1..40),
        tick in any::<u32>(),
        rotation in proptest::array::uniform4(any::<f32>()),
        place in proptest::array::uniform3(any::<f32>()),
    ) {
        let document = course();
        let object = document
            .objects
            .iter()
            .position(|object| object.properties.body.is_some() && object.properties.mover.is_none())
            .expect("the course has loose bodies");
        let mut world = QueryWorld::new(&document).expect("the course is good");
        let mut state = state;
        for (passed, input) in inputs.into_iter().enumerate() {
            world.begin_tick(tick.wrapping_add(passed as u32));
            let object = ObjectId(object as u32);
            world.set_proxies(&[
                Proxy { object, position_m: place, rotation },
                Proxy { object: ObjectId(u32::MAX), position_m: place, rotation },
            ]);
            state = world.step(&state, &input).state;
            let numbers = state.position_m.iter().chain(&state.velocity_mps);
            prop_assert!(numbers.clone().all(|number| number.is_finite()), "{state:?}");
            prop_assert!(state.velocity_mps.iter().all(|speed| speed.abs() <= 50.0));
        }
    }
}
