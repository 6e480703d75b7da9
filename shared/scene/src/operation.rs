//! Changes of a world, one by one: what builders and tools ask for, what is stored and what is told
//! to everyone. Each has an inverse; see [`crate::scene::Scene::apply`].
//!
//! As JSON an operation is an object with one field, such as
//! `{"place": {"object": 7, "position_m": [0, 1, 0], "rotation": [0, 0, 0, 1], "scale": [1, 1, 1]}}`.

use serde::{Deserialize, Serialize};
use vivarium_protocol::ids::ObjectId;

use crate::document::{
    Body, Collider, Companion, Environment, Hinge, Light, Material, Mover, Object, Portal,
    Properties, Script, Sensor, Settings, Sound, Spawn, Visual,
};

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Operation {
    /// A new object, or one that was deleted comes back.
    Create {
        /// A free id, or a [placeholder](PLACEHOLDERS).
        object: ObjectId,
        /// The whole object.
        value: Box<Object>,
    },
    /// A new object that is as another one, but for its name, its lock, and what is below that one.
    Duplicate {
        /// A free id, or a [placeholder](PLACEHOLDERS).
        object: ObjectId,
        /// Of which.
        of: ObjectId,
    },
    /// An object goes. It must have no children.
    Delete {
        /// Which.
        object: ObjectId,
    },
    /// An object is moved, turned and scaled.
    Place {
        /// Which.
        object: ObjectId,
        /// Metres.
        position_m: [f32; 3],
        /// Unit quaternion x, y, z, w.
        rotation: [f32; 4],
        /// Factors along the object's own axes.
        scale: [f32; 3],
    },
    /// An object is put under another in the outline. Where it is does not change.
    Reparent {
        /// Which.
        object: ObjectId,
        /// Below which; none: at the top.
        parent: Option<ObjectId>,
    },
    /// An object gets another name, or none.
    Rename {
        /// Which.
        object: ObjectId,
        /// Unique in the world.
        name: Option<String>,
    },
    /// An object is kept from changes by mistake, or given free.
    Lock {
        /// Which.
        object: ObjectId,
        /// Whether it is kept.
        locked: bool,
    },
    /// An object takes what it does not say itself from another blueprint, or from none.
    Rebase {
        /// Which.
        object: ObjectId,
        /// A blueprint of this world.
        blueprint: Option<String>,
    },
    /// One property of an object changes; none: it is the blueprint's again.
    Set {
        /// Which.
        object: ObjectId,
        /// What, and what it is now.
        property: Property,
    },
    /// A material is made, changed, or taken away; one that is in use stays.
    Material {
        /// Its name.
        name: String,
        /// None: it goes.
        value: Option<Material>,
    },
    /// A blueprint is made, changed, or taken away; one that is in use stays. Its instances follow.
    Blueprint {
        /// Its name.
        name: String,
        /// None: it goes.
        value: Option<Box<Properties>>,
    },
    /// One property of a blueprint changes, and with it that of every instance that has none of
    /// its own.
    SetBlueprint {
        /// Its name.
        name: String,
        /// What, and what it is now.
        property: Property,
    },
    /// How the simulation runs. Seed and rates count from the next start of the world.
    Settings(Settings),
    /// Sky, fog and sun.
    Environment(Environment),
    /// What the world is called for people.
    Title {
        /// Its name for people.
        title: String,
        /// One or two sentences.
        description: String,
    },
    /// Somebody may do something else in this world from now on. The document stays as it is.
    Permission {
        /// Who: 32 hexadecimal digits.
        account: String,
        /// As people know them; empty: nobody has said it.
        name: String,
        /// What they might do until now.
        from: Role,
        /// What they may do.
        to: Role,
    },
}

/// What somebody may do in a world.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look on and take part, but change nothing.
    #[default]
    Visitor,
    /// Change everything that is not locked.
    Builder,
    /// Lock and unlock as well, and say who may build.
    Owner,
}

/// One property; none: it is not given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as the fields of `Properties`")]
pub enum Property {
    Visuals(Option<Vec<Visual>>),
    Colliders(Option<Vec<Collider>>),
    Body(Option<Body>),
    Mover(Option<Mover>),
    Hinge(Option<Hinge>),
    Light(Option<Light>),
    Spawn(Option<Spawn>),
    Portal(Option<Portal>),
    Sensor(Option<Sensor>),
    Sound(Option<Sound>),
    Script(Option<Script>),
    Companion(Option<Companion>),
}

/// Ids from here on stand for new objects inside one batch, which cannot know their ids yet: the
/// server puts free ones in their place.
pub const PLACEHOLDERS: u32 = 1 << 31;

/// What an operation is about. Two operations that touch nothing in common do not disturb each
/// other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touched {
    /// Whether an object is there.
    Object(ObjectId),
    /// One thing about an object.
    Aspect(ObjectId, Aspect),
    /// A material.
    Material(String),
    /// A blueprint.
    Blueprint(String),
    /// How the simulation runs.
    Settings,
    /// Sky, fog and sun.
    Environment,
    /// What the world is called.
    Title,
    /// What somebody may do.
    Permission(String),
}

/// One thing about an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as the fields of `Object` and `Properties`")]
pub enum Aspect {
    Place,
    Parent,
    Name,
    Lock,
    Blueprint,
    Visuals,
    Colliders,
    Body,
    Mover,
    Hinge,
    Light,
    Spawn,
    Portal,
    Sensor,
    Sound,
    Script,
    Companion,
}

impl Property {
    /// Which it is.
    pub fn aspect(&self) -> Aspect {
        match self {
            Self::Visuals(_) => Aspect::Visuals,
            Self::Colliders(_) => Aspect::Colliders,
            Self::Body(_) => Aspect::Body,
            Self::Mover(_) => Aspect::Mover,
            Self::Hinge(_) => Aspect::Hinge,
            Self::Light(_) => Aspect::Light,
            Self::Spawn(_) => Aspect::Spawn,
            Self::Portal(_) => Aspect::Portal,
            Self::Sensor(_) => Aspect::Sensor,
            Self::Sound(_) => Aspect::Sound,
            Self::Script(_) => Aspect::Script,
            Self::Companion(_) => Aspect::Companion,
        }
    }

    /// Puts it in its place; gives what was there.
    pub fn exchange(self, with: &mut Properties) -> Self {
        use std::mem::replace;
        match self {
            Self::Visuals(value) => Self::Visuals(replace(&mut with.visuals, value)),
            Self::Colliders(value) => Self::Colliders(replace(&mut with.colliders, value)),
            Self::Body(value) => Self::Body(replace(&mut with.body, value)),
            Self::Mover(value) => Self::Mover(replace(&mut with.mover, value)),
            Self::Hinge(value) => Self::Hinge(replace(&mut with.hinge, value)),
            Self::Light(value) => Self::Light(replace(&mut with.light, value)),
            Self::Spawn(value) => Self::Spawn(replace(&mut with.spawn, value)),
            Self::Portal(value) => Self::Portal(replace(&mut with.portal, value)),
            Self::Sensor(value) => Self::Sensor(replace(&mut with.sensor, value)),
            Self::Sound(value) => Self::Sound(replace(&mut with.sound, value)),
            Self::Script(value) => Self::Script(replace(&mut with.script, value)),
            Self::Companion(value) => Self::Companion(replace(&mut with.companion, value)),
        }
    }
}

impl Operation {
    /// What it is about.
    pub fn touched(&self) -> Touched {
        match self {
            Self::Create { object, .. }
            | Self::Duplicate { object, .. }
            | Self::Delete { object } => Touched::Object(*object),
            Self::Place { object, .. } => Touched::Aspect(*object, Aspect::Place),
            Self::Reparent { object, .. } => Touched::Aspect(*object, Aspect::Parent),
            Self::Rename { object, .. } => Touched::Aspect(*object, Aspect::Name),
            Self::Lock { object, .. } => Touched::Aspect(*object, Aspect::Lock),
            Self::Rebase { object, .. } => Touched::Aspect(*object, Aspect::Blueprint),
            Self::Set { object, property } => Touched::Aspect(*object, property.aspect()),
            Self::Material { name, .. } => Touched::Material(name.clone()),
            Self::Blueprint { name, .. } | Self::SetBlueprint { name, .. } => {
                Touched::Blueprint(name.clone())
            }
            Self::Settings(_) => Touched::Settings,
            Self::Environment(_) => Touched::Environment,
            Self::Title { .. } => Touched::Title,
            Self::Permission { account, .. } => Touched::Permission(account.clone()),
        }
    }

    /// The object that it changes.
    pub fn object(&self) -> Option<ObjectId> {
        match self.touched() {
            Touched::Object(object) | Touched::Aspect(object, _) => Some(object),
            _ => None,
        }
    }

    /// The object that it makes.
    pub fn made(&self) -> Option<ObjectId> {
        match self {
            Self::Create { object, .. } | Self::Duplicate { object, .. } => Some(*object),
            _ => None,
        }
    }

    /// Every id in it, to be exchanged.
    fn ids(&mut self) -> impl Iterator<Item = &mut ObjectId> {
        let (own, other) = match self {
            Self::Create { object, value } => (Some(object), value.parent.as_mut()),
            Self::Duplicate { object, of } => (Some(object), Some(of)),
            Self::Reparent { object, parent } => (Some(object), parent.as_mut()),
            Self::Delete { object }
            | Self::Place { object, .. }
            | Self::Rename { object, .. }
            | Self::Lock { object, .. }
            | Self::Rebase { object, .. }
            | Self::Set { object, .. } => (Some(object), None),
            _ => (None, None),
        };
        own.into_iter().chain(other)
    }
}

/// Gives objects other ids in everything that names them.
pub fn renumber(operations: &mut [Operation], id_of: impl Fn(ObjectId) -> ObjectId) {
    for id in operations.iter_mut().flat_map(Operation::ids) {
        *id = id_of(*id);
    }
}

/// Puts free ids, from `next` on, in the place of placeholders, in the order in which their objects
/// are created. Gives the first id that is free after that.
///
/// A placeholder whose object is not created in the batch stays, and names no object.
pub fn number(operations: &mut [Operation], next: u32) -> u32 {
    let mut free = next;
    let mut known = std::collections::BTreeMap::new();
    for operation in operations.iter() {
        if let Some(object) = operation.made()
            && object.0 >= PLACEHOLDERS
            && free < PLACEHOLDERS
        {
            known.entry(object).or_insert_with(|| {
                free += 1;
                ObjectId(free - 1)
            });
        }
    }
    for id in operations.iter_mut().flat_map(Operation::ids) {
        if let Some(real) = known.get(id) {
            *id = *real;
        }
    }
    free
}
