//! Who touched what last, and who is moving what just now.

use std::collections::BTreeMap;

use vivarium_contract::editing::Editor;
use vivarium_protocol::ids::ObjectId;
use vivarium_scene::operation::{Aspect, Operation, Touched};

use crate::limits::{HOLD_TICKS, TOUCHES_MAX};

/// By whom and when something was changed.
#[derive(Clone, Debug)]
struct Touch {
    number: u32,
    account: String,
    name: String,
}

/// The newest change of something, and the newest by somebody other than who made that one: so that
/// for everybody it is known when somebody else changed it last.
#[derive(Clone, Debug)]
struct Touches {
    newest: Touch,
    other: Option<Touch>,
}

impl Touches {
    fn add(&mut self, touch: Touch) {
        let before = std::mem::replace(&mut self.newest, touch);
        if before.account != self.newest.account {
            self.other = Some(before);
        }
    }

    /// The newest change by somebody other than `account`.
    fn by_others(&self, account: &str) -> Option<&Touch> {
        if self.newest.account == account { self.other.as_ref() } else { Some(&self.newest) }
    }
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
    touches: BTreeMap<Touched, Touches>,
    /// Of edits up to this one it is not known any more what they touched.
    forgotten: u32,
    holds: BTreeMap<ObjectId, Hold>,
}

impl Memory {
    /// Notes an edit.
    pub fn note(&mut self, number: u32, editor: &Editor, operations: &[Operation]) {
        let touch = Touch { number, account: editor.account.clone(), name: editor.name.clone() };
        for operation in operations {
            match self.touches.get_mut(&operation.touched()) {
                Some(touches) => touches.add(touch.clone()),
                None => {
                    let touches = Touches { newest: touch.clone(), other: None };
                    self.touches.insert(operation.touched(), touches);
                }
            }
        }
        if self.touches.len() > TOUCHES_MAX {
            // The older half goes.
            let mut numbers: Vec<u32> =
                self.touches.values().map(|touches| touches.newest.number).collect();
            let (_, median, _) = numbers.select_nth_unstable(TOUCHES_MAX / 2);
            self.forgotten = self.forgotten.max(*median);
            let forgotten = self.forgotten;
            self.touches.retain(|_, touches| touches.newest.number > forgotten);
        }
    }

    /// Edits from this one on were taken back. What they touched counts as touched by nobody in
    /// particular before them: rather too much is taken for another's work than too little.
    pub fn forget_from(&mut self, number: u32) {
        for touches in self.touches.values_mut() {
            for touch in [Some(&mut touches.newest), touches.other.as_mut()].into_iter().flatten() {
                if touch.number >= number {
                    touch.number = number.saturating_sub(1);
                    touch.account.clear();
                }
            }
        }
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
        let touched = operation.touched();
        let whole = match touched {
            Touched::Aspect(object, _) => self.touches.get(&Touched::Object(object)),
            _ => None,
        };
        let own = self.touches.get(&touched).into_iter().chain(whole);
        // Whether an object is there concerns everything about it.
        let aspects = match touched {
            Touched::Object(object) => {
                let (first, last) = (Aspect::Place, Aspect::Companion);
                let range = Touched::Aspect(object, first)..=Touched::Aspect(object, last);
                Some(self.touches.range(range).map(|(_, touches)| touches))
            }
            _ => None,
        };
        let all = own.chain(aspects.into_iter().flatten());
        let newer = all.filter_map(|touches| touches.by_others(account));
        let found = newer.max_by_key(|touch| touch.number);
        found.filter(|touch| touch.number > since).map(|touch| touch.name.clone())
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
