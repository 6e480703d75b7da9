//! Ways to places: what companions ask when they go somewhere.

use bevy_ecs::prelude::*;
use vivarium_protocol::ids::ObjectId;

use super::{
    Companions,
    body::Legs,
    nav::{Nav, NoWay},
    surroundings::feet_m,
};
use crate::{
    avatar::{Avatar, Ground},
    edit::{Changed, Current},
    limits::{COMPANION_REST_TICKS, NAV_UNITS_PER_TICK},
    tick::Clock,
};

/// Around those who stand, the ground is known so far (metres), for a stroll.
const STROLL_M: f32 = 14.0;
/// Somebody who stands where nobody can be walked to is walked up to this near, metres.
const BESIDE_M: f32 = 4.0;

/// Finds ways on what never moves. Knows nothing as long as nobody lives here.
#[derive(Resource, Default)]
pub(crate) struct Ways {
    nav: Option<Nav>,
}

/// What is known of a way.
pub(super) enum Way {
    /// Places (feet, metres), the last one included.
    Found(Vec<[f32; 3]>),
    /// The ground is not known yet: ask again in a while.
    NotYet,
    /// There is none.
    None,
}

impl Ways {
    /// The way from one place to another, or as near to it as one can stand.
    pub fn find(&self, from_m: [f32; 3], to_m: [f32; 3]) -> Way {
        let Some(nav) = &self.nav else { return Way::NotYet };
        let mut found = nav.path(from_m, to_m);
        if found == Err(NoWay::NoStart) {
            let start = nav.nearest(from_m, BESIDE_M);
            found = start.and_then(|start_m| nav.path(start_m, to_m));
        }
        if matches!(found, Err(NoWay::NoEnd | NoWay::Blocked))
            && let Ok(beside_m) = nav.nearest(to_m, BESIDE_M)
        {
            found = nav.path(from_m, beside_m);
        }
        match found {
            Ok(path) => Way::Found(path.points_m),
            Err(NoWay::NotBuilt) => Way::NotYet,
            Err(_) => Way::None,
        }
    }

    /// A place to stroll to; `chance`: two numbers from 0 to 1.
    pub fn somewhere(&self, chance: [f32; 2], from_m: [f32; 3], radius_m: f32) -> Option<[f32; 3]> {
        self.nav.as_ref()?.random_place(chance, from_m, radius_m).ok()
    }
}

/// What is known of the ground follows edits.
pub(super) fn follow(
    current: Res<Current>,
    changed: Res<Changed>,
    ground: Res<Ground>,
    mut ways: ResMut<Ways>,
) {
    let Some(nav) = &mut ways.nav else { return };
    if !changed.bodies.is_empty() || changed.settings {
        let bodies: Vec<ObjectId> = changed.bodies.iter().copied().collect();
        nav.edit(&bodies, &ground.0, current.0.head().settings.floor_m);
    }
}

/// Gets to know the ground around companions, a little in each tick.
pub(super) fn survey(
    clock: Res<Clock>,
    current: Res<Current>,
    ground: Res<Ground>,
    companions: Res<Companions>,
    bodies: Query<(&Legs, &Avatar)>,
    mut ways: ResMut<Ways>,
) {
    if companions.0.is_empty() {
        return;
    }
    let floor_m = current.0.head().settings.floor_m;
    let nav = ways.nav.get_or_insert_with(|| Nav::of(&ground.0, floor_m));
    // Only so many wishes count in a tick, so others come first in each.
    for (object, entity) in companions.in_turn(clock.tick) {
        let Ok((legs, avatar)) = bodies.get(entity) else { continue };
        let at_m = avatar.state.position_m;
        if let Some(far_m) = legs.far_m(at_m) {
            nav.want(feet_m(at_m), far_m * 1.2 + 8.0);
        } else if object.0.wrapping_add(clock.tick).is_multiple_of(COMPANION_REST_TICKS) {
            nav.want(feet_m(at_m), STROLL_M);
        }
    }
    nav.work(NAV_UNITS_PER_TICK);
}
