//! Who touched what last, and who is moving what just now.

use std::collections::BTreeMap;

use vivarium_contract::editing::Editor;
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::operation::{Aspect, Operation, Touched};

use crate::limits::{HOLD_TICKS, TOUCHES_MAX};

/// By whom and when something was changed last.
#[derive(Clone, Debug)]
struct Touch {
    number: u32,
    account: String,
    name: String,
}

/// Somebody is moving an object.
#[derive(Clone, Debug)]
struct Hold {
    until_tick: u32,
    account: String,
    name: String,
}

/// What is remembered of edits.
#[derive(Debug, Default)]
pub(super) struct Memory {
    touches: BTreeMap<Touched, Touch>,
    /// Of edits up to this one it is not known any more what they touched.
    forgotten: u32,
    holds: BTreeMap<ObjectId, Hold>,
}

impl Memory {
    /// Notes an edit.
    pub fn note(&mut self, number: u32, editor: &Editor, operations: &[Operation]) {
        let touch = Touch { number, account: editor.account.clone(), name: editor.name.clone() };
        for operation in operations {
            self.touches.insert(operation.touched(), touch.clone());
        }
        if self.touches.len() > TOUCHES_MAX {
            // The older half goes.
            let mut numbers: Vec<u32> = self.touches.values().map(|touch| touch.number).collect();
            let (_, median, _) = numbers.select_nth_unstable(TOUCHES_MAX / 2);
            self.forgotten = self.forgotten.max(*median);
            let forgotten = self.forgotten;
            self.touches.retain(|_, touch| touch.number > forgotten);
        }
    }

    /// Forgets edits that were taken back.
    pub fn forget_from(&mut self, number: u32) {
        self.touches.retain(|_, touch| touch.number < number);
    }

    /// Who else has changed what an operation is about after edit `since`.
    pub fn changed_since(
        &self,
        since: u32,
        account: &str,
        operation: &Operation,
    ) -> Option<String> {
        if since < self.forgotten {
            return Some("somebody".to_owned());
        }
        let is_newer = |touch: &&Touch| touch.number > since && touch.account != account;
        let touched = operation.touched();
        let whole = match touched {
            Touched::Aspect(object, _) => self.touches.get(&Touched::Object(object)),
            _ => None,
        };
        let own = self.touches.get(&touched).into_iter().chain(whole);
        // Whether an object is there concerns everything about it.
        let aspects = match touched {
            Touched::Object(object) => {
                let (first, last) = (Aspect::Place, Aspect::Sound);
                let range = Touched::Aspect(object, first)..=Touched::Aspect(object, last);
                Some(self.touches.range(range).map(|(_, touch)| touch))
            }
            _ => None,
        };
        let found = own.chain(aspects.into_iter().flatten()).find(is_newer);
        found.map(|touch| touch.name.clone())
    }

    /// Holds the objects of a stroke for a moment.
    pub fn hold(&mut self, tick: u32, editor: &Editor, operations: &[Operation]) {
        self.holds.retain(|_, hold| hold.until_tick > tick);
        for object in operations.iter().filter_map(Operation::object) {
            let hold = Hold {
                until_tick: tick + HOLD_TICKS,
                account: editor.account.clone(),
                name: editor.name.clone(),
            };
            self.holds.insert(object, hold);
        }
    }

    /// Who else is moving the object of an operation.
    pub fn held_by(&self, tick: u32, account: &str, operation: &Operation) -> Option<String> {
        let hold = self.holds.get(&operation.object()?)?;
        (hold.until_tick > tick && hold.account != account).then(|| hold.name.clone())
    }
}
