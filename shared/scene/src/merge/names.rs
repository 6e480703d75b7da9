//! Names that nobody else has.

use std::collections::{BTreeMap, BTreeSet};

use crate::limits::NAME_CHARS_MAX;

/// So many characters of a name have room for any number behind them.
const STEM_CHARS: usize = NAME_CHARS_MAX - 6;

/// Names that are taken. Invariant: no number is tried twice, so that many names that are alike take
/// no longer than others.
#[derive(Clone, Debug, Default)]
pub struct Names {
    taken: BTreeSet<String>,
    /// By beginnings: the number to be tried next.
    next: BTreeMap<String, u32>,
}

impl Names {
    /// The name itself, or the first that is free with a number behind it; taken from now on.
    pub fn take(&mut self, name: &str) -> String {
        let mut own = name.to_owned();
        if self.taken.contains(name) {
            let stem: String = name.chars().take(STEM_CHARS).collect();
            let number = self.next.entry(stem).or_insert(2);
            while self.taken.contains(&own) {
                let end = format!("-{number}");
                let room = NAME_CHARS_MAX.saturating_sub(end.len());
                own = name.chars().take(room).chain(end.chars()).collect();
                *number = number.saturating_add(1);
            }
        }
        self.taken.insert(own.clone());
        own
    }
}

impl FromIterator<String> for Names {
    fn from_iter<T: IntoIterator<Item = String>>(names: T) -> Self {
        Self { taken: names.into_iter().collect(), next: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gets_a_name_of_its_own() {
        let long = "é".repeat(NAME_CHARS_MAX);
        let mut names: Names =
            ["post", "post-2", "post-3", long.as_str()].map(str::to_owned).into_iter().collect();
        assert_eq!(names.take("gate"), "gate");
        assert_eq!(
            [names.take("post"), names.take("post"), names.take("gate")],
            ["post-4", "post-5", "gate-2"]
        );
        assert_eq!(names.take(&long), format!("{}-2", "é".repeat(NAME_CHARS_MAX - 2)));
    }

    #[test]
    fn many_names_that_are_alike_do_not_take_long() {
        let all = || (0..20_000).map(|end| format!("{}{end:06}", "a".repeat(STEM_CHARS)));
        let mut names: Names = all().collect();
        let taken: BTreeSet<String> = all().map(|name| names.take(&name)).collect();
        assert_eq!(taken.len(), 20_000);
        assert_eq!(names.next.values().copied().collect::<Vec<_>>(), [20_002]);
    }
}
