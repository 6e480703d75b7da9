//! Who may see what: a radius around each person's avatar, with hysteresis.
//!
//! Knows no capability: it reads the positions that [`crate::history`] keeps for all entities.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use vivarium_contract::Phase;

use crate::{
    history::{Entities, Own},
    limits::SIGHT_HYSTERESIS,
    tick::{In, Watch},
};

/// What a person sees: slots of [`Entities`], ascending.
#[derive(Component, Default)]
pub(crate) struct Sight {
    pub slots: Vec<u32>,
    before: Vec<u32>,
}

/// How far (metres) people see moving things.
#[derive(Resource)]
struct SightRadius {
    radius_m: f32,
}

/// Decides what each person sees.
pub(crate) struct InterestPlugin {
    pub sight_m: f32,
}

impl Plugin for InterestPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(SightRadius { radius_m: self.sight_m })
            .add_systems(In(Phase::Interest), look_around.in_set(Watch::Look));
    }
}

fn look_around(
    radius: Res<SightRadius>,
    entities: Res<Entities>,
    mut people: Query<(&Own, &mut Sight)>,
) {
    let enter_m2 = radius.radius_m * radius.radius_m;
    let stay_m2 = enter_m2 * SIGHT_HYSTERESIS * SIGHT_HYSTERESIS;
    for (own, mut sight) in &mut people {
        let sight = &mut *sight;
        std::mem::swap(&mut sight.slots, &mut sight.before);
        sight.slots.clear();
        let [x, y, z] = own.0.position_m;
        // Both lists ascend, so one pass over `before` tells who was seen.
        let mut before = sight.before.iter().copied().peekable();
        for (slot, position) in entities.positions() {
            while before.next_if(|seen| *seen < slot).is_some() {}
            let was_seen = before.peek() == Some(&slot);
            let (dx, dy, dz) = (position[0] - x, position[1] - y, position[2] - z);
            let apart_m2 = dx * dx + dy * dy + dz * dz;
            if apart_m2 <= if was_seen { stay_m2 } else { enter_m2 } {
                sight.slots.push(slot);
            }
        }
    }
}
