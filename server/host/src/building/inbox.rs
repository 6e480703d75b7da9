//! Changes on their way to a world's thread, which sleeps until its next tick or until one comes.
//!
//! A queue of their own, so that nothing else that is sent to a world wakes it: those who walk send
//! something all the time. Edits come before all other inputs of a tick anyway, so they overtake
//! nothing that matters by it. Invariant: they leave in the order in which they came.

use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

use vivarium_contract::WorldInput;

use super::locked;
use crate::limits::EDITS_QUEUED_MAX;

/// See the module.
#[derive(Debug, Default)]
pub struct EditInbox {
    waiting: Mutex<Vec<WorldInput>>,
    came: Condvar,
}

impl EditInbox {
    /// Puts one in without waiting; whether there was room for it.
    pub(super) fn put(&self, edit: WorldInput) -> bool {
        let mut waiting = locked(&self.waiting);
        let has_room = waiting.len() < EDITS_QUEUED_MAX;
        if has_room {
            waiting.push(edit);
            self.came.notify_one();
        }
        has_room
    }

    /// How many wait.
    pub fn depth(&self) -> usize {
        locked(&self.waiting).len()
    }

    /// Takes out all that wait.
    pub fn take(&self) -> Vec<WorldInput> {
        std::mem::take(&mut *locked(&self.waiting))
    }

    /// Waits until something comes, and takes all of it; nothing when nothing came for so long.
    pub fn wait(&self, patience: Duration) -> Vec<WorldInput> {
        let waiting = locked(&self.waiting);
        let came = self.came.wait_timeout_while(waiting, patience, |waiting| waiting.is_empty());
        let (mut waiting, _) = came.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *waiting)
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Instant};

    use vivarium_contract::editing::{Change, Editor, Role};

    use super::*;

    /// Longer than anything here should take; reached only when a test fails.
    const DEADLINE: Duration = Duration::from_secs(30);

    fn undo(ask: u32) -> WorldInput {
        let editor = Editor { account: "a".into(), name: "Ana".into(), role: Role::Builder };
        WorldInput::Edit { ask, editor, change: Change::Undo }
    }

    #[test]
    fn whoever_waits_is_woken_and_gets_everything_in_order() {
        let inbox = Arc::new(EditInbox::default());
        let world = inbox.clone();
        let began = Instant::now();
        let waiting = std::thread::spawn(move || {
            let mut all = Vec::new();
            while all.len() < 3 {
                all.extend(world.wait(DEADLINE));
            }
            all
        });
        assert!((0..3).all(|ask| inbox.put(undo(ask))));
        assert_eq!(waiting.join().unwrap(), [undo(0), undo(1), undo(2)]);
        assert!(began.elapsed() < DEADLINE, "woken, not by the clock");
        assert_eq!(inbox.wait(Duration::ZERO), []);
    }

    #[test]
    fn beyond_the_maximum_nothing_is_taken_in() {
        let inbox = EditInbox::default();
        let taken = (0..EDITS_QUEUED_MAX as u32 + 9).filter(|ask| inbox.put(undo(*ask))).count();
        assert_eq!((taken, inbox.depth()), (EDITS_QUEUED_MAX, EDITS_QUEUED_MAX));
        assert_eq!(inbox.take().len(), EDITS_QUEUED_MAX);
        assert!(inbox.put(undo(0)));
    }
}
