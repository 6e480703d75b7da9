//! Tickets: what the HTTP side gives to whoever may come in, to be shown once in the handshake.
//!
//! A ticket proves that its bearer passed the checks of an HTTP request (today its origin and rate,
//! later an account) shortly before. It travels in bodies and in the handshake, never in an address,
//! so that no log has it. Invariant: each admits one newcomer, once, within
//! [`TICKET_LIFE_S`] seconds.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use subtle::ConstantTimeEq;
use vivarium_protocol::limits::{TICKET_BYTES, TICKET_LIFE_S};

use crate::{limits::TICKETS_MAX, routing::new_token};

/// What a ticket is.
pub type Ticket = [u8; TICKET_BYTES];

/// Tickets that were given out and not used.
#[derive(Debug, Default)]
pub struct Tickets {
    /// The oldest first.
    waiting: Mutex<VecDeque<(Ticket, Instant)>>,
    required: bool,
}

impl Tickets {
    /// None yet; `required`: nobody comes in without one.
    pub fn new(required: bool) -> Self {
        Self { waiting: Mutex::default(), required }
    }

    /// A new one. When too many wait, the oldest is void: whoever floods us takes tickets from
    /// themselves first, since each is used within a moment.
    pub fn issue(&self, now: Instant) -> Option<Ticket> {
        let ticket = new_token()?;
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        Self::expire(&mut waiting, now);
        if waiting.len() >= TICKETS_MAX {
            waiting.pop_front();
        }
        waiting.push_back((ticket, now));
        Some(ticket)
    }

    /// Whether whoever shows this may come in; the ticket is used up then.
    pub fn admits(&self, shown: Option<Ticket>, now: Instant) -> bool {
        let Some(shown) = shown else { return !self.required };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        Self::expire(&mut waiting, now);
        // All are compared, and each in constant time, so that time tells nothing about them.
        let mut found = None;
        for (index, (ticket, _)) in waiting.iter().enumerate() {
            if bool::from(ticket.ct_eq(&shown)) {
                found = Some(index);
            }
        }
        found.is_some_and(|index| waiting.remove(index).is_some())
    }

    fn expire(waiting: &mut VecDeque<(Ticket, Instant)>, now: Instant) {
        let life = Duration::from_secs(TICKET_LIFE_S.into());
        while waiting.front().is_some_and(|(_, at)| now.saturating_duration_since(*at) >= life) {
            waiting.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_admits_once_and_not_for_long() {
        let tickets = Tickets::new(true);
        let now = Instant::now();
        let ticket = tickets.issue(now).unwrap();
        assert!(!tickets.admits(None, now), "there must be one");
        assert!(!tickets.admits(Some([0; TICKET_BYTES]), now));
        assert!(tickets.admits(Some(ticket), now));
        assert!(!tickets.admits(Some(ticket), now), "it is used up");
        let late = tickets.issue(now).unwrap();
        assert!(!tickets.admits(Some(late), now + Duration::from_secs(TICKET_LIFE_S.into())));
    }

    #[test]
    fn who_has_none_may_come_where_none_is_required_but_a_bad_one_is_bad() {
        let tickets = Tickets::new(false);
        let now = Instant::now();
        assert!(tickets.admits(None, now));
        assert!(!tickets.admits(Some([7; TICKET_BYTES]), now));
    }

    #[test]
    fn only_so_many_wait() {
        let tickets = Tickets::new(true);
        let now = Instant::now();
        let first = tickets.issue(now).unwrap();
        let second = tickets.issue(now).unwrap();
        (2..=TICKETS_MAX).for_each(|_| assert!(tickets.issue(now).is_some()));
        assert!(!tickets.admits(Some(first), now));
        assert!(tickets.admits(Some(second), now));
    }
}
