//! What each person may undo and redo.

use std::collections::{BTreeMap, VecDeque};

use vivarium_contract::editing::Editor;
use vivarium_scene::operation::{Operation, Touched};

use crate::limits::{UNDO_OPERATIONS_MAX, UNDO_PEOPLE_MAX, UNDO_STEPS_MAX};

/// Something that can be undone, or done again.
#[derive(Clone, Debug)]
pub(super) struct StepBack {
    /// The newest edit in it.
    pub number: u32,
    /// In the order in which they are to be done.
    pub operations: Vec<Operation>,
    stroke: Option<u32>,
}

#[derive(Debug, Default)]
struct Stacks {
    undo: VecDeque<StepBack>,
    redo: VecDeque<StepBack>,
    newest: u32,
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Undo,
    Redo,
}

/// Everybody's steps.
#[derive(Debug, Default)]
pub(crate) struct Undo(BTreeMap<String, Stacks>);

impl Undo {
    /// How many operations the next step back of somebody has at most.
    pub fn size(&self, editor: &Editor) -> usize {
        let stacks = self.0.get(&editor.account);
        let last = stacks.into_iter().flat_map(|all| [all.undo.back(), all.redo.back()]);
        last.flatten().map(|step| step.operations.len()).max().unwrap_or(0).max(1)
    }

    /// Somebody did something new: nothing that was undone can be redone.
    pub fn done(
        &mut self,
        account: &str,
        number: u32,
        inverses: Vec<Operation>,
        stroke: Option<u32>,
    ) {
        let stacks = self.stacks(account, number);
        stacks.redo.clear();
        match stacks.undo.back_mut() {
            Some(last) if stroke.is_some() && last.stroke == stroke => last.merge(number, inverses),
            _ => stacks.undo.push_back(StepBack { number, operations: inverses, stroke }),
        }
        trim(&mut stacks.undo);
    }

    /// Takes the next step.
    pub fn take(&mut self, account: &str, way: Way) -> Option<StepBack> {
        let stacks = self.0.get_mut(account)?;
        match way {
            Way::Undo => stacks.undo.pop_back(),
            Way::Redo => stacks.redo.pop_back(),
        }
    }

    /// A step was taken: it can be taken back.
    pub fn taken(&mut self, account: &str, way: Way, number: u32, inverses: Vec<Operation>) {
        let stacks = self.stacks(account, number);
        let step = StepBack { number, operations: inverses, stroke: None };
        let other = match way {
            Way::Undo => &mut stacks.redo,
            Way::Redo => &mut stacks.undo,
        };
        other.push_back(step);
        trim(other);
    }

    /// Forgets the steps of edits that were taken back.
    pub fn forget_from(&mut self, number: u32) {
        for stacks in self.0.values_mut() {
            stacks.undo.retain(|step| step.number < number);
            stacks.redo.retain(|step| step.number < number);
        }
    }

    fn stacks(&mut self, account: &str, number: u32) -> &mut Stacks {
        if self.0.len() >= UNDO_PEOPLE_MAX && !self.0.contains_key(account) {
            // Whoever was quiet for longest can undo nothing any more.
            let quiet = self.0.iter().min_by_key(|(_, stacks)| stacks.newest);
            if let Some(quiet) = quiet.map(|(account, _)| account.clone()) {
                self.0.remove(&quiet);
            }
        }
        let stacks = self.0.entry(account.to_owned()).or_default();
        stacks.newest = number;
        stacks
    }
}

/// The oldest steps go when there are too many, or too much in them; the newest stays.
fn trim(steps: &mut VecDeque<StepBack>) {
    let mut operations: usize = steps.iter().map(|step| step.operations.len()).sum();
    while steps.len() > UNDO_STEPS_MAX || (operations > UNDO_OPERATIONS_MAX && steps.len() > 1) {
        operations -= steps.pop_front().map_or(0, |step| step.operations.len());
    }
}

impl StepBack {
    /// Takes in what undoes a later edit of the same stroke. Where an object was between the two is
    /// of no interest.
    fn merge(&mut self, number: u32, inverses: Vec<Operation>) {
        self.number = number;
        let is_known = |operation: &Operation| {
            let touched = operation.touched();
            !matches!(touched, Touched::Object(_))
                && self.operations.iter().any(|known| known.touched() == touched)
        };
        let mut operations: Vec<Operation> =
            inverses.into_iter().filter(|operation| !is_known(operation)).collect();
        operations.append(&mut self.operations);
        self.operations = operations;
    }
}
