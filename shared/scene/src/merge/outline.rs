//! What stands below what, when both sides have moved things in the outline.

use std::collections::BTreeSet;

use vivarium_protocol::ids::ObjectId;

use super::{Contested, Merging};
use crate::{limits::PARENTS_MAX, operation::Aspect};

/// An outline that is this deep on the way is left as the world has it.
const STEPS_MAX: usize = 4 * PARENTS_MAX;

impl Merging<'_> {
    /// Puts what the draft has moved in the outline to where it has moved it, as long as nothing
    /// comes to be below itself or too deep; each such is told.
    pub(super) fn settle_outline(&mut self) {
        let ids: BTreeSet<ObjectId> = self.objects.keys().copied().collect();
        let is_there = |parent: &ObjectId| ids.contains(parent);
        let mut wanted = Vec::new();
        for id in &self.reparented {
            let Some(object) = self.objects.get_mut(id) else { continue };
            let parent = object.parent.and_then(|parent| self.given.get(&parent).copied());
            wanted.push((self.draft_depth(*id), *id, parent.filter(is_there)));
        }
        for (_, id, _) in &wanted {
            let parent = self.world.object(*id).and_then(|object| object.parent);
            self.put_below(*id, parent);
        }
        for object in self.objects.values_mut() {
            object.parent = object.parent.filter(is_there);
        }
        // From the top: what a draft alone has moved then meets nothing on its way.
        wanted.sort_unstable();
        let mut placed = BTreeSet::new();
        for (_, id, parent) in wanted {
            if parent.is_some_and(|parent| self.is_far_or_below(parent, id)) {
                self.tell_parent(id);
                continue;
            }
            self.put_below(id, parent);
            placed.insert(id);
        }
        for id in ids {
            while let Some(placed) = self.too_deep(id, &mut placed) {
                self.put_below(placed, None);
                self.tell_parent(placed);
            }
        }
    }

    fn parent_of(&self, id: ObjectId) -> Option<ObjectId> {
        self.objects.get(&id).and_then(|object| object.parent)
    }

    fn put_below(&mut self, id: ObjectId, parent: Option<ObjectId>) {
        self.objects.entry(id).and_modify(|object| object.parent = parent);
    }

    fn draft_depth(&self, id: ObjectId) -> usize {
        let parent = |id: &ObjectId| self.draft.object(*id).and_then(|object| object.parent);
        let own = self.of_draft.get(&id).copied().unwrap_or(id);
        std::iter::successors(parent(&own), parent).count()
    }

    fn is_far_or_below(&self, id: ObjectId, above: ObjectId) -> bool {
        let way = std::iter::successors(Some(id), |id| self.parent_of(*id));
        let mut way = way.take(STEPS_MAX + 1).enumerate();
        way.any(|(steps, id)| steps == STEPS_MAX || id == above)
    }

    /// If an object is too deep: which one above it, or itself, is there by the draft's wish. It is
    /// no longer.
    fn too_deep(&self, id: ObjectId, placed: &mut BTreeSet<ObjectId>) -> Option<ObjectId> {
        let way = std::iter::successors(Some(id), |id| self.parent_of(*id));
        let way: Vec<ObjectId> = way.take(PARENTS_MAX + 2).collect();
        if way.len() <= PARENTS_MAX + 1 {
            return None;
        }
        // The last is above all that counts.
        way[..=PARENTS_MAX].iter().copied().find(|id| placed.remove(id))
    }

    fn tell_parent(&mut self, id: ObjectId) {
        let name = self.objects.get(&id).and_then(|object| object.name.clone());
        let known = self.world.object(id).map(|_| id);
        self.tell(known, name.as_deref(), Contested::Aspect(Aspect::Parent));
    }
}
