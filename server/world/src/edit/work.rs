//! Making edits: checks, the change itself, and what is remembered of it.

use std::collections::BTreeSet;

use bevy_ecs::prelude::*;
use vivarium_contract::editing::{Copies, EditRefusal, Editor, Operations};
use vivarium_motion::shape;
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::{
    document::ColliderShape,
    limits::DOCUMENT_BYTES_MAX,
    operation::{self, Operation, PLACEHOLDERS},
    scene::Scene,
};

use super::{
    Changed,
    memory::Memory,
    permit::hindrance,
    undo::{Inverses, Undo, Way},
};
use crate::limits::{
    BYTES_PER_OPERATION, COPIES_BYTES_MAX, COPIES_MAX, INSTANCES_PER_OPERATION, LOG_BATCH_BYTES_MAX,
};

/// What is remembered of the edits so far.
#[derive(Resource, Default)]
pub(super) struct Editing {
    pub memory: Memory,
    pub undo: Undo,
    /// The document has about so many bytes as JSON; none: not known yet.
    bytes_about: Option<usize>,
    /// Whether the document was measured in this tick, which takes long.
    pub measured: bool,
}

/// Who wants something, and when.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub editor: &'a Editor,
    pub tick: u32,
    /// Of the last edit.
    pub number: u32,
}

/// An edit that was made.
pub(super) struct Made {
    pub operations: Operations,
    pub inverses: Operations,
    pub created: Vec<(ObjectId, ObjectId)>,
    pub skipped: Vec<(Operation, String)>,
}

impl Editing {
    /// Forgets edits that were taken back.
    pub fn forget_from(&mut self, number: u32) {
        self.memory.forget_from(number);
        self.undo.forget_from(number);
        self.bytes_about = None;
    }

    /// Does all operations, or nothing.
    pub fn make(
        &mut self,
        scene: &mut Scene,
        wanted: Wanted<'_>,
        operations: &Operations,
        base: Option<u32>,
        stroke: Option<u32>,
    ) -> Result<Made, EditRefusal> {
        // Else ids could be used up, or those of deleted objects be given to others.
        let is_id_asked_for =
            |operation: &Operation| operation.made().is_some_and(|id| id.0 < PLACEHOLDERS);
        if let Some(index) = operations.0.iter().position(is_id_asked_for) {
            let reason = format!("new objects are named by ids from {PLACEHOLDERS} on");
            let copy = Copies { number: wanted.number, objects: Vec::new() };
            return Err(EditRefusal::Impossible { index, reason, copy });
        }
        let known = base.map(|base| (base, wanted.editor.account.as_str()));
        self.make_numbered(scene, wanted, operations, known, stroke)
    }

    /// As [`Editing::make`], for what was worked out from how the world was: nothing is overwritten
    /// that anybody has changed since, the editor included, and objects that were deleted may come
    /// back under their ids.
    pub fn restore(
        &mut self,
        scene: &mut Scene,
        wanted: Wanted<'_>,
        operations: &Operations,
        base: u32,
    ) -> Result<Made, EditRefusal> {
        // Ids that no object ever had are not to be used up by this.
        let unknown = scene.next_object()..PLACEHOLDERS;
        let is_unknown =
            |operation: &Operation| operation.made().is_some_and(|id| unknown.contains(&id.0));
        if let Some(index) = operations.0.iter().position(is_unknown) {
            let reason = "only objects that were deleted come back under their ids".to_owned();
            let copy = Copies { number: wanted.number, objects: Vec::new() };
            return Err(EditRefusal::Impossible { index, reason, copy });
        }
        self.make_numbered(scene, wanted, operations, Some((base, "")), None)
    }

    /// `known` is the edit that was seen last, and whose changes since then may be overwritten.
    fn make_numbered(
        &mut self,
        scene: &mut Scene,
        wanted: Wanted<'_>,
        operations: &Operations,
        known: Option<(u32, &str)>,
        stroke: Option<u32>,
    ) -> Result<Made, EditRefusal> {
        let Wanted { editor, tick, number } = wanted;
        let mut numbered = (*operations.0).clone();
        operation::number(&mut numbered, scene.next_object());
        for (index, operation) in numbered.iter().enumerate() {
            if let Some(by) = self.memory.held_by(tick, &editor.account, operation) {
                return Err(EditRefusal::Held {
                    index,
                    by,
                    copy: copies(scene, number, &numbered),
                });
            }
            let newer = known.and_then(|(base, whose)| match base > number {
                // It knows of another start of the world.
                true => Some("somebody".to_owned()),
                false => self.memory.changed_since(base, whose, operation),
            });
            if let Some(by) = newer {
                let copy = copies(scene, number, &numbered);
                return Err(EditRefusal::Stale { index, by, copy });
            }
        }
        let (inverses, copied) = apply_all(scene, wanted, &numbered)?;
        let bytes = self.check_size(scene, (&numbered, copied), &inverses)?;
        let given = operations.0.iter().zip(&numbered);
        let created = given.filter_map(|(asked, given)| asked.made().zip(given.made())).collect();
        self.memory.note(number + 1, editor, &numbered);
        if stroke.is_some() {
            self.memory.hold(tick, editor, &numbered);
        }
        // What somebody may do is never changed by the way: only by an operation that says so.
        let is_undone = |inverse: &&Operation| !matches!(inverse, Operation::Permission { .. });
        let undone: Vec<Operation> = inverses.iter().filter(is_undone).cloned().collect();
        if !undone.is_empty() {
            let undo = Inverses { number: number + 1, operations: undone, bytes };
            self.undo.done(&editor.account, undo, stroke);
        }
        Ok(Made {
            operations: numbered.into(),
            inverses: inverses.into(),
            created,
            skipped: Vec::new(),
        })
    }

    /// Undoes what somebody did last, or does it again, as far as others have not changed it since.
    pub fn step_back(
        &mut self,
        scene: &mut Scene,
        wanted: Wanted<'_>,
        way: Way,
    ) -> Result<Made, EditRefusal> {
        let Wanted { editor, tick, number } = wanted;
        let step = self.undo.take(&editor.account, way).ok_or(EditRefusal::Nothing)?;
        let (mut done, mut inverses, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
        let mut may_be_later = false;
        for (of, operation) in &step.operations {
            let newer = self.memory.changed_since(*of, &editor.account, operation);
            let held = self.memory.held_by(tick, &editor.account, operation);
            let hindrance = hindrance(editor.role, operation, scene).map(str::to_owned);
            may_be_later |= held.is_some();
            let newer = newer.map(|by| format!("{by} has changed it since"));
            let held = held.map(|by| format!("{by} is just moving it"));
            if let Some(reason) = hindrance.or(newer).or(held) {
                skipped.push((operation.clone(), reason));
                continue;
            }
            match apply_one(scene, operation) {
                Ok(inverse) => {
                    inverses.push(inverse);
                    done.push(operation.clone());
                }
                Err(reason) => skipped.push((operation.clone(), reason)),
            }
        }
        if done.is_empty() {
            if may_be_later {
                self.undo.put_back(&editor.account, way, step);
            }
            return Err(EditRefusal::AllSkipped { skipped });
        }
        inverses.reverse();
        // Neither what undoes something nor what does it again makes duplicates.
        let bytes = match self.check_size(scene, (&done, 0), &inverses) {
            Ok(bytes) => bytes,
            Err(refusal) => {
                self.undo.put_back(&editor.account, way, step);
                return Err(refusal);
            }
        };
        self.memory.note(number + 1, editor, &done);
        let taken = Inverses { number: number + 1, operations: inverses.clone(), bytes };
        self.undo.taken(&editor.account, way, taken);
        Ok(Made {
            operations: done.into(),
            inverses: inverses.into(),
            created: Vec::new(),
            skipped,
        })
    }

    /// Undoes what was just done when the document has become too large; gives the bytes of what
    /// undoes it. `copied` are the bytes of duplicates. The size is known about: by what was done and
    /// what undoes it. It is found out exactly when it seems to exceed what is allowed.
    fn check_size(
        &mut self,
        scene: &mut Scene,
        (done, copied): (&[Operation], usize),
        inverses: &[Operation],
    ) -> Result<usize, EditRefusal> {
        let (more, less) = (json_bytes(&done) + copied, json_bytes(&inverses));
        let most = more.max(less);
        let (bytes, bytes_max) = if most > LOG_BATCH_BYTES_MAX {
            (most, LOG_BATCH_BYTES_MAX)
        } else {
            // What is written where nothing was, and the field names around it.
            let margin = MARGIN_BYTES * done.len();
            let about =
                self.bytes_about.map(|before| (before + more + margin).saturating_sub(less));
            match about.filter(|about| *about <= DOCUMENT_BYTES_MAX) {
                Some(about) => {
                    self.bytes_about = Some(about);
                    return Ok(less);
                }
                None => {
                    let exact = json_bytes(&scene.document());
                    self.measured = exact > MEASURED_BYTES;
                    if exact <= DOCUMENT_BYTES_MAX {
                        self.bytes_about = Some(exact);
                        return Ok(less);
                    }
                    (exact, DOCUMENT_BYTES_MAX)
                }
            }
        };
        scene.apply_all(inverses.iter().cloned()).expect("what was just done can be undone");
        Err(EditRefusal::TooLarge { bytes, bytes_max })
    }
}

/// What an operation may add to a document beyond what is in it: position, rotation and scale with
/// their names.
const MARGIN_BYTES: usize = 128;
/// To measure a document of so many bytes takes up what is left of a tick.
const MEASURED_BYTES: usize = 256 * 1024;

/// What doing operations costs, in operations.
pub(super) fn cost(scene: &Scene, operations: &[Operation]) -> usize {
    let instances = operations.iter().map(|operation| match operation {
        Operation::Blueprint { name, .. } | Operation::SetBlueprint { name, .. } => {
            scene.instance_count(name) / INSTANCES_PER_OPERATION
        }
        _ => 0,
    });
    let mut copied = 0;
    for operation in operations {
        copied += copied_bytes(scene, operation);
        // It is refused in any case, and measuring more would take the tick's time.
        if copied > LOG_BATCH_BYTES_MAX {
            break;
        }
    }
    operations.len().max(1)
        + instances.sum::<usize>()
        + (json_bytes(&operations) + copied) / BYTES_PER_OPERATION
}

/// What a duplicate adds to a document beyond what stands in the operation.
fn copied_bytes(scene: &Scene, operation: &Operation) -> usize {
    match operation {
        Operation::Duplicate { of, .. } => scene.object(*of).map_or(0, json_bytes),
        _ => 0,
    }
}

/// Does all operations, or nothing; gives what undoes them, in order, and the bytes of duplicates.
fn apply_all(
    scene: &mut Scene,
    wanted: Wanted<'_>,
    operations: &[Operation],
) -> Result<(Vec<Operation>, usize), EditRefusal> {
    let mut inverses = Vec::new();
    let mut copied = 0;
    for (index, operation) in operations.iter().enumerate() {
        copied += copied_bytes(scene, operation);
        let refusal = match hindrance(wanted.editor.role, operation, scene) {
            Some(reason) => EditRefusal::Forbidden { index, reason },
            // Few operations could make many copies of what is large.
            None if copied > LOG_BATCH_BYTES_MAX => {
                EditRefusal::TooLarge { bytes: copied, bytes_max: LOG_BATCH_BYTES_MAX }
            }
            None => match scene.apply(operation.clone()) {
                Ok(inverse) => {
                    inverses.push(inverse);
                    continue;
                }
                Err(refusal) => {
                    let copy = Copies { number: wanted.number, objects: Vec::new() };
                    EditRefusal::Impossible { index, reason: refusal.to_string(), copy }
                }
            },
        };
        for inverse in inverses.into_iter().rev() {
            scene.apply(inverse).expect("what was just done can be undone");
        }
        return Err(match refusal {
            EditRefusal::Impossible { index, reason, .. } => {
                let copy = copies(scene, wanted.number, operations);
                EditRefusal::Impossible { index, reason, copy }
            }
            other => other,
        });
    }
    let checked = check_shapes(scene, operations, &inverses);
    inverses.reverse();
    if let Err((index, reason)) = checked {
        scene.apply_all(inverses).expect("what was just done can be undone");
        let copy = copies(scene, wanted.number, operations);
        return Err(EditRefusal::Impossible { index, reason, copy });
    }
    Ok((inverses, copied))
}

/// Does one operation, or nothing; gives what undoes it.
fn apply_one(scene: &mut Scene, operation: &Operation) -> Result<Operation, String> {
    let inverse = scene.apply(operation.clone()).map_err(|refusal| refusal.to_string())?;
    let one = std::slice::from_ref;
    if let Err((_, reason)) = check_shapes(scene, one(operation), one(&inverse)) {
        scene.apply(inverse).expect("what was just done can be undone");
        return Err(reason);
    }
    Ok(inverse)
}

/// Whether the shapes of what operations changed can be built; else which of them is wrong. The rules
/// of documents cover all but shapes that are made of points. Each object is tried once, and not for
/// having been moved alone. `inverses` are those of the operations, in the same order.
fn check_shapes(
    scene: &Scene,
    operations: &[Operation],
    inverses: &[Operation],
) -> Result<(), (usize, String)> {
    let mut tried = BTreeSet::new();
    for (index, (operation, inverse)) in operations.iter().zip(inverses).enumerate() {
        if let (Operation::Place { scale, .. }, Operation::Place { scale: before, .. }) =
            (operation, inverse)
            && scale == before
        {
            continue;
        }
        let mut changed = Changed::default();
        changed.note(scene, operation);
        for id in changed.bodies {
            if tried.insert(id) {
                try_shapes(scene, id).map_err(|reason| (index, reason))?;
            }
        }
    }
    Ok(())
}

fn try_shapes(scene: &Scene, id: ObjectId) -> Result<(), String> {
    let Some(object) = scene.object(id) else { return Ok(()) };
    let own = object.properties.colliders.as_deref();
    let base = object.blueprint.as_ref().and_then(|name| scene.head().blueprints.get(name));
    let colliders = own.or_else(|| base?.colliders.as_deref()).unwrap_or_default();
    for (index, collider) in colliders.iter().enumerate() {
        let is_of_points = matches!(
            collider.shape,
            ColliderShape::Hull { .. }
                | ColliderShape::Mesh { .. }
                | ColliderShape::Heightfield { .. }
        );
        if is_of_points && let Err(error) = shape::build(collider, object.scale) {
            return Err(format!("objects[{}]: colliders[{index}]: {error}", id.0));
        }
    }
    Ok(())
}

/// How the objects of operations are now.
fn copies(scene: &Scene, number: u32, operations: &[Operation]) -> Copies {
    let ids: BTreeSet<ObjectId> = operations.iter().filter_map(Operation::object).collect();
    let mut room = COPIES_BYTES_MAX;
    let fitting = ids.into_iter().take(COPIES_MAX).take_while(|id| {
        let bytes = scene.object(*id).map_or(0, json_bytes);
        let fits = bytes <= room;
        room = room.saturating_sub(bytes);
        fits
    });
    let objects = fitting.map(|id| {
        let object = scene.object(id).cloned().map(|mut object| {
            object.id = Some(id);
            object
        });
        (id, object)
    });
    Copies { number, objects: objects.collect() }
}

/// Bytes of something as JSON, without making it.
fn json_bytes(value: &impl serde::Serialize) -> usize {
    struct Counter(usize);
    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    serde_json::to_writer(&mut counter, value).expect("documents have only names as keys");
    counter.0
}
