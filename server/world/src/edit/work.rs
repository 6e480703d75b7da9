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
    undo::{Undo, Way},
};
use crate::limits::{COPIES_MAX, LOG_BATCH_BYTES_MAX};

/// What is remembered of the edits so far.
#[derive(Resource, Default)]
pub(super) struct Editing {
    pub memory: Memory,
    pub undo: Undo,
    /// The document has at most so many bytes as JSON; none: not known yet.
    bytes_at_most: Option<usize>,
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
            let newer =
                base.and_then(|base| self.memory.changed_since(base, &editor.account, operation));
            if let Some(by) = newer {
                let copy = copies(scene, number, &numbered);
                return Err(EditRefusal::Stale { index, by, copy });
            }
        }
        let inverses = apply_all(scene, wanted, &numbered)?;
        self.check_size(scene, &numbered, &inverses)?;
        let given = operations.0.iter().zip(&numbered);
        let created = given.filter_map(|(asked, given)| match (asked, given) {
            (Operation::Create { object: asked, .. }, Operation::Create { object: given, .. }) => {
                (asked.0 >= PLACEHOLDERS).then_some((*asked, *given))
            }
            _ => None,
        });
        let created = created.collect();
        self.memory.note(number + 1, editor, &numbered);
        if stroke.is_some() {
            self.memory.hold(tick, editor, &numbered);
        }
        self.undo.done(&editor.account, number + 1, inverses.clone(), stroke);
        Ok(Made {
            operations: numbered.into(),
            inverses: inverses.into(),
            created,
            skipped: Vec::new(),
        })
    }

    /// Undoes what somebody did last, as far as others have not changed it since.
    pub fn undo(&mut self, scene: &mut Scene, wanted: Wanted<'_>) -> Result<Made, EditRefusal> {
        self.step_back(scene, wanted, Way::Undo)
    }

    /// Does again what somebody undid last, as far as others have not changed it since.
    pub fn redo(&mut self, scene: &mut Scene, wanted: Wanted<'_>) -> Result<Made, EditRefusal> {
        self.step_back(scene, wanted, Way::Redo)
    }

    fn step_back(
        &mut self,
        scene: &mut Scene,
        wanted: Wanted<'_>,
        way: Way,
    ) -> Result<Made, EditRefusal> {
        let Wanted { editor, tick, number } = wanted;
        let step = self.undo.take(&editor.account, way).ok_or(EditRefusal::Nothing)?;
        let (mut done, mut inverses, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
        for operation in step.operations {
            let newer = self.memory.changed_since(step.number, &editor.account, &operation);
            let held = self.memory.held_by(tick, &editor.account, &operation);
            let hindrance = hindrance(editor.role, &operation, scene).map(str::to_owned);
            let newer = newer.map(|by| format!("{by} has changed it since"));
            let held = held.map(|by| format!("{by} is just moving it"));
            if let Some(reason) = hindrance.or(newer).or(held) {
                skipped.push((operation, reason));
                continue;
            }
            match apply_one(scene, &operation) {
                Ok(inverse) => {
                    inverses.push(inverse);
                    done.push(operation);
                }
                Err(reason) => skipped.push((operation, reason)),
            }
        }
        if done.is_empty() {
            return Err(EditRefusal::AllSkipped { skipped });
        }
        inverses.reverse();
        self.check_size(scene, &done, &inverses)?;
        self.memory.note(number + 1, editor, &done);
        self.undo.taken(&editor.account, way, number + 1, inverses.clone());
        Ok(Made {
            operations: done.into(),
            inverses: inverses.into(),
            created: Vec::new(),
            skipped,
        })
    }

    /// Undoes what was just done when the document has become too large. Its size is known as a
    /// bound that grows with what is done, and is found out anew when that exceeds what is allowed.
    fn check_size(
        &mut self,
        scene: &mut Scene,
        done: &[Operation],
        inverses: &[Operation],
    ) -> Result<(), EditRefusal> {
        let most = json_bytes(&done).max(json_bytes(&inverses));
        let (bytes, bytes_max) = if most > LOG_BATCH_BYTES_MAX {
            (most, LOG_BATCH_BYTES_MAX)
        } else {
            let before = self.bytes_at_most;
            let bound = before.map(|before| before + json_bytes(&done));
            match bound.filter(|bound| *bound <= DOCUMENT_BYTES_MAX) {
                Some(bound) => {
                    self.bytes_at_most = Some(bound);
                    return Ok(());
                }
                None => {
                    let exact = json_bytes(&scene.document());
                    if exact <= DOCUMENT_BYTES_MAX {
                        self.bytes_at_most = Some(exact);
                        return Ok(());
                    }
                    (exact, DOCUMENT_BYTES_MAX)
                }
            }
        };
        scene.apply_all(inverses.iter().cloned()).expect("what was just done can be undone");
        Err(EditRefusal::TooLarge { bytes, bytes_max })
    }
}

/// Does all operations, or nothing; gives what undoes them, in order.
fn apply_all(
    scene: &mut Scene,
    wanted: Wanted<'_>,
    operations: &[Operation],
) -> Result<Vec<Operation>, EditRefusal> {
    let mut inverses = Vec::new();
    for (index, operation) in operations.iter().enumerate() {
        let refusal = match hindrance(wanted.editor.role, operation, scene) {
            Some(reason) => EditRefusal::Forbidden { index, reason },
            None => match apply_one(scene, operation) {
                Ok(inverse) => {
                    inverses.push(inverse);
                    continue;
                }
                Err(reason) => {
                    let copy = Copies { number: wanted.number, objects: Vec::new() };
                    EditRefusal::Impossible { index, reason, copy }
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
    inverses.reverse();
    Ok(inverses)
}

/// Does one operation, or nothing; gives what undoes it.
fn apply_one(scene: &mut Scene, operation: &Operation) -> Result<Operation, String> {
    let inverse = scene.apply(operation.clone()).map_err(|refusal| refusal.to_string())?;
    if let Err(reason) = check_shapes(scene, operation) {
        scene.apply(inverse).expect("what was just done can be undone");
        return Err(reason);
    }
    Ok(inverse)
}

/// Whether the shapes of what an operation changed can be built. The rules of documents cover all
/// but those that are made of points.
fn check_shapes(scene: &Scene, operation: &Operation) -> Result<(), String> {
    let mut changed = Changed::default();
    changed.note(scene, operation);
    for id in changed.bodies {
        let Some(object) = scene.object(id) else { continue };
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
    }
    Ok(())
}

/// How the objects of operations are now.
fn copies(scene: &Scene, number: u32, operations: &[Operation]) -> Copies {
    let ids: BTreeSet<ObjectId> = operations.iter().filter_map(Operation::object).collect();
    let objects = ids.into_iter().take(COPIES_MAX).map(|id| {
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
