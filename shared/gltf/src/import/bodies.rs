//! What `KHR_physics_rigid_bodies` says of motion, surfaces and filters.

use std::collections::BTreeMap;

use serde_json::Value;
use vivarium_scene::{
    document::{AVATAR_GROUP, Body, BodyKind, Groups},
    limits::{DENSITY_KGPM3_MAX, FRICTION_MAX, GRAVITY_SCALE_MAX},
};

use super::{ImportError, World};
use crate::{
    PHYSICS,
    export::{AVATARS, GROUP},
    source::Source,
    values::{extension, index, list, number},
};

/// Thinnest matter that is allowed, kilograms per cubic metre.
const DENSITY_KGPM3_MIN: f32 = 0.001;

/// How a body moves, and its mass where the file says it.
pub struct Motion {
    pub body: Option<Body>,
    pub mass_kg: Option<f32>,
}

/// Reads `motion`. What moves by an animation cannot be told here, so it stands still.
pub fn motion(world: &mut World<'_>, motion: &Value, place: &str) -> Result<Motion, ImportError> {
    if motion.get("isKinematic") == Some(&Value::Bool(true)) {
        world.warn("bodies that are moved by animations stand still: give them a mover");
        return Ok(Motion { body: None, mass_kg: None });
    }
    for name in ["linearVelocity", "angularVelocity"] {
        if motion.get(name).is_some() {
            world.warn("bodies begin at rest: velocities were left out");
        }
    }
    let gravity = number(motion, "gravityFactor", place)?.unwrap_or(1.0);
    let body = Body {
        kind: BodyKind::Dynamic,
        linear_damping: 0.0,
        angular_damping: 0.0,
        gravity_scale: gravity.clamp(-GRAVITY_SCALE_MAX, GRAVITY_SCALE_MAX),
        continuous: false,
    };
    // Zero stands for endless (see the draft).
    let mass = number(motion, "mass", place)?.map(|mass| if mass == 0.0 { f32::MAX } else { mass });
    Ok(Motion { body: Some(body), mass_kg: mass })
}

/// The density with which so much volume has a mass.
pub fn density_kgpm3(mass_kg: f32, volume_m3: f32) -> f32 {
    let density = mass_kg / volume_m3.max(f32::MIN_POSITIVE);
    density.clamp(DENSITY_KGPM3_MIN, DENSITY_KGPM3_MAX)
}

/// Friction and restitution of a collider.
pub fn surface(
    source: &Source,
    collider: &Value,
    place: &str,
) -> Result<Option<(f32, f32)>, ImportError> {
    let surfaces = root(source, "physicsMaterials");
    let Some(at) = index(collider, "physicsMaterial", surfaces.len(), place)? else {
        return Ok(None);
    };
    let place = format!("{PHYSICS}.physicsMaterials[{at}]");
    let friction = match number(&surfaces[at], "dynamicFriction", &place)? {
        Some(friction) => Some(friction),
        None => number(&surfaces[at], "staticFriction", &place)?,
    };
    let restitution = number(&surfaces[at], "restitution", &place)?.unwrap_or(0.0);
    let friction = friction.unwrap_or(0.6).clamp(0.0, FRICTION_MAX);
    Ok(Some((friction, restitution.clamp(0.0, 1.0))))
}

/// Names of collision systems as bits.
#[derive(Default)]
pub struct Systems {
    bits: BTreeMap<String, u16>,
}

impl Systems {
    /// The groups of a collider.
    pub fn groups(
        &mut self,
        world: &mut World<'_>,
        collider: &Value,
        place: &str,
    ) -> Result<Groups, ImportError> {
        let filters = root(world.source, "collisionFilters");
        let Some(at) = index(collider, "collisionFilter", filters.len(), place)? else {
            return Ok(Groups::default());
        };
        let filter = &filters[at];
        let members = match filter.get("collisionSystems") {
            Some(_) => self.bits(world, filter, "collisionSystems"),
            None => Groups::default().members,
        };
        let meets = if filter.get("collideWithSystems").is_some() {
            // Files of others know no avatars: people bump into things unless they say otherwise.
            self.bits(world, filter, "collideWithSystems") | AVATAR_GROUP
        } else {
            !self.bits(world, filter, "notCollideWithSystems")
        };
        Ok(Groups { members, meets })
    }

    fn bits(&mut self, world: &mut World<'_>, filter: &Value, name: &str) -> u16 {
        let mut bits = 0;
        for system in list(filter, name).iter().filter_map(Value::as_str) {
            match self.bit(system) {
                Some(bit) => bits |= bit,
                None => world.warn("only 14 collision systems are possible: others were left out"),
            }
        }
        bits
    }

    fn bit(&mut self, system: &str) -> Option<u16> {
        if system == AVATARS {
            return Some(AVATAR_GROUP);
        }
        let ours = system.strip_prefix(GROUP).and_then(|bit| bit.parse::<u32>().ok());
        if let Some(bit) = ours.filter(|bit| *bit < 15) {
            return Some(1 << bit);
        }
        // The lowest is that of whatever has no filter.
        let free = 1 << (self.bits.len() as u32 + 1).min(15);
        match self.bits.get(system) {
            Some(bit) => Some(*bit),
            None if free == AVATAR_GROUP => None,
            None => Some(*self.bits.entry(system.to_owned()).or_insert(free)),
        }
    }
}

/// A list of the extension's own.
pub fn root<'a>(source: &'a Source, name: &str) -> &'a [Value] {
    extension(&source.json, PHYSICS).map_or(&[], |root| list(root, name))
}
