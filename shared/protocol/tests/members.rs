//! One member of a block, encoded and decoded again: for every facet, level of detail and history.

use proptest::{collection::vec, option, prelude::*, sample::select};
use vivarium_protocol::snapshot::{
    member::{Known, Models, Times, code_change, code_comer},
    range::{Bit, Coder, Decoder, Encoder},
    schema::{Coding, Facet, LEVELS, coarse},
};

/// Fields of a facet that are not at all smooth, coarsened to a level.
fn fields(facet: Facet, level: u8) -> impl Strategy<Value = Vec<i32>> {
    let mut ranges = Vec::new();
    for component in facet.schema().components {
        for field in 0..component.coding.field_count() {
            ranges.push(if component.coding == Coding::Rotation && field == 0 {
                (0..=3).boxed()
            } else {
                let (min, max) = (component.min, component.max);
                prop_oneof![min..=max, (-3..=3_i32).prop_map(move |it| it.clamp(min, max))].boxed()
            });
        }
    }
    ranges.prop_map(move |mut fields| {
        facet.schema().coarsen(level, &mut fields);
        fields
    })
}

/// A state a little after another one.
fn moved(facet: Facet, level: u8, base: &[i32], by: &[i32]) -> Vec<i32> {
    let mut fields = base.to_vec();
    let mut at = 0;
    for component in facet.schema().components {
        let end = at + component.coding.field_count();
        let first = usize::from(component.coding == Coding::Rotation);
        for (field, by) in fields[at + first..end].iter_mut().zip(&by[at + first..]) {
            *field = (*field + by).clamp(component.min, component.max);
        }
        at = end;
    }
    facet.schema().coarsen(level, &mut fields);
    fields
}

#[derive(Clone, Debug)]
struct Story {
    now: Vec<i32>,
    base: Vec<i32>,
    earlier: [Option<Vec<i32>>; 2],
}

impl Story {
    fn known(&self) -> Known<'_> {
        Known {
            base: &self.base,
            earlier: [self.earlier[0].as_deref(), self.earlier[1].as_deref()],
        }
    }
}

fn story(facet: Facet, level: u8, base_level: u8) -> impl Strategy<Value = Story> {
    let small = vec(prop_oneof![Just(0), -2..=2_i32, -400..=400_i32], facet.field_count());
    let any_state = move || fields(facet, base_level);
    (
        any_state(),
        small,
        option::of(fields(facet, level)),
        option::of(any_state()),
        option::of(any_state()),
    )
        .prop_map(move |(base, by, leap, first, second)| {
            let now = leap.unwrap_or_else(|| moved(facet, level, &base, &by));
            let back: Vec<i32> = by.iter().map(|it| -it).collect();
            let first = first.or_else(|| Some(moved(facet, base_level, &base, &back)));
            Story { now, base, earlier: [first, second] }
        })
}

fn times() -> impl Strategy<Value = (u32, [u32; 2])> {
    (1..=64_u32, [0..=64_u32, 0..=64_u32])
}

type Case = (Facet, u8, (u32, [u32; 2]), Vec<Story>);

fn case() -> impl Strategy<Value = Case> {
    let level = 0..LEVELS as u8;
    (select(Facet::ALL.to_vec()), level.clone(), level).prop_flat_map(|(facet, level, before)| {
        (Just(facet), Just(level), times(), vec(story(facet, level, before), 1..20))
    })
}

/// What a decoder gives is a state that can be a base of the next one.
fn is_possible(facet: Facet, level: u8, fields: &[i32]) -> bool {
    let mut at = 0;
    facet.schema().components.iter().all(|component| {
        let end = at + component.coding.field_count();
        let first = usize::from(component.coding == Coding::Rotation);
        let bits = component.coarse_bits[usize::from(level)];
        let range = coarse(component.min, bits)..=coarse(component.max, bits);
        let possible = (first == 0 || (0..=3).contains(&fields[at]))
            && fields[at + first..end].iter().all(|field| range.contains(field));
        at = end;
        possible
    })
}

proptest! {
    #[test]
    fn changes_come_back_as_they_were((facet, level, (age, gaps), stories) in case()) {
        let times = Times { age, gaps, level };
        let mut encoder = Encoder::default();
        // What an encoder did before does not matter.
        encoder.start();
        encoder.even(5, 3);
        encoder.start();
        let mut models = Models::fresh();
        let mut changed = Vec::new();
        for story in &stories {
            let mut now = story.now.clone();
            changed.push(code_change(
                &mut encoder, &mut models, facet, times, story.known(), &mut now,
            ));
            prop_assert_eq!(&now, &story.now);
        }
        let len_max = encoder.len_max();
        let bytes = encoder.finish();
        prop_assert!(bytes.len() <= len_max);
        let mut decoder = Decoder::new(bytes);
        let mut models = Models::fresh();
        for (story, changed) in stories.iter().zip(changed) {
            let mut now = vec![-1; story.now.len()];
            prop_assert_eq!(changed, story.now != story.base);
            prop_assert_eq!(changed, code_change(
                &mut decoder, &mut models, facet, times, story.known(), &mut now,
            ));
            prop_assert_eq!(&now, &story.now);
        }
        prop_assert!(!decoder.overran());
    }

    #[test]
    fn comers_come_back_as_they_were((facet, level, _, stories) in case()) {
        let mut encoder = Encoder::default();
        encoder.start();
        let mut models = Models::fresh();
        let mut like = None;
        for story in &stories {
            code_comer(&mut encoder, &mut models, facet, level, like, &mut story.now.clone());
            like = Some(&story.now[..]);
        }
        let mut decoder = Decoder::new(encoder.finish());
        let mut models = Models::fresh();
        let mut like = None;
        for story in &stories {
            let mut now = vec![-1; story.now.len()];
            code_comer(&mut decoder, &mut models, facet, level, like, &mut now);
            prop_assert_eq!(&now, &story.now);
            like = Some(&story.now[..]);
        }
        prop_assert!(!decoder.overran());
    }

    #[test]
    fn any_bytes_give_possible_states(
        (facet, level, (age, gaps), stories) in case(),
        bytes in vec(prop_oneof![any::<u8>(), Just(0), Just(255)], 0..60),
    ) {
        let mut decoder = Decoder::new(&bytes);
        let mut models = Models::fresh();
        let mut now = vec![i32::MIN; facet.field_count()];
        code_comer(&mut decoder, &mut models, facet, level, None, &mut now);
        prop_assert!(is_possible(facet, level, &now), "{:?}", now);
        // What came is what the next ones build on.
        let (mut base, mut earlier) = (now.clone(), stories[0].base.clone());
        for _ in 0..50 {
            let known = Known { base: &base, earlier: [Some(&earlier), None] };
            let times = Times { age, gaps, level };
            let changed = code_change(&mut decoder, &mut models, facet, times, known, &mut now);
            prop_assert!(!changed || is_possible(facet, level, &now), "{:?}", now);
            earlier = std::mem::replace(&mut base, now.clone());
        }
    }

    #[test]
    fn bits_come_back_as_they_were(
        bits in vec((any::<bool>(), 0..3_usize, any::<u16>(), 0..=16_u32), 0..400),
    ) {
        let fresh = [Bit::EVEN, Bit::prior(10, 200, 250), Bit::prior(65_535, 3, 20)];
        let mut encoder = Encoder::default();
        encoder.start();
        let mut models = fresh;
        for (bit, model, number, count) in &bits {
            encoder.bit(&mut models[*model], *bit);
            encoder.even(u32::from(*number) & ((1 << count) - 1), *count);
        }
        let mut decoder = Decoder::new(encoder.finish());
        let mut models = fresh;
        for (bit, model, number, count) in &bits {
            prop_assert_eq!(decoder.bit(&mut models[*model], false), *bit);
            let number = u32::from(*number) & ((1 << count) - 1);
            prop_assert_eq!(decoder.even(0, *count), number);
        }
        prop_assert!(!decoder.overran());
    }
}

#[test]
fn bytes_that_were_cut_are_noticed() {
    let mut encoder = Encoder::default();
    encoder.start();
    for number in 0..100 {
        encoder.even(0x8001 + number, 16);
    }
    let bytes = encoder.finish();
    let overran = |bytes: &[u8]| {
        let mut decoder = Decoder::new(bytes);
        for _ in 0..100 {
            decoder.even(0, 16);
        }
        decoder.overran()
    };
    assert!(!overran(bytes));
    assert!(overran(&bytes[..bytes.len() - 5]));
    assert!(overran(&[]));
}

#[test]
fn what_rests_costs_nearly_nothing() {
    let rest = [1_000, 256, -4_000, 3, 0, 1, -2, 1];
    let known = Known { base: &rest, earlier: [Some(&rest), None] };
    let times = Times { age: 3, gaps: [4, 0], level: 0 };
    let mut encoder = Encoder::default();
    encoder.start();
    let mut models = Models::fresh();
    for _ in 0..64 {
        code_change(&mut encoder, &mut models, Facet::Object, times, known, &mut rest.clone());
    }
    assert!(encoder.finish().len() <= 1);
}

#[test]
fn who_walks_straight_on_costs_a_few_bits() {
    // 64 walkers at 1.4 m/s in all directions, 20 Hz.
    let at = |walker: i32, tick: i32| {
        let (east, south) = (36 - walker, walker / 2);
        [walker * 700 + east * tick, 460, south * tick - walker * 300, walker * 999, 0, 1]
    };
    let mut encoder = Encoder::default();
    encoder.start();
    let mut models = Models::fresh();
    let times = Times { age: 3, gaps: [4, 0], level: 0 };
    for walker in 0..64 {
        let (base, earlier) = (at(walker, 97), at(walker, 93));
        let known = Known { base: &base, earlier: [Some(&earlier), None] };
        code_change(&mut encoder, &mut models, Facet::Avatar, times, known, &mut at(walker, 100));
    }
    assert!(encoder.finish().len() < 64 / 2);
}
