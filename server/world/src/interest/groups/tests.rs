use vivarium_protocol::snapshot::{block::Identity, schema::Facet};

use super::*;
use crate::history::placed;

struct Crowd {
    history: History,
    groups: Groups,
    members: Vec<Member>,
    tick: u32,
}

impl Crowd {
    fn new() -> Self {
        let (history, groups) = (History::default(), Groups::default());
        Self { history, groups, members: Vec::new(), tick: 0 }
    }

    fn add(&mut self, audience: Audience) {
        let identity = Identity { facet: Facet::Avatar, subject: self.members.len() as u32 };
        self.members.push(self.history.add(identity, audience));
    }

    fn tick(&mut self, position_m: impl Fn(u32) -> [f32; 3]) {
        self.tick += 1;
        for (index, member) in self.members.iter().enumerate() {
            let position_m = position_m(index as u32);
            self.history.note(*member, self.tick, position_m, &placed(position_m)[..6]);
        }
        self.groups.update(&mut self.history, self.tick);
        self.check();
    }

    /// The invariant: everyone is in exactly one leaf, which is of their audience.
    fn check(&self) {
        let mut seen = 0;
        for (index, leaf) in self.groups.iter() {
            for (slot, member) in leaf.members() {
                assert_eq!(self.history.place(member), Some(Place { leaf: index, slot }));
                assert_eq!(self.history.audience(member), leaf.audience);
                seen += 1;
            }
        }
        assert_eq!(seen, self.history.len());
    }

    fn sizes(&self) -> Vec<usize> {
        self.groups.iter().map(|(_, leaf)| leaf.len()).collect()
    }
}

#[test]
fn a_crowd_is_cut_into_leaves_and_joined_again_when_it_goes() {
    let mut crowd = Crowd::new();
    (0..500).for_each(|_| crowd.add(Audience::Everyone));
    let place = |index: u32| [(index % 25) as f32 * 3.0, 0.0, (index / 25) as f32 * 3.0];
    crowd.tick(place);
    let sizes = crowd.sizes();
    assert!(sizes.len() <= 18 && sizes.iter().all(|size| *size <= SLOTS), "{sizes:?}");
    while crowd.members.len() > 30 {
        let member = crowd.members.remove(crowd.members.len() / 2);
        crowd.history.remove(member);
        crowd.tick(place);
    }
    (0..5 * TIDY_TICKS).for_each(|_| crowd.tick(place));
    assert_eq!(crowd.sizes(), [30]);
}

#[test]
fn even_a_crowd_at_one_point_has_leaves_of_bounded_size() {
    let mut crowd = Crowd::new();
    (0..300).for_each(|_| crowd.add(Audience::Everyone));
    crowd.tick(|_| [7.0, 1.0, -7.0]);
    assert!(crowd.sizes().iter().all(|size| *size <= SLOTS));
    let half_and_half = |index: u32| if index < 200 { [5.0; 3] } else { [9.0, 5.0, 5.0] };
    (0..3 * TIDY_TICKS).for_each(|_| crowd.tick(half_and_half));
    (0..3 * TIDY_TICKS).for_each(|_| crowd.tick(|index| [f32::NAN, index as f32, 0.0]));
}

#[test]
fn who_walks_to_and_fro_over_a_border_stays_where_they_are() {
    let mut crowd = Crowd::new();
    (0..100).for_each(|_| crowd.add(Audience::Everyone));
    let still = |index: u32| [index as f32, 0.0, 0.0];
    crowd.tick(still);
    let walker = crowd.members[50];
    let before = crowd.history.place(walker);
    for step in 0..20 {
        let sway = if step % 2 == 0 { 0.6 } else { -0.6 };
        crowd.tick(|index| [index as f32 + if index == 50 { sway } else { 0.0 }, 0.0, 0.0]);
    }
    assert_eq!(crowd.history.place(walker), before);
    crowd.tick(|index| if index == 50 { [95.0, 0.0, 0.0] } else { still(index) });
    let far = crowd.history.place(crowd.members[95]);
    assert_eq!(crowd.history.place(walker).map(|p| p.leaf), far.map(|p| p.leaf));
}

#[test]
fn audiences_share_no_leaf() {
    let mut crowd = Crowd::new();
    for index in 0..200 {
        crowd.add(if index % 2 == 0 { Audience::Everyone } else { Audience::Group(3) });
    }
    for step in 0..40 {
        crowd.tick(|index| [index as f32 * 0.1 * (step % 7) as f32, 0.0, (index % 9) as f32]);
    }
    let hidden = crowd.groups.iter().filter(|(_, leaf)| leaf.audience == Audience::Group(3));
    assert_eq!(hidden.map(|(_, leaf)| leaf.len()).sum::<usize>(), 100);
}
