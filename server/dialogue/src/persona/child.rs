//! What a child has of two companions: genes by [`Genome::child`], and texts of both, by one seed.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use super::{
    Each, PERSONA_BYTES_MAX, PERSONA_LIST_MAX, PERSONA_TEXT_CHARS_MAX, Persona, Told,
    genome::Genome,
};
use crate::hearing::language::Language;

/// Mixed into the seed, so that texts are drawn by other lots than genes.
const TEXTS: u64 = 0x7465_7874_735f_6f66;

/// A child of two. The same seed, parents and name have the same child.
pub fn child(seed: u64, name: &str, mother: &Persona, father: &Persona) -> Persona {
    let mut lots = ChaCha8Rng::seed_from_u64(seed ^ TEXTS);
    let mut one = || if lots.next_u32() & 1 == 0 { mother } else { father };
    let (role, voice, manner, told_by) = (one(), one(), one(), one());
    let likes = mixed(&mut lots, &mother.likes, &father.likes);
    let dislikes = mixed(&mut lots, &mother.dislikes, &father.dislikes);
    let mut languages = mother.languages.clone();
    languages.extend(father.languages.iter().filter(|one| !mother.languages.contains(one)));
    let mut child = Persona {
        name: name.to_owned(),
        voice: voice.voice.clone(),
        role: role.role.clone(),
        background: background(mother, father, told_by),
        manner: manner.manner.clone(),
        dislikes: dislikes.into_iter().filter(|told| !likes.contains(told)).collect(),
        likes,
        languages,
        adults_only: mother.adults_only || father.adults_only,
        genome: Genome::child(seed, &mother.genome, &father.genome),
        greetings: mixed(&mut lots, &mother.greetings, &father.greetings),
        sayings: mixed(&mut lots, &mother.sayings, &father.sayings),
        stories: mixed(&mut lots, &mother.stories, &father.stories),
        jokes: mixed(&mut lots, &mother.jokes, &father.jokes),
        riddles: mixed(&mut lots, &mother.riddles, &father.riddles),
    };
    shorten(&mut child);
    child
}

/// Of whom it is the child, and what one of them has told.
fn background(mother: &Persona, father: &Persona, told_by: &Persona) -> Told {
    let (a, b, c) = (&mother.name, &father.name, &told_by.name);
    let cut = |text: String| text.chars().take(PERSONA_TEXT_CHARS_MAX).collect::<String>();
    let en = told_by.background.to(Language::En);
    let fr = told_by.background.to(Language::Fr);
    Told::Each(Each {
        en: cut(format!("I am the child of {a} and {b}. {c} told me: “{en}”")),
        fr: cut(format!("Je suis l'enfant de {a} et {b}. {c} m'a raconté : « {fr} »")),
    })
}

/// As many as the longer list has, of both, by lot, each once.
fn mixed<T: Clone + PartialEq>(lots: &mut ChaCha8Rng, mothers: &[T], fathers: &[T]) -> Vec<T> {
    let mut both: Vec<&T> = mothers.iter().collect();
    both.extend(fathers.iter().filter(|one| !mothers.contains(one)));
    let count = mothers.len().max(fathers.len()).min(PERSONA_LIST_MAX);
    for index in 0..count.min(both.len()) {
        let left = both.len() - index;
        both.swap(index, index + lots.next_u32() as usize % left);
    }
    both.into_iter().take(count).cloned().collect()
}

/// Leaves out what has no room in a persona.
fn shorten(child: &mut Persona) {
    while serde_json::to_vec(child).is_ok_and(|json| json.len() > PERSONA_BYTES_MAX) {
        let Persona { stories, jokes, sayings, greetings, riddles, likes, dislikes, .. } = child;
        let lists = [stories, jokes, sayings, greetings, dislikes, likes];
        let longest = lists.into_iter().max_by_key(|list| list.len());
        if riddles.pop().is_none() && longest.and_then(Vec::pop).is_none() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persona::templates;

    fn template(id: &str) -> Persona {
        templates::template(id).unwrap().unwrap()
    }

    #[test]
    fn a_child_has_something_of_both_and_holds() {
        let all: Vec<Persona> = templates::ids().map(template).collect();
        for (seed, mother) in (0..).zip(&all) {
            for father in &all {
                let child = child(seed, "Ada", mother, father);
                child.check().unwrap();
                assert_eq!(child, super::child(seed, "Ada", mother, father));
                assert_eq!(child.genome, Genome::child(seed, &mother.genome, &father.genome));
                let background = child.background.to(Language::En);
                assert!(background.contains(&mother.name) && background.contains(&father.name));
                let is_of_both =
                    |told: &Told| mother.likes.contains(told) || father.likes.contains(told);
                assert!(child.likes.iter().all(is_of_both));
            }
        }
        let (guide, jester) = (template("guide"), template("jester"));
        let children: Vec<Persona> =
            (0..20).map(|seed| super::child(seed, "Ada", &guide, &jester)).collect();
        assert!(children.iter().any(|child| child.role == guide.role));
        assert!(children.iter().any(|child| child.role == jester.role));
    }

    #[test]
    fn a_child_of_two_who_have_all_that_may_be_is_no_larger_than_they() {
        let full = |letter: &str| {
            let told = |n: usize| Told::Same(format!("{n}{}", letter.repeat(1_100)));
            let lists = |from: usize| (from..from + 8).map(told).collect::<Vec<_>>();
            Persona {
                stories: lists(0),
                jokes: lists(10),
                sayings: lists(20),
                greetings: lists(30),
                likes: lists(40),
                dislikes: lists(50),
                ..template("guide")
            }
        };
        let child = child(7, "Ada", &full("a"), &full("b"));
        assert!(serde_json::to_vec(&child).unwrap().len() <= PERSONA_BYTES_MAX);
        child.check().unwrap();
    }
}
