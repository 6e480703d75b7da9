//! Who may do what, as plain data: what is known, what may become of it, and what batches say of it.
//!
//! Invariant: what [`RoleTable::check`] lets pass takes away neither the last owner of a world nor
//! what somebody may do in all worlds.

use std::collections::BTreeMap;

use vivarium_contract::{editing::Role, saving::SavedGrant};
use vivarium_scene::operation::Operation;
use vivarium_store::port::Grant;

use crate::limits::ROLES_PER_WORLD_MAX;

/// Why a role is not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleRefusal {
    /// They may do something else than the operation says.
    #[error("`from` is not what they may do here: {current:?}, by now")]
    Other {
        /// What they may do.
        current: Role,
    },
    /// It would be less than they may do everywhere.
    #[error("they may do that in all worlds, which is not changed in one of them")]
    Everywhere,
    /// Nobody could say any more who may do what.
    #[error("a world needs an owner: make somebody else one first")]
    LastOwner,
    /// There are as many as there may be.
    #[error("at most {ROLES_PER_WORLD_MAX} people may have a role in a world")]
    TooMany,
}

/// One of a batch's operations that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("operations[{index}]: {refusal}")]
pub struct RefusedRole {
    /// Which operation.
    pub index: usize,
    /// Why.
    pub refusal: RoleRefusal,
}

/// What somebody may do, as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Who.
    pub account: String,
    /// As people knew them last; empty: nobody has said it.
    pub name: String,
    /// What, in the world that was asked for.
    pub role: Role,
    /// Whether they may do that in all worlds.
    pub everywhere: bool,
}

/// Of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Held {
    name: String,
    everywhere: Role,
    /// By worlds; a visitor is not in it.
    worlds: BTreeMap<String, Role>,
}

impl Held {
    fn within(&self, world: &str) -> Role {
        self.worlds.get(world).copied().unwrap_or_default()
    }

    fn of(&self, world: &str) -> Role {
        self.everywhere.max(self.within(world))
    }
}

/// Everybody's roles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleTable(BTreeMap<String, Held>);

impl RoleTable {
    /// Notes what is kept.
    pub fn note(&mut self, grant: Grant) {
        let Grant { account, world, role, name } = grant;
        let held = self.0.entry(account.clone()).or_default();
        if !name.is_empty() {
            held.name = name;
        }
        match (world, role) {
            (None, role) => held.everywhere = role,
            (Some(world), Role::Visitor) => {
                held.worlds.remove(&world);
            }
            (Some(world), role) => {
                held.worlds.insert(world, role);
            }
        }
        if held.everywhere == Role::Visitor && held.worlds.is_empty() {
            self.0.remove(&account);
        }
    }

    /// What somebody may do in a world.
    pub fn of(&self, account: &str, world: &str) -> Role {
        self.0.get(account).map(|held| held.of(world)).unwrap_or_default()
    }

    /// What somebody with a role is called; empty: nobody has said it.
    pub fn name(&self, account: &str) -> Option<&str> {
        self.0.get(account).map(|held| held.name.as_str())
    }

    /// Somebody with a role is called otherwise.
    pub fn rename(&mut self, account: &str, name: &str) {
        if let Some(held) = self.0.get_mut(account) {
            name.clone_into(&mut held.name);
        }
    }

    /// Whether somebody owns all worlds.
    pub fn is_owned(&self) -> bool {
        self.0.values().any(|held| held.everywhere == Role::Owner)
    }

    /// Who has a role in a world: owners first, then by accounts. At most
    /// [`ROLES_PER_WORLD_MAX`].
    pub fn list(&self, world: &str) -> Vec<Listed> {
        let held = self.0.iter().filter(|(_, held)| held.of(world) > Role::Visitor);
        let mut listed: Vec<Listed> = held
            .map(|(account, held)| Listed {
                account: account.clone(),
                name: held.name.clone(),
                role: held.of(world),
                everywhere: held.everywhere >= held.within(world),
            })
            .collect();
        listed.sort_by_key(|listed| std::cmp::Reverse(listed.role));
        listed.truncate(ROLES_PER_WORLD_MAX);
        listed
    }

    /// Whether a batch may change roles in a world as it says. That its author may do so, and that
    /// it makes sense, is looked at by the world.
    pub fn check(&self, world: &str, operations: &[Operation]) -> Result<(), RefusedRole> {
        let mut after: BTreeMap<&str, Role> = BTreeMap::new();
        let (mut given, mut taken) = (None, None);
        for (index, operation) in operations.iter().enumerate() {
            let Operation::Permission { account, from, to, .. } = operation else { continue };
            let held = self.0.get(account);
            let everywhere = held.map(|held| held.everywhere).unwrap_or_default();
            let within = held.map(|held| held.within(world)).unwrap_or_default();
            let current = everywhere.max(after.get(account.as_str()).copied().unwrap_or(within));
            if *from != current {
                let refusal = RoleRefusal::Other { current };
                return Err(RefusedRole { index, refusal });
            }
            if *to < everywhere {
                return Err(RefusedRole { index, refusal: RoleRefusal::Everywhere });
            }
            after.insert(account, *to);
            given = given.or((*from == Role::Visitor).then_some(index));
            taken = taken.or((*from == Role::Owner).then_some(index));
        }
        if let Some(index) = taken
            && self.count_after(world, &after, Role::Owner) == 0
        {
            return Err(RefusedRole { index, refusal: RoleRefusal::LastOwner });
        }
        match given {
            Some(index) if self.count_after(world, &after, Role::Builder) > ROLES_PER_WORLD_MAX => {
                Err(RefusedRole { index, refusal: RoleRefusal::TooMany })
            }
            _ => Ok(()),
        }
    }

    /// How many have at least a role in a world when some have another one.
    fn count_after(&self, world: &str, after: &BTreeMap<&str, Role>, least: Role) -> usize {
        let others = self.0.iter().filter(|(account, _)| !after.contains_key(account.as_str()));
        let others = others.filter(|(_, held)| held.of(world) >= least).count();
        others + after.values().filter(|role| **role >= least).count()
    }
}

impl FromIterator<Grant> for RoleTable {
    fn from_iter<T: IntoIterator<Item = Grant>>(grants: T) -> Self {
        let mut table = Self::default();
        grants.into_iter().for_each(|grant| table.note(grant));
        table
    }
}

/// What operations say of roles in their world, in order.
pub fn granted(operations: &[Operation]) -> Vec<SavedGrant> {
    let granted = operations.iter().filter_map(|operation| match operation {
        Operation::Permission { account, name, to, .. } => {
            Some(SavedGrant { account: account.clone(), name: name.clone(), role: *to })
        }
        _ => None,
    });
    granted.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(account: &str, world: Option<&str>, role: Role) -> Grant {
        let world = world.map(str::to_owned);
        Grant { account: account.into(), world, role, name: account.to_uppercase() }
    }

    fn permission(account: &str, from: Role, to: Role) -> Operation {
        Operation::Permission { account: account.into(), name: String::new(), from, to }
    }

    fn refused(table: &RoleTable, operations: &[Operation]) -> (usize, RoleRefusal) {
        let refused = table.check("here", operations).unwrap_err();
        (refused.index, refused.refusal)
    }

    #[test]
    fn roles_of_one_world_and_of_all_add_up() {
        let mut table: RoleTable = [
            grant("ana", None, Role::Owner),
            grant("bo", Some("here"), Role::Builder),
            grant("cy", None, Role::Builder),
            grant("cy", Some("here"), Role::Owner),
        ]
        .into_iter()
        .collect();
        assert_eq!(table.of("ana", "there"), Role::Owner);
        assert_eq!(
            (table.of("bo", "here"), table.of("bo", "there")),
            (Role::Builder, Role::Visitor)
        );
        assert_eq!((table.of("cy", "here"), table.of("cy", "there")), (Role::Owner, Role::Builder));
        let listed = |account: &str, role, everywhere| Listed {
            account: account.into(),
            name: account.to_uppercase(),
            role,
            everywhere,
        };
        let (ana, cy) = (listed("ana", Role::Owner, true), listed("cy", Role::Owner, false));
        assert_eq!(table.list("here"), [ana.clone(), cy, listed("bo", Role::Builder, false)]);
        assert_eq!(table.list("there"), [ana, listed("cy", Role::Builder, true)]);
        // A name that nobody says is not forgotten, and whoever has no role is.
        table.note(Grant { name: String::new(), ..grant("bo", Some("here"), Role::Owner) });
        assert_eq!(table.name("bo"), Some("BO"));
        table.note(grant("bo", Some("here"), Role::Visitor));
        assert_eq!((table.name("bo"), table.of("bo", "here")), (None, Role::Visitor));
    }

    #[test]
    fn what_was_not_so_or_is_so_everywhere_is_not_changed() {
        use Role::{Builder, Owner, Visitor};
        let table: RoleTable = [
            grant("ana", None, Owner),
            grant("bo", Some("here"), Builder),
            grant("cy", None, Builder),
        ]
        .into_iter()
        .collect();
        let other = |index, current| (index, RoleRefusal::Other { current });
        assert_eq!(refused(&table, &[permission("bo", Visitor, Builder)]), other(0, Builder));
        assert_eq!(refused(&table, &[permission("di", Builder, Owner)]), other(0, Visitor));
        // Each counts for those after it.
        let twice = [permission("bo", Builder, Owner), permission("bo", Builder, Visitor)];
        assert_eq!(refused(&table, &twice), other(1, Owner));
        let back = [permission("bo", Builder, Owner), permission("bo", Owner, Builder)];
        assert_eq!(table.check("here", &back), Ok(()));
        for to in [Visitor, Builder] {
            let refused = refused(&table, &[permission("ana", Owner, to)]);
            assert_eq!(refused, (0, RoleRefusal::Everywhere));
        }
        assert_eq!(table.check("here", &[permission("cy", Builder, Owner)]), Ok(()), "it is more");
    }

    #[test]
    fn the_last_owner_stays() {
        use Role::{Builder, Owner, Visitor};
        let mut table: RoleTable =
            [grant("ana", Some("here"), Owner), grant("bo", Some("here"), Builder)]
                .into_iter()
                .collect();
        let leaves = permission("ana", Owner, Visitor);
        let last = refused(&table, std::slice::from_ref(&leaves));
        assert_eq!(last, (0, RoleRefusal::LastOwner));
        // Whoever hands the world over may do it in any order.
        let hands_over = [leaves.clone(), permission("bo", Builder, Owner)];
        assert_eq!(table.check("here", &hands_over), Ok(()));
        table.note(grant("cy", Some("there"), Owner));
        assert!(table.check("here", std::slice::from_ref(&leaves)).is_err(), "of another world");
        table.note(grant("cy", None, Owner));
        assert_eq!(table.check("here", &[leaves]), Ok(()), "of all worlds");
    }

    #[test]
    fn not_everybody_gets_a_role() {
        use Role::{Builder, Owner, Visitor};
        let many = (0..ROLES_PER_WORLD_MAX).map(|n| grant(&n.to_string(), Some("here"), Owner));
        let table: RoleTable = many.collect();
        let one_more = permission("ana", Visitor, Builder);
        let full = refused(&table, std::slice::from_ref(&one_more));
        assert_eq!(full, (0, RoleRefusal::TooMany));
        let exchanged = [permission("7", Owner, Visitor), one_more];
        assert_eq!(table.check("here", &exchanged), Ok(()));
        assert_eq!(table.list("here").len(), ROLES_PER_WORLD_MAX);
    }

    #[test]
    fn operations_say_what_is_granted_in_order() {
        let operations = [
            permission("bo", Role::Visitor, Role::Builder),
            Operation::Title { title: "T".into(), description: String::new() },
            permission("bo", Role::Builder, Role::Visitor),
        ];
        let roles: Vec<Role> = granted(&operations).iter().map(|grant| grant.role).collect();
        assert_eq!(roles, [Role::Builder, Role::Visitor]);
    }
}
