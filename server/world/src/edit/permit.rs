//! Who may do what to a world.

use vivarium_contract::editing::Role;
use vivarium_scene::{operation::Operation, scene::Scene};

/// Why somebody may change nothing at all; none: they may change something.
pub(super) fn exclusion(role: Role) -> Option<&'static str> {
    (role < Role::Builder).then_some("only people who may build in this world can change it")
}

/// Why somebody may not do an operation; none: they may.
pub(super) fn hindrance(role: Role, operation: &Operation, scene: &Scene) -> Option<&'static str> {
    if let Some(reason) = exclusion(role) {
        return Some(reason);
    }
    let is_locked = |id| scene.object(id).is_some_and(|object| object.locked);
    match operation {
        Operation::Lock { .. } if role < Role::Owner => {
            Some("only owners of the world lock and unlock objects")
        }
        Operation::Create { value, .. } if value.locked && role < Role::Owner => {
            Some("only owners of the world lock and unlock objects")
        }
        // Owner is the highest role, so that nobody gives more than they have.
        Operation::Permission { .. } if role < Role::Owner => {
            Some("only owners of the world say who may do what in it")
        }
        Operation::Lock { .. } => None,
        // Nor is it changed by way of its blueprint.
        Operation::Blueprint { name, .. } | Operation::SetBlueprint { name, .. }
            if scene.instances(name).any(is_locked) =>
        {
            Some("an instance of the blueprint is locked: an owner of the world can unlock it")
        }
        _ if operation.object().is_some_and(is_locked) => {
            Some("the object is locked: an owner of the world can unlock it")
        }
        _ => None,
    }
}
