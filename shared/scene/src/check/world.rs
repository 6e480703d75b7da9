//! The document as a whole: head, settings, environment, materials, names and sums.

use std::collections::BTreeMap;

use vivarium_protocol::text;

use super::{
    fault::{At, Checked},
    object::{self, Together},
    values::{
        IMAGE_ENDINGS, SKY_ENDINGS, asset, colour, coordinate, count, direction, key, object_name,
        text, within, world_name,
    },
};
use crate::{
    document::{ColliderShape, DOCUMENT_VERSION, Environment, Material, Settings, WorldDocument},
    limits::{
        ACCOUNT_DIGITS, BLUEPRINTS_MAX, COLLIDER_POINTS_MAX, COLLIDERS_MAX, COMPANIONS_MAX,
        COORDINATE_M_MAX, GRAVITY_MPS2_MAX, MATERIALS_MAX, MOVERS_MAX, OBJECTS_MAX, PARENTS_MAX,
        SIZE_M_MAX, SIZE_M_MIN, SUBSTEPS_MAX, SUNLIGHT_MAX, TICKS_PER_S_MAX, TICKS_PER_S_MIN,
    },
    operation::{PLACEHOLDERS, Role},
};

/// Checks everything.
pub(crate) fn document(document: &WorldDocument) -> Checked {
    let whole = At::Whole;
    whole.field("version").require(
        document.version == DOCUMENT_VERSION,
        format_args!("version {} is not known: it must be {DOCUMENT_VERSION}", document.version),
    )?;
    world_name(whole.field("name"), &document.name)?;
    title(&document.title, &document.description)?;
    settings(whole.field("settings"), &document.settings)?;
    environment(whole.field("environment"), &document.environment)?;
    let materials = whole.field("materials");
    count(materials, document.materials.len(), 0, MATERIALS_MAX)?;
    for (name, made) in &document.materials {
        key(materials.field(name), name)?;
        material(materials.field(name), made)?;
    }
    let blueprints = whole.field("blueprints");
    count(blueprints, document.blueprints.len(), 0, BLUEPRINTS_MAX)?;
    for (name, made) in &document.blueprints {
        key(blueprints.field(name), name)?;
        object::properties(blueprints.field(name), made, &document.materials)?;
    }
    objects(document)
}

/// Whether somebody can be named like this, and something becomes of their role.
pub(crate) fn permission(account: &str, name: &str, from: Role, to: Role) -> Checked {
    let at = At::Whole.field("permission");
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    at.field("account").require(
        account.len() == ACCOUNT_DIGITS && account.bytes().all(is_digit),
        format_args!("an account must be {ACCOUNT_DIGITS} hexadecimal digits in lower case"),
    )?;
    at.field("name").require(
        name.is_empty() || text::name(name).is_ok_and(|cleaned| cleaned == name),
        "a name must be one line as people may see it, or empty",
    )?;
    at.field("to").require(from != to, "it must be another role than `from`")
}

/// What the world is called for people.
pub(crate) fn title(title: &str, description: &str) -> Checked {
    text(At::Whole.field("title"), title, 1)?;
    text(At::Whole.field("description"), description, 0)
}

pub(crate) fn settings(at: At<'_>, settings: &Settings) -> Checked {
    at.field("ticks_per_s").require(
        (TICKS_PER_S_MIN..=TICKS_PER_S_MAX).contains(&settings.ticks_per_s),
        format_args!(
            "{} is not allowed: it must be from {TICKS_PER_S_MIN} to {TICKS_PER_S_MAX}",
            settings.ticks_per_s
        ),
    )?;
    at.field("substeps").require(
        (1..=SUBSTEPS_MAX).contains(&settings.substeps),
        format_args!("{} is not allowed: it must be from 1 to {SUBSTEPS_MAX}", settings.substeps),
    )?;
    let gravity = at.field("gravity_mps2");
    for (axis, part) in settings.gravity_mps2.iter().enumerate() {
        within(gravity.entry(axis), *part, -GRAVITY_MPS2_MAX, GRAVITY_MPS2_MAX)?;
    }
    coordinate(at.field("floor_m"), settings.floor_m)?;
    within(at.field("earshot_m"), settings.earshot_m, 0.0, SIZE_M_MAX)?;
    within(at.field("sight_m"), settings.sight_m, 1.0, SIZE_M_MAX)
}

pub(crate) fn environment(at: At<'_>, environment: &Environment) -> Checked {
    colour(at.field("zenith"), &environment.zenith)?;
    colour(at.field("horizon"), &environment.horizon)?;
    colour(at.field("ground"), &environment.ground)?;
    colour(at.field("fog"), &environment.fog)?;
    colour(at.field("sun"), &environment.sun)?;
    within(at.field("fog_near_m"), environment.fog_near_m, 0.0, COORDINATE_M_MAX)?;
    within(at.field("fog_far_m"), environment.fog_far_m, SIZE_M_MIN, COORDINATE_M_MAX)?;
    at.field("fog_far_m").require(
        environment.fog_far_m > environment.fog_near_m,
        format_args!("it must be more than fog_near_m, {}", environment.fog_near_m),
    )?;
    within(at.field("sun_intensity"), environment.sun_intensity, 0.0, SUNLIGHT_MAX)?;
    within(at.field("sky_intensity"), environment.sky_intensity, 0.0, SUNLIGHT_MAX)?;
    direction(at.field("sun_direction"), &environment.sun_direction)?;
    match &environment.sky {
        Some(sky) => asset(at.field("sky"), sky, &SKY_ENDINGS),
        None => Ok(()),
    }
}

pub(crate) fn material(at: At<'_>, material: &Material) -> Checked {
    colour(at.field("colour"), &material.colour)?;
    within(at.field("roughness"), material.roughness, 0.0, 1.0)?;
    within(at.field("metalness"), material.metalness, 0.0, 1.0)?;
    within(at.field("opacity"), material.opacity, 0.0, 1.0)?;
    if let Some(emissive) = &material.emissive {
        colour(at.field("emissive"), emissive)?;
    }
    let Some(image) = &material.image else { return Ok(()) };
    let at = at.field("image");
    asset(at.field("path"), &image.path, &IMAGE_ENDINGS)?;
    for (axis, size) in image.size_m.iter().enumerate() {
        within(at.field("size_m").entry(axis), *size, SIZE_M_MIN, SIZE_M_MAX)?;
    }
    Ok(())
}

fn objects(document: &WorldDocument) -> Checked {
    let whole = At::Whole;
    let all = whole.field("objects");
    count(all, document.objects.len(), 1, OBJECTS_MAX)?;
    ids(all, document)?;
    let mut names = BTreeMap::new();
    let mut sums = Sums::default();
    for (index, made) in document.objects.iter().enumerate() {
        let at = all.entry(index);
        if let Some(name) = &made.name {
            object_name(at.field("name"), name)?;
            if let Some(first) = names.insert(name, index) {
                at.field("name").fault(format_args!("objects[{first}] has this name already"))?;
            }
        }
        let base = match &made.blueprint {
            Some(name) => match document.blueprints.get(name) {
                Some(base) => Some(base),
                None => {
                    return at
                        .field("blueprint")
                        .fault(format_args!("there is no blueprint {name:?} in `blueprints`"));
                }
            },
            None => None,
        };
        object::properties(at.field("properties"), &made.properties, &document.materials)?;
        object::object(at, made, base)?;
        sums = sums.plus(Sums::of(&Together { at, own: &made.properties, base }));
        sums.check(at)?;
    }
    all.require(
        sums.spawns > 0,
        "a world needs at least one object with `spawn`, where people appear",
    )
}

/// Ids ascend, and lead upwards to the top.
fn ids(all: At<'_>, document: &WorldDocument) -> Checked {
    let mut parents = BTreeMap::new();
    let mut free = 0;
    for (index, (id, object)) in document.objects().enumerate() {
        let at = all.entry(index);
        at.field("id").require(
            (free..PLACEHOLDERS).contains(&id.0),
            format_args!("{} is not allowed: ids ascend, up to {}", id.0, PLACEHOLDERS - 1),
        )?;
        free = id.0 + 1;
        parents.insert(id, object.parent);
    }
    if let Some(next) = document.next_id {
        At::Whole.field("next_id").require(
            (free..=PLACEHOLDERS).contains(&next),
            format_args!("{next} is not allowed: it must be from {free} to {PLACEHOLDERS}"),
        )?;
    }
    for (index, (_, object)) in document.objects().enumerate() {
        let at = all.entry(index);
        let at = at.field("parent");
        let mut above = object.parent;
        for _ in 0..PARENTS_MAX {
            let Some(parent) = above else { break };
            match parents.get(&parent) {
                Some(next) => above = *next,
                None => return at.fault(format_args!("there is no object {}", parent.0)),
            }
        }
        at.require(
            above.is_none(),
            format_args!("below itself, or below more than {PARENTS_MAX} objects"),
        )?;
    }
    Ok(())
}

/// What counts for the whole world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    /// Objects where people appear.
    pub spawns: usize,
    movers: usize,
    colliders: usize,
    points: usize,
    companions: usize,
}

impl Sums {
    /// What one object counts for.
    pub fn of(object: &Together<'_>) -> Self {
        Self {
            spawns: usize::from(object.is_spawn()),
            movers: usize::from(object.mover().is_some()),
            colliders: object.colliders().len(),
            points: object.colliders().iter().map(|part| points(&part.shape)).sum(),
            companions: usize::from(object.is_companion()),
        }
    }

    /// With an object more.
    pub fn plus(self, other: Self) -> Self {
        Self {
            spawns: self.spawns + other.spawns,
            movers: self.movers + other.movers,
            colliders: self.colliders + other.colliders,
            points: self.points + other.points,
            companions: self.companions + other.companions,
        }
    }

    /// With an object less, which was counted before.
    pub fn minus(self, other: Self) -> Self {
        Self {
            spawns: self.spawns - other.spawns,
            movers: self.movers - other.movers,
            colliders: self.colliders - other.colliders,
            points: self.points - other.points,
            companions: self.companions - other.companions,
        }
    }

    /// Whether a world may have so much; `at`: the object that was counted last.
    pub fn check(&self, at: At<'_>) -> Checked {
        at.require(
            self.movers <= MOVERS_MAX,
            format_args!("one mover too many: a world may have {MOVERS_MAX}"),
        )?;
        at.require(
            self.colliders <= COLLIDERS_MAX,
            format_args!("too many colliders: a world may have {COLLIDERS_MAX}"),
        )?;
        at.require(
            self.companions <= COMPANIONS_MAX,
            format_args!("one companion too many: a world may have {COMPANIONS_MAX}"),
        )?;
        at.require(
            self.points <= COLLIDER_POINTS_MAX,
            format_args!(
                "too many points in colliders: a world may have {COLLIDER_POINTS_MAX}, each object \
                 of a blueprint counted"
            ),
        )
    }
}

fn points(shape: &ColliderShape) -> usize {
    match shape {
        ColliderShape::Hull { points_m } => points_m.len(),
        ColliderShape::Mesh { vertices_m, triangles } => vertices_m.len() + triangles.len(),
        ColliderShape::Heightfield { heights_m, .. } => heights_m.len(),
        _ => 0,
    }
}
