//! The properties of a blueprint or an object, one by one and together.

use std::collections::BTreeMap;

use vivarium_protocol::{limits::NAME_CHARS_MAX as PERSON_NAME_CHARS_MAX, text};

use super::{
    fault::{At, Checked},
    parts,
    values::{
        all, asset, colour, count, direction, key, object_name, position, rotation, size, sizes,
        text, within, world_name,
    },
};
use crate::{
    document::{
        BodyKind, Collider, ColliderShape, Companion, Hinge, Light, Material, Mover, Object, Plays,
        Properties, SCRIPT_ENDING, Scalar, Script, Visual, VisualShape,
    },
    limits::{
        COMPANION_RANGE_M_MAX, COMPANION_RANGE_M_MIN, DAMPING_MAX, GRAVITY_SCALE_MAX, LAMP_CD_MAX,
        MOVER_CYCLE_TICKS_END, PARTS_PER_OBJECT_MAX, SCALE_MAX, SCALE_MIN, SCRIPT_SETTINGS_MAX,
        SIZE_M_MAX, WAYPOINTS_MAX,
    },
};

/// Each property for itself.
pub(crate) fn properties(
    at: At<'_>,
    given: &Properties,
    materials: &BTreeMap<String, Material>,
) -> Checked {
    if let Some(visuals) = &given.visuals {
        let at = at.field("visuals");
        count(at, visuals.len(), 0, PARTS_PER_OBJECT_MAX)?;
        all(at, visuals, |at, visual| {
            parts::visual(at, visual)?;
            known_material(at, visual, materials)
        })?;
    }
    if let Some(colliders) = &given.colliders {
        let at = at.field("colliders");
        count(at, colliders.len(), 0, PARTS_PER_OBJECT_MAX)?;
        all(at, colliders, parts::collider)?;
    }
    if let Some(body) = &given.body {
        let at = at.field("body");
        within(at.field("linear_damping"), body.linear_damping, 0.0, DAMPING_MAX)?;
        within(at.field("angular_damping"), body.angular_damping, 0.0, DAMPING_MAX)?;
        let gravity_scale = at.field("gravity_scale");
        within(gravity_scale, body.gravity_scale, -GRAVITY_SCALE_MAX, GRAVITY_SCALE_MAX)?;
    }
    if let Some(given) = &given.mover {
        mover(at.field("mover"), given)?;
    }
    if let Some(given) = &given.hinge {
        hinge(at.field("hinge"), given)?;
    }
    if let Some(given) = &given.light {
        light(at.field("light"), given)?;
    }
    if let Some(spawn) = &given.spawn {
        within(at.field("spawn").field("radius_m"), spawn.radius_m, 0.0, SIZE_M_MAX)?;
    }
    places(at, given)
}

/// Portals, sensors, sounds, scripts and companions.
fn places(at: At<'_>, given: &Properties) -> Checked {
    if let Some(portal) = &given.portal {
        let at = at.field("portal");
        world_name(at.field("world"), &portal.world)?;
        if let Some(spawn) = &portal.spawn {
            object_name(at.field("spawn"), spawn)?;
        }
        sizes(at.field("size_m"), &portal.size_m)?;
    }
    if let Some(sensor) = &given.sensor {
        let at = at.field("sensor");
        sizes(at.field("size_m"), &sensor.size_m)?;
        position(at.field("offset_m"), &sensor.offset_m)?;
    }
    if let Some(sound) = &given.sound {
        let at = at.field("sound");
        asset(at.field("path"), &sound.path, &[".wav", ".ogg", ".mp3"])?;
        within(at.field("volume"), sound.volume, 0.0, 1.0)?;
        size(at.field("radius_m"), sound.radius_m)?;
    }
    if let Some(given) = &given.script {
        script(at.field("script"), given)?;
    }
    match &given.companion {
        Some(given) => companion(at.field("companion"), given),
        None => Ok(()),
    }
}

fn companion(at: At<'_>, companion: &Companion) -> Checked {
    world_name(at.field("mind"), &companion.mind)?;
    let name = at.field("name");
    match text::name(&companion.name) {
        Ok(cleaned) => name.require(
            cleaned == companion.name,
            format_args!("it must be written as it is shown: {cleaned:?}"),
        )?,
        Err(_) => name.fault(format_args!(
            "a companion needs a name of 1 to {PERSON_NAME_CHARS_MAX} characters"
        ))?,
    }
    colour(at.field("body"), &companion.body)?;
    colour(at.field("accent"), &companion.accent)?;
    let range = at.field("range_m");
    within(range, companion.range_m, COMPANION_RANGE_M_MIN, COMPANION_RANGE_M_MAX)
}

fn script(at: At<'_>, script: &Script) -> Checked {
    asset(at.field("module"), &script.module, &[SCRIPT_ENDING])?;
    let at = at.field("settings");
    count(at, script.settings.len(), 0, SCRIPT_SETTINGS_MAX)?;
    script.settings.iter().try_for_each(|(name, value)| {
        let at = at.field(name);
        key(at, name)?;
        match value {
            Scalar::Flag(_) => Ok(()),
            Scalar::Number(number) => at.require(number.is_finite(), "a number must be finite"),
            Scalar::Text(words) => text(at, words, 0),
        }
    })
}

fn known_material(at: At<'_>, visual: &Visual, materials: &BTreeMap<String, Material>) -> Checked {
    match &visual.material {
        Some(name) => at.field("material").require(
            materials.contains_key(name),
            format_args!("there is no material {name:?} in `materials`"),
        ),
        None => Ok(()),
    }
}

fn mover(at: At<'_>, mover: &Mover) -> Checked {
    let waypoints = at.field("waypoints_m");
    count(waypoints, mover.waypoints_m.len(), 1, WAYPOINTS_MAX)?;
    all(waypoints, &mover.waypoints_m, position)?;
    at.field("leg_ticks").require(mover.leg_ticks >= 1, "a leg takes at least 1 tick")?;
    let legs = mover.waypoints_m.len() as u64 - 1;
    let cycle = 2 * legs * (u64::from(mover.leg_ticks) + u64::from(mover.rest_ticks));
    at.require(
        cycle < MOVER_CYCLE_TICKS_END,
        format_args!(
            "the way out and back takes {cycle} ticks: it must take fewer than {MOVER_CYCLE_TICKS_END}"
        ),
    )
}

fn hinge(at: At<'_>, hinge: &Hinge) -> Checked {
    position(at.field("anchor_m"), &hinge.anchor_m)?;
    direction(at.field("axis"), &hinge.axis)?;
    let Some([low, high]) = hinge.limits_deg else { return Ok(()) };
    let at = at.field("limits_deg");
    within(at.entry(0), low, -180.0, 180.0)?;
    within(at.entry(1), high, -180.0, 180.0)?;
    at.require(low <= high, "the smallest angle comes first")
}

fn light(at: At<'_>, light: &Light) -> Checked {
    colour(at.field("colour"), &light.colour)?;
    within(at.field("intensity_cd"), light.intensity_cd, 0.0, LAMP_CD_MAX)?;
    size(at.field("range_m"), light.range_m)?;
    position(at.field("offset_m"), &light.offset_m)
}

/// Where an object is, and how its own properties go with those of its blueprint.
pub(crate) fn object(at: At<'_>, object: &Object, base: Option<&Properties>) -> Checked {
    position(at.field("position_m"), &object.position_m)?;
    rotation(at.field("rotation"), &object.rotation)?;
    let scale = at.field("scale");
    for (axis, factor) in object.scale.iter().enumerate() {
        within(scale.entry(axis), *factor, SCALE_MIN, SCALE_MAX)?;
    }
    Together { at, own: &object.properties, base }.check(&object.scale)
}

/// An object's properties over those of its blueprint, without copying either.
pub(crate) struct Together<'a> {
    pub at: At<'a>,
    pub own: &'a Properties,
    pub base: Option<&'a Properties>,
}

impl<'a> Together<'a> {
    fn pick<T>(&self, of: impl Fn(&'a Properties) -> &'a Option<T>) -> Option<&'a T> {
        of(self.own).as_ref().or_else(|| self.base.and_then(|base| of(base).as_ref()))
    }

    pub fn colliders(&self) -> &'a [Collider] {
        self.pick(|given| &given.colliders).map_or(&[], Vec::as_slice)
    }

    pub fn mover(&self) -> Option<&'a Mover> {
        self.pick(|given| &given.mover)
    }

    pub fn is_spawn(&self) -> bool {
        self.pick(|given| &given.spawn).is_some()
    }

    pub fn is_companion(&self) -> bool {
        self.pick(|given| &given.companion).is_some()
    }

    fn check(&self, scale: &[f32; 3]) -> Checked {
        let properties = self.at.field("properties");
        let kind = self.pick(|given| &given.body).map_or(BodyKind::Static, |body| body.kind);
        let colliders = self.colliders();
        if kind != BodyKind::Static {
            properties.field("body").require(
                !colliders.is_empty(),
                "a dynamic or kinematic body needs at least one collider",
            )?;
            all(properties.field("colliders"), colliders, |at, collider| {
                at.field("shape").require(
                    !is_surface(&collider.shape),
                    "meshes and heightfields are only for static bodies: use a hull",
                )
            })?;
        }
        let mover = properties.field("mover");
        mover.require(
            self.mover().is_none() || kind == BodyKind::Kinematic,
            "only a kinematic body can have a mover: set body.kind to \"kinematic\"",
        )?;
        properties.field("hinge").require(
            self.pick(|given| &given.hinge).is_none() || kind == BodyKind::Dynamic,
            "only a dynamic body can have a hinge: set body.kind to \"dynamic\"",
        )?;
        self.check_drawn(scale)?;
        self.check_companion()?;
        let plays = self.pick(|given| &given.sound).map(|sound| sound.plays);
        properties.field("sound").field("plays").require(
            plays != Some(Plays::OnEnter) || self.pick(|given| &given.sensor).is_some(),
            "\"on_enter\" needs a sensor on the same object",
        )
    }

    /// A companion's body is its own, and goes where it wants.
    fn check_companion(&self) -> Checked {
        if !self.is_companion() {
            return Ok(());
        }
        let has_body = self.pick(|given| &given.body).is_some() || !self.colliders().is_empty();
        let leads = self.is_spawn() || self.pick(|given| &given.portal).is_some();
        self.at.field("properties").field("companion").require(
            !has_body && !leads,
            "a companion has a body of its own: no colliders, body, spawn or portal beside it",
        )
    }

    /// Visuals that show colliders, and shapes that allow only an even scale.
    fn check_drawn(&self, scale: &[f32; 3]) -> Checked {
        let colliders = self.colliders();
        let visuals = self.pick(|given| &given.visuals).map_or(&[][..], Vec::as_slice);
        let showable = colliders.iter().any(|part| {
            is_surface(&part.shape) || matches!(part.shape, ColliderShape::Hull { .. })
        });
        let properties = self.at.field("properties");
        all(properties.field("visuals"), visuals, |at, visual| {
            at.field("shape").field("collider").require(
                showable || !matches!(visual.shape, VisualShape::Collider {}),
                "the object has no hull, mesh or heightfield to show",
            )
        })?;
        let even = scale[0] == scale[1] && scale[1] == scale[2];
        let round = colliders.iter().any(|part| {
            use ColliderShape::{Ball, Capsule, Cylinder};
            matches!(part.shape, Ball { .. } | Capsule { .. } | Cylinder { .. })
        }) || visuals.iter().any(|part| {
            use VisualShape::{Ball, Capsule, Cone, Cylinder};
            matches!(part.shape, Ball { .. } | Capsule { .. } | Cylinder { .. } | Cone { .. })
        });
        self.at.field("scale").require(
            even || !round,
            "balls, capsules, cylinders and cones allow only equal factors along all axes",
        )
    }
}

fn is_surface(shape: &ColliderShape) -> bool {
    matches!(shape, ColliderShape::Mesh { .. } | ColliderShape::Heightfield { .. })
}
