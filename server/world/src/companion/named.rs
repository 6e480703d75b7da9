//! Objects that people have a name for: what companions see of them, and which ones are spoken of.
//!
//! Follows edits, so that nobody who is asked something looks at a whole world, or works out again what
//! a name is compared by. Knows nothing as long as nobody lives here.
//!
//! Invariant: what is found depends on what there is, not on the order in which it came.

use std::collections::{BTreeMap, BTreeSet};

use bevy_ecs::prelude::*;
use rapier3d::{
    parry::partitioning::{Bvh, BvhBuildStrategy},
    prelude::*,
};
use vivarium_protocol::{ids::ObjectId, text};
use vivarium_scene::document::Object;

use super::{Companions, surroundings::apart_m};
use crate::{
    edit::{Changed, Current},
    object::Objects,
    physics::Physics,
};

/// Words of a name that have fewer characters than this mean nothing by themselves.
const WORD_CHARS_MIN: usize = 3;

/// How people call an object: by its name, or its blueprint's.
fn name_of(object: &Object) -> Option<&String> {
    object.name.as_ref().or(object.blueprint.as_ref())
}

/// What people call it.
pub(super) fn called(object: Option<&Object>) -> String {
    let name = object.and_then(name_of);
    name.map_or_else(|| "thing".to_owned(), |name| name.replace('_', " "))
}

/// The words of a name's key that mean it when they are heard.
fn words(name_key: &str) -> impl Iterator<Item = &str> {
    name_key.split(' ').filter(|word| word.chars().count() >= WORD_CHARS_MIN)
}

/// Whether somebody of that name is spoken of; both as keys.
pub(super) fn is_meant(name_key: &str, heard_key: &str) -> bool {
    words(name_key).any(|word| heard_key.contains(word))
}

/// Where a named object is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    /// It never moves by itself; metres.
    Fixed([f32; 3]),
    /// Where its body is.
    Loose(RigidBodyHandle),
}

struct Entry {
    name_key: String,
    place: Place,
    /// In the tree, if it never moves.
    slot: u32,
}

/// All of them.
#[derive(Default)]
struct Index {
    all: BTreeMap<ObjectId, Entry>,
    loose: BTreeMap<ObjectId, RigidBodyHandle>,
    /// By the words of their names.
    by_word: BTreeMap<String, BTreeSet<ObjectId>>,
    /// Bytes of the longest word there has been.
    word_bytes_max: usize,
    slots: Vec<Option<(ObjectId, [f32; 3])>>,
    free: Vec<u32>,
    tree: Bvh,
}

impl Index {
    /// Nothing of that id has a name any more.
    fn remove(&mut self, id: ObjectId) {
        let Some(entry) = self.all.remove(&id) else { return };
        for word in words(&entry.name_key) {
            let Some(named) = self.by_word.get_mut(word) else { continue };
            named.remove(&id);
            if named.is_empty() {
                self.by_word.remove(word);
            }
        }
        match entry.place {
            Place::Loose(_) => {
                self.loose.remove(&id);
            }
            Place::Fixed(_) => {
                self.tree.remove(entry.slot);
                self.slots[entry.slot as usize] = None;
                self.free.push(entry.slot);
            }
        }
    }

    /// Something has a name; `grows`: whether the tree is to have it at once.
    fn put(&mut self, id: ObjectId, name: &str, place: Place, grows: bool) {
        let name_key = text::name_key(name);
        for word in words(&name_key) {
            self.word_bytes_max = self.word_bytes_max.max(word.len());
            self.by_word.entry(word.to_owned()).or_default().insert(id);
        }
        let slot = match place {
            Place::Loose(body) => {
                self.loose.insert(id, body);
                0
            }
            Place::Fixed(at_m) => {
                let slot = self.free.pop().unwrap_or(self.slots.len() as u32);
                if slot as usize == self.slots.len() {
                    self.slots.push(None);
                }
                self.slots[slot as usize] = Some((id, at_m));
                if grows {
                    self.tree.insert(point(at_m), slot);
                }
                slot
            }
        };
        self.all.insert(id, Entry { name_key, place, slot });
    }

    /// Makes the tree of what never moves, of slots without a gap: parry's trees of one or two leaves
    /// begin with 0.
    fn plant(&mut self) {
        let leaves = self.slots.iter().enumerate();
        let leaves = leaves.filter_map(|(slot, named)| Some((slot, point((*named)?.1))));
        self.tree = Bvh::from_iter(BvhBuildStrategy::Binned, leaves);
    }

    /// What is within a distance (metres) of a place, and how far away, in no certain order.
    fn near(
        &self,
        at_m: [f32; 3],
        within_m: f32,
        body_m: impl Fn(RigidBodyHandle) -> [f32; 3],
    ) -> Vec<(ObjectId, f32)> {
        // A little more, so that nothing at the very edge is left out.
        let half = Vector::splat(within_m + 0.01);
        let reach = Aabb::from_half_extents(Vector::from_array(at_m), half);
        let fixed = self.tree.intersect_aabb(&reach);
        let fixed = fixed.filter_map(|slot| *self.slots.get(slot as usize)?);
        let loose = self.loose.iter().map(|(id, body)| (*id, body_m(*body)));
        let all = fixed.chain(loose).map(|(id, place_m)| (id, apart_m(at_m, place_m)));
        all.filter(|(_, distance_m)| *distance_m <= within_m).collect()
    }

    /// What is spoken of, by ascending ids: what has a word in its name that stands somewhere in what
    /// is heard.
    fn meant(&self, heard_key: &str) -> Vec<ObjectId> {
        let mut words = BTreeMap::new();
        for (from, _) in heard_key.char_indices() {
            let rest = &heard_key[from..];
            let to = rest.find(' ').unwrap_or(rest.len()).min(self.word_bytes_max);
            for to in (1..=to).filter(|to| rest.is_char_boundary(*to)) {
                words.extend(self.by_word.get_key_value(&rest[..to]));
            }
        }
        let mut found: Vec<ObjectId> = words.into_values().flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn point(at_m: [f32; 3]) -> Aabb {
    let at = Vector::from_array(at_m);
    Aabb::new(at, at)
}

/// The named objects of a world in which somebody lives.
#[derive(Resource, Default)]
pub(crate) struct Named(Option<Index>);

impl Named {
    /// The named objects within a distance (metres) of a place, and how far away, in no certain order.
    pub fn near(&self, at_m: [f32; 3], within_m: f32, physics: &Physics) -> Vec<(ObjectId, f32)> {
        let body_m = |body: RigidBodyHandle| physics.world.bodies[body].translation().to_array();
        self.0.as_ref().map_or_else(Vec::new, |index| index.near(at_m, within_m, body_m))
    }

    /// Those that are spoken of, by the key of what is heard; by ascending ids.
    pub fn meant(&self, heard_key: &str) -> Vec<ObjectId> {
        self.0.as_ref().map_or_else(Vec::new, |index| index.meant(heard_key))
    }
}

fn take(index: &mut Index, id: ObjectId, object: &Object, objects: &Objects, grows: bool) {
    if name_of(object).is_none() {
        return;
    }
    let loose = objects.loose(id).map(|loose| Place::Loose(loose.body));
    let place = loose.unwrap_or(Place::Fixed(object.position_m));
    index.put(id, &called(Some(object)), place, grows);
}

/// What has a name follows edits.
pub(super) fn follow(
    current: Res<Current>,
    changed: Res<Changed>,
    objects: Res<Objects>,
    companions: Res<Companions>,
    mut named: ResMut<Named>,
) {
    if companions.0.is_empty() {
        if named.0.is_some() {
            named.0 = None;
        }
        return;
    }
    let Some(index) = &mut named.0 else {
        let mut index = Index::default();
        for (id, object) in current.0.objects() {
            take(&mut index, id, object, &objects, false);
        }
        index.plant();
        named.0 = Some(index);
        return;
    };
    for id in changed.bodies.union(&changed.roles) {
        index.remove(*id);
        if let Some(object) = current.0.object(*id) {
            take(index, *id, object, &objects, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A name, where it is, and whether it can move; none: the object goes.
    type Edit = (u32, Option<(String, [f32; 3], bool)>);

    fn edits() -> impl Strategy<Value = Vec<Edit>> {
        let word =
            prop::sample::select(vec!["red", "ball", "Ball", "of", "été", "e\u{301}te", "a"]);
        let name = prop::collection::vec(word, 1..4).prop_map(|words| words.join(" "));
        let at_m = [-60.0..60.0_f32, -9.0..9.0_f32, -60.0..60.0_f32];
        let named = prop::option::weighted(0.8, (name, at_m, any::<bool>()));
        prop::collection::vec((0..40_u32, named), 0..120)
    }

    /// As if nothing were known of it before.
    fn meant_plainly(name: &str, heard: &str) -> bool {
        let heard_key = text::name_key(heard);
        let heard: Vec<&str> = heard_key.split(' ').collect();
        text::name_key(name)
            .split(' ')
            .any(|word| word.chars().count() > 2 && heard.iter().any(|heard| heard.contains(word)))
    }

    proptest! {
        #[test]
        fn as_much_is_found_as_when_everything_is_looked_at(
            before in edits(),
            after in edits(),
            heard in "(the |red|balls|ÉTÉ|footBALL| |of|a){0,6}",
            at_m in [-60.0..60.0_f32, -9.0..9.0_f32, -60.0..60.0_f32],
        ) {
            let body = |id: u32| RigidBodyHandle::from_raw_parts(id, 0);
            let mut plain: BTreeMap<u32, (String, [f32; 3], bool)> = BTreeMap::new();
            for (id, now) in before {
                plain.remove(&id);
                plain.extend(now.map(|named| (id, named)));
            }
            let mut index = Index::default();
            let put = |index: &mut Index, id: u32, named: &(String, [f32; 3], bool), grows| {
                let place = if named.2 { Place::Loose(body(id)) } else { Place::Fixed(named.1) };
                index.put(ObjectId(id), &named.0, place, grows);
            };
            plain.iter().for_each(|(id, named)| put(&mut index, *id, named, false));
            index.plant();
            for (id, now) in after {
                index.remove(ObjectId(id));
                plain.remove(&id);
                now.iter().for_each(|named| put(&mut index, id, named, true));
                plain.extend(now.map(|named| (id, named)));
            }
            let body_m = |body: RigidBodyHandle| plain[&body.into_raw_parts().0].1;
            let mut near = index.near(at_m, 30.0, body_m);
            near.sort_unstable_by_key(|(id, _)| *id);
            let all = plain.iter().map(|(id, named)| (ObjectId(*id), apart_m(at_m, named.1)));
            let within: Vec<(ObjectId, f32)> =
                all.filter(|(_, distance_m)| *distance_m <= 30.0).collect();
            prop_assert_eq!(near, within);
            let meant = plain.iter().filter(|(_, named)| meant_plainly(&named.0, &heard));
            let meant: Vec<ObjectId> = meant.map(|(id, _)| ObjectId(*id)).collect();
            prop_assert_eq!(index.meant(&text::name_key(&heard)), meant);
            for (name, ..) in plain.values() {
                let keys = (text::name_key(name), text::name_key(&heard));
                prop_assert_eq!(is_meant(&keys.0, &keys.1), meant_plainly(name, &heard));
            }
        }
    }
}
