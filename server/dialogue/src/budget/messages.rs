//! How many messages somebody may send in any hour. No clock: times are arguments, milliseconds.
//!
//! With a Redis, all servers count together there (`redis::messages`). Each counts what comes to itself
//! as well, and refuses what is too much by that count: so nobody gains anything when Redis is away,
//! and the world goes on.
//!
//! Every message of the last hour is remembered, so the limit holds for any sixty minutes, and when
//! the next one is free is known exactly. At most [`TALKERS_MAX`] people are known one by one. When
//! there are more, whoever was quiet for longest goes into a crowd, which keeps the most that anybody
//! in it has sent; whoever comes back out of it, or comes for the first time and belongs to it, has
//! sent as much as the crowd. So nobody is rid of a message by having others forget them: flooding
//! makes newcomers poorer, never anybody richer.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    limits::{CROWDS, KEY_BYTES_MAX, TALKERS_MAX},
    settings::{Membership, MessagesPerHour},
};
use crate::{
    hearing::head,
    redis::{Redis, messages::SharedMessages},
};

const HOUR_MS: u64 = 60 * 60 * 1_000;

/// Counts messages, each user's on their own.
#[derive(Debug)]
pub struct Messages {
    per_hour: MessagesPerHour,
    own: Counted,
    /// Those of all servers together.
    shared: Option<SharedMessages>,
}

/// What one process has counted.
#[derive(Debug)]
struct Counted {
    talkers_max: usize,
    talkers: Mutex<Talkers>,
}

/// Somebody has sent all that they may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no more messages for {free_in_s} s")]
pub struct TooMany {
    /// When the next one is free.
    pub free_in_s: u64,
}

#[derive(Debug)]
struct Talkers {
    known: HashMap<String, Talker>,
    /// Who spoke when, in turns of `turn`: first whoever was quiet for longest.
    by_turn: BTreeMap<u64, String>,
    turn: u64,
    crowds: Vec<Sent>,
    /// Which crowd somebody belongs to cannot be foreseen.
    lots: RandomState,
}

#[derive(Debug)]
struct Talker {
    turn: u64,
    sent: Sent,
}

impl Messages {
    /// Nobody has sent anything, but to other servers with the same Redis, if there is one.
    pub fn new(per_hour: MessagesPerHour, redis: Option<Redis>) -> Self {
        let own = Counted::with_room(TALKERS_MAX, CROWDS);
        Self { per_hour, own, shared: redis.map(SharedMessages::new) }
    }

    /// Takes a message of somebody, and tells how many more they may send now. What is refused does
    /// not count.
    pub async fn take(
        &self,
        user: &str,
        membership: Membership,
        now_ms: u64,
    ) -> Result<u32, TooMany> {
        let (user, limit) = (head(user, KEY_BYTES_MAX), self.per_hour.of(membership));
        if let Some(shared) = &self.shared {
            self.own.room(user, limit, now_ms)?;
            if let Ok(told) = shared.take(user, limit, now_ms).await {
                let left = told?;
                // Another may have come in between, and is counted there as well.
                return Ok(left.min(self.own.take(user, limit, now_ms).unwrap_or(0)));
            }
        }
        self.own.take(user, limit, now_ms)
    }

    /// People who are known one by one in this process.
    pub fn known(&self) -> usize {
        self.own.talkers().known.len()
    }
}

impl Counted {
    fn with_room(talkers_max: usize, crowds: usize) -> Self {
        let talkers = Talkers {
            known: HashMap::new(),
            by_turn: BTreeMap::new(),
            turn: 0,
            crowds: vec![Sent::default(); crowds.max(1)],
            lots: RandomState::new(),
        };
        Self { talkers_max: talkers_max.max(1), talkers: Mutex::new(talkers) }
    }

    fn talkers(&self) -> MutexGuard<'_, Talkers> {
        // It is whole after each change.
        self.talkers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, user: &str, limit: u32, now_ms: u64) -> Result<u32, TooMany> {
        let mut talkers = self.talkers();
        let sent = talkers.touch(user, self.talkers_max, now_ms);
        let (left, now_ms) = sent.room(limit, now_ms)?;
        sent.at_ms.push_back(now_ms);
        Ok(left - 1)
    }

    /// Whether there is room for a message.
    fn room(&self, user: &str, limit: u32, now_ms: u64) -> Result<(), TooMany> {
        self.talkers().touch(user, self.talkers_max, now_ms).room(limit, now_ms).map(|_| ())
    }
}

impl Talkers {
    /// What somebody has sent. They are the last to be forgotten from now on.
    fn touch(&mut self, user: &str, talkers_max: usize, now_ms: u64) -> &mut Sent {
        self.turn += 1;
        let turn = self.turn;
        if let Some(talker) = self.known.get_mut(user) {
            self.by_turn.remove(&talker.turn);
            talker.turn = turn;
        } else {
            while self.known.len() >= talkers_max {
                self.forget_one(now_ms);
            }
            let crowd = self.crowd_of(user);
            let sent = self.crowds[crowd].clone();
            self.known.insert(user.to_owned(), Talker { turn, sent });
        }
        self.by_turn.insert(turn, user.to_owned());
        &mut self.known.get_mut(user).expect("it was there, or was put there").sent
    }

    /// Puts whoever was quiet for longest into their crowd.
    fn forget_one(&mut self, now_ms: u64) {
        let Some((_, user)) = self.by_turn.pop_first() else { return };
        let Some(Talker { mut sent, .. }) = self.known.remove(&user) else { return };
        let crowd = self.crowd_of(&user);
        sent.forget(now_ms);
        let crowd = &mut self.crowds[crowd];
        crowd.forget(now_ms);
        crowd.at_least(&sent);
    }

    fn crowd_of(&self, user: &str) -> usize {
        (self.lots.hash_one(user) % self.crowds.len() as u64) as usize
    }
}

/// Messages of the last hour, the oldest one first.
#[derive(Clone, Debug, Default)]
struct Sent {
    at_ms: VecDeque<u64>,
}

impl Sent {
    /// Forgets what is older than an hour. Gives the time, which never goes back.
    fn forget(&mut self, now_ms: u64) -> u64 {
        let now_ms = now_ms.max(self.at_ms.back().copied().unwrap_or(0));
        while self.at_ms.front().is_some_and(|it| it + HOUR_MS <= now_ms) {
            self.at_ms.pop_front();
        }
        now_ms
    }

    /// How many more there may be, from one on, and the time, which never goes back.
    fn room(&mut self, limit: u32, now_ms: u64) -> Result<(u32, u64), TooMany> {
        let now_ms = self.forget(now_ms);
        let (count, limit) = (self.at_ms.len(), limit as usize);
        if count < limit {
            return Ok((u32::try_from(limit - count).unwrap_or(u32::MAX), now_ms));
        }
        // Once this one is an hour old, fewer than `limit` are left.
        let hinders_ms = self.at_ms.get(count - limit).copied().unwrap_or(now_ms);
        let free_in_ms = (hinders_ms + HOUR_MS).saturating_sub(now_ms);
        Err(TooMany { free_in_s: free_in_ms.div_ceil(1_000).max(1) })
    }

    /// Makes each message at least as late as the other's, counted from the last one back: at no time
    /// fewer are left than the other would have.
    fn at_least(&mut self, other: &Self) {
        for back in 0..other.at_ms.len() {
            let theirs = other.at_ms[other.at_ms.len() - 1 - back];
            match self.at_ms.len().checked_sub(1 + back) {
                Some(place) => self.at_ms[place] = self.at_ms[place].max(theirs),
                None => self.at_ms.push_front(theirs),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FEW: u32 = 3;

    fn s(s: u64) -> u64 {
        1_000_000 + s * 1_000
    }

    fn counted() -> Counted {
        Counted::with_room(TALKERS_MAX, CROWDS)
    }

    #[test]
    fn who_has_sent_all_is_told_to_the_second_when_the_next_one_is_free() {
        let messages = counted();
        let take = |at_s| messages.take("ana", FEW, s(at_s)).map_err(|e| e.free_in_s);
        assert_eq!([take(0), take(100), take(200)], [Ok(2), Ok(1), Ok(0)]);
        assert_eq!(take(201), Err(3_399));
        assert_eq!(take(3_599), Err(1));
        assert_eq!(take(3_600), Ok(0));
        assert_eq!(take(3_601), Err(99));
        assert_eq!(take(3_700), Ok(0));
        // Others have their own, and whoever is registered has more of it at once.
        assert_eq!(messages.take("bo", FEW, s(3_601)), Ok(2));
        assert_eq!(messages.take("ana", 5, s(3_701)), Ok(1));
        // Who no longer is waits until enough of it is an hour old: all but two.
        assert_eq!(take(3_702), Err(3_498));
    }

    #[test]
    fn a_clock_that_goes_back_frees_nothing_and_hinders_nobody() {
        let messages = counted();
        for at_s in [5_000, 0, 10] {
            assert!(messages.take("ana", FEW, s(at_s)).is_ok());
        }
        assert_eq!(messages.take("ana", FEW, s(0)), Err(TooMany { free_in_s: 3_600 }));
        assert!(messages.take("ana", FEW, s(8_600)).is_ok());
    }

    #[test]
    fn nobody_is_rid_of_what_they_sent_by_a_flood_of_others() {
        let messages = Counted::with_room(16, 4);
        for _ in 0..3 {
            messages.take("ana", FEW, s(0)).unwrap();
        }
        for other in 0..1_000 {
            let _ = messages.take(&format!("other {other}"), FEW, s(1));
        }
        assert_eq!(messages.talkers().known.len(), 16);
        let told = messages.take("ana", FEW, s(2));
        assert_eq!(told, Err(TooMany { free_in_s: 3_598 }));
        // Those of her crowd who come for the first time wait as well, but no longer than she does.
        assert!(messages.take("ana", FEW, s(3_600)).is_ok());
    }

    proptest! {
        /// Beside a log of everything: whoever is allowed has fewer than the limit in the last hour,
        /// and whoever is told a time is allowed then, and not a second earlier.
        #[test]
        fn no_hour_has_more_than_it_may(
            asks in prop::collection::vec((0u8..12, 0u64..1_500), 1..200), room in 1usize..=12,
        ) {
            let messages = Counted::with_room(room, 2);
            let mut log: Vec<(u8, u64)> = Vec::new();
            let mut now_s = 0;
            for (user, wait_s) in asks {
                now_s += wait_s;
                let sent = log.iter().filter(|(by, at)| *by == user && at + 3_600 > now_s).count();
                match messages.take(&user.to_string(), FEW, s(now_s)) {
                    Ok(_) => {
                        prop_assert!(sent < 3);
                        log.push((user, now_s));
                    }
                    Err(TooMany { free_in_s }) => {
                        prop_assert!((1..=3_600).contains(&free_in_s));
                        prop_assert!(room < 12 || sent == 3);
                        let take = |at_s| messages.take(&user.to_string(), FEW, s(at_s));
                        prop_assert!(take(now_s + free_in_s - 1).is_err());
                        now_s += free_in_s;
                        prop_assert!(take(now_s).is_ok());
                        log.push((user, now_s));
                    }
                }
                prop_assert!(messages.talkers().known.len() <= room);
            }
        }
    }
}
