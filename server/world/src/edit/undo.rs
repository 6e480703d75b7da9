//! What each person may undo and redo.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use vivarium_contract::editing::Editor;
use vivarium_scene::operation::{Operation, Touched};

use crate::limits::{
    OPERATIONS_PER_TICK, UNDO_BYTES_MAX, UNDO_BYTES_OF_ALL_MAX, UNDO_PEOPLE_MAX, UNDO_STEPS_MAX,
};

/// Something that can be undone, or done again.
#[derive(Clone, Debug)]
pub(super) struct StepBack {
    /// In the order in which they are to be done, each with the edit that it undoes.
    pub operations: Vec<(u32, Operation)>,
    stroke: Option<u32>,
    /// As JSON.
    bytes: usize,
}

#[derive(Debug, Default)]
struct Stacks {
    undo: VecDeque<StepBack>,
    redo: VecDeque<StepBack>,
    newest: u32,
}

impl Stacks {
    fn bytes(&self) -> usize {
        self.undo.iter().chain(&self.redo).map(|step| step.bytes).sum()
    }
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Undo,
    Redo,
}

/// What undoes an edit.
pub(super) struct Inverses {
    pub number: u32,
    pub operations: Vec<Operation>,
    /// As JSON.
    pub bytes: usize,
}

impl Inverses {
    fn step(self, stroke: Option<u32>) -> StepBack {
        let number = self.number;
        let operations = self.operations.into_iter().map(|operation| (number, operation));
        StepBack { operations: operations.collect(), stroke, bytes: self.bytes }
    }
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
    pub fn done(&mut self, account: &str, inverses: Inverses, stroke: Option<u32>) {
        let stacks = self.stacks(account, inverses.number);
        stacks.redo.clear();
        match stacks.undo.back_mut() {
            Some(last) if stroke.is_some() && last.stroke == stroke && last.has_room(&inverses) => {
                last.merge(inverses);
            }
            _ => stacks.undo.push_back(inverses.step(stroke)),
        }
        trim(&mut stacks.undo);
        self.trim_all(account);
    }

    /// Takes the next step.
    pub fn take(&mut self, account: &str, way: Way) -> Option<StepBack> {
        let stacks = self.0.get_mut(account)?;
        match way {
            Way::Undo => stacks.undo.pop_back(),
            Way::Redo => stacks.redo.pop_back(),
        }
    }

    /// A step that was taken could not be done now: it may be later.
    pub fn put_back(&mut self, account: &str, way: Way, step: StepBack) {
        if let Some(stacks) = self.0.get_mut(account) {
            match way {
                Way::Undo => stacks.undo.push_back(step),
                Way::Redo => stacks.redo.push_back(step),
            }
        }
    }

    /// A step was taken: it can be taken back.
    pub fn taken(&mut self, account: &str, way: Way, inverses: Inverses) {
        let stacks = self.stacks(account, inverses.number);
        let other = match way {
            Way::Undo => &mut stacks.redo,
            Way::Redo => &mut stacks.undo,
        };
        other.push_back(inverses.step(None));
        trim(other);
        self.trim_all(account);
    }

    /// Forgets what undoes edits that were taken back.
    pub fn forget_from(&mut self, number: u32) {
        for stacks in self.0.values_mut() {
            for steps in [&mut stacks.undo, &mut stacks.redo] {
                for step in steps.iter_mut() {
                    step.operations.retain(|(of, _)| *of < number);
                }
                steps.retain(|step| !step.operations.is_empty());
            }
        }
    }

    fn stacks(&mut self, account: &str, number: u32) -> &mut Stacks {
        if self.0.len() >= UNDO_PEOPLE_MAX && !self.0.contains_key(account) {
            self.forget_quietest(account);
        }
        let stacks = self.0.entry(account.to_owned()).or_default();
        stacks.newest = number;
        stacks
    }

    /// Whoever was quiet for longest can undo nothing any more. Whether there was anybody else.
    fn forget_quietest(&mut self, but: &str) -> bool {
        let others = self.0.iter().filter(|(account, _)| *account != but);
        let quiet = others.min_by_key(|(_, stacks)| stacks.newest);
        match quiet.map(|(account, _)| account.clone()) {
            Some(quiet) => self.0.remove(&quiet).is_some(),
            None => false,
        }
    }

    fn trim_all(&mut self, account: &str) {
        while self.0.values().map(Stacks::bytes).sum::<usize>() > UNDO_BYTES_OF_ALL_MAX
            && self.forget_quietest(account)
        {}
    }
}

/// The oldest steps go when there are too many, or too much in them; the newest stays.
fn trim(steps: &mut VecDeque<StepBack>) {
    let mut bytes: usize = steps.iter().map(|step| step.bytes).sum();
    while steps.len() > UNDO_STEPS_MAX || (bytes > UNDO_BYTES_MAX && steps.len() > 1) {
        bytes -= steps.pop_front().map_or(0, |step| step.bytes);
    }
}

/// Whether of two such operations about the same thing the one that is done last does all that the
/// other did.
fn replaces(touched: &Touched) -> bool {
    !matches!(touched, Touched::Object(_) | Touched::Blueprint(_))
}

impl StepBack {
    /// Whether the step stays small enough to be done in one tick.
    fn has_room(&self, inverses: &Inverses) -> bool {
        self.operations.len() + inverses.operations.len() <= OPERATIONS_PER_TICK
            && self.bytes + inverses.bytes <= UNDO_BYTES_MAX / 4
    }

    /// Takes in what undoes a later edit of the same stroke. Where an object was between the two is
    /// of no interest.
    fn merge(&mut self, inverses: Inverses) {
        let known: BTreeSet<Touched> =
            self.operations.iter().map(|(_, operation)| operation.touched()).collect();
        let is_known = |operation: &Operation| {
            let touched = operation.touched();
            replaces(&touched) && known.contains(&touched)
        };
        let (number, bytes) = (inverses.number, inverses.bytes);
        let before = inverses.operations.len();
        let kept: Vec<(u32, Operation)> = inverses
            .operations
            .into_iter()
            .filter(|operation| !is_known(operation))
            .map(|operation| (number, operation))
            .collect();
        self.bytes += bytes * kept.len() / before.max(1);
        self.operations.splice(0..0, kept);
    }
}
