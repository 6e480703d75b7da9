//! Showing others what is chosen to be changed. Keeps nothing.

use bevy_ecs::prelude::*;
use vivarium_contract::Intent;
use vivarium_protocol::{ids::ObjectId, limits::SELECTED_OBJECTS_MAX, notice::ServerMessage};

use crate::{
    authority::{Claim, Granted, Person, Wish, everyone},
    tick::Outbox,
};

/// What somebody has chosen.
pub(super) struct Select(Vec<ObjectId>);

impl Wish for Select {
    fn claim(intent: Intent) -> Claim<Self> {
        match intent {
            Intent::Select { mut objects } => {
                objects.truncate(SELECTED_OBJECTS_MAX);
                Claim::Allowed(Self(objects))
            }
            other => Claim::Other(other),
        }
    }
}

pub(super) fn show_selected(
    selected: Res<Granted<Select>>,
    people: Query<&Person>,
    mut outbox: ResMut<Outbox>,
) {
    for select in selected.iter() {
        let person = select.person();
        let others = everyone(people.iter()).into_iter().filter(|other| *other != person).collect();
        let objects = select.wish().0.clone();
        outbox.notice(others, &ServerMessage::Selected { person, objects });
    }
}
