//! Who is on this server, in which world, on which connection.
//!
//! Owns the person ids, the resume tokens, and the one truth about where a person is: their
//! [`Seat`]. The table of people is locked when somebody comes or goes, never for a wish or a
//! frame: those find their way through the seat and through the residents of a world's thread.
//!
//! ```text
//! (new) --admit--> present --connection lost--> waiting --resume--> present
//!                     \--Bye, or a fault of the client--> gone <--window over--/
//! ```

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use subtle::ConstantTimeEq;
use vivarium_contract::Intent;
use vivarium_link::{
    driver::{Departure, Door, Taken},
    outbox::Outbox,
    session::Admitted,
};
use vivarium_protocol::{
    close::CloseReason,
    ids::PersonId,
    intent::{Hello, Look},
    limits::{RESUME_TOKEN_BYTES, RESUME_WINDOW_S},
    notice::Denial,
};

use crate::worlds::Worlds;

/// Where a person is. Shared by the table of people, the connection and the world's thread.
#[derive(Debug)]
pub struct Seat {
    person: PersonId,
    world: AtomicUsize,
    left: AtomicBool,
}

impl Seat {
    /// A seat in a world, by the world's index.
    pub fn new(person: PersonId, world: usize) -> Self {
        Self { person, world: AtomicUsize::new(world), left: AtomicBool::new(false) }
    }

    /// Whose.
    pub fn person(&self) -> PersonId {
        self.person
    }

    /// Index of the world where the person is, or is about to be.
    pub fn world(&self) -> usize {
        self.world.load(Ordering::Acquire)
    }

    /// Moves the person; called only by the thread of the world that the person leaves.
    pub fn move_to(&self, world: usize) {
        self.world.store(world, Ordering::Release);
    }

    /// The person is gone for good: whichever world they are in notices at its next tick.
    pub fn leave(&self) {
        self.left.store(true, Ordering::Release);
    }

    /// Whether the person is gone for good.
    pub fn has_left(&self) -> bool {
        self.left.load(Ordering::Acquire)
    }
}

/// Somebody at the door of a world: new, back after a lost connection, or through a portal.
#[derive(Debug)]
pub struct Arrival {
    /// Who, and where they belong.
    pub seat: Arc<Seat>,
    /// Their connection; none while it is lost.
    pub outbox: Option<Arc<Outbox>>,
    /// Wanted name.
    pub name: String,
    /// Wanted colours.
    pub look: Look,
    /// Name of the spawn object.
    pub spawn: Option<String>,
    /// World to go back to when this one has no room.
    pub back: Option<usize>,
}

/// What goes into a world's inbox.
#[derive(Debug)]
pub enum ToWorld {
    /// Somebody comes, or comes back.
    Arrival(Box<Arrival>),
    /// Somebody wants something.
    Intent {
        /// Who.
        person: PersonId,
        /// What.
        intent: Intent,
    },
}

#[derive(Debug)]
struct Person {
    seat: Arc<Seat>,
    token: [u8; RESUME_TOKEN_BYTES],
    connection: Option<(u64, Arc<Outbox>)>,
    lost_at: Option<Instant>,
}

#[derive(Debug, Default)]
struct People {
    by_id: BTreeMap<PersonId, Person>,
    connections: u64,
}

impl People {
    /// Whose token it is. Every token is compared, and each in constant time, so that time tells
    /// nothing about them.
    fn of_token(&mut self, token: &[u8; RESUME_TOKEN_BYTES]) -> Option<&mut Person> {
        let mut found = None;
        for person in self.by_id.values_mut() {
            if bool::from(person.token.ct_eq(token)) {
                found = Some(person);
            }
        }
        found
    }
}

/// The door of this server: everything that a session asks of the host.
#[derive(Debug)]
pub struct FrontDoor {
    worlds: Arc<Worlds>,
    people: Mutex<People>,
    people_max: usize,
    next_person: AtomicU32,
    shut: AtomicBool,
}

/// A connection's hold on a person.
#[derive(Debug)]
pub struct Visit {
    seat: Arc<Seat>,
    connection: u64,
}

impl FrontDoor {
    /// Open, with nobody inside.
    pub fn new(worlds: Arc<Worlds>, people_max: usize) -> Self {
        Self {
            worlds,
            people: Mutex::default(),
            people_max,
            next_person: AtomicU32::new(1),
            shut: AtomicBool::new(false),
        }
    }

    fn people(&self) -> MutexGuard<'_, People> {
        self.people.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// People on this server, those included who may still come back.
    pub fn people_count(&self) -> usize {
        self.people().by_id.len()
    }

    /// Whether newcomers are refused because the server is ending.
    pub fn is_shut(&self) -> bool {
        self.shut.load(Ordering::Acquire)
    }

    /// Lets nobody in any more, and tells everyone why.
    pub fn shut(&self) {
        self.shut.store(true, Ordering::Release);
        for person in self.people().by_id.values() {
            if let Some((_, outbox)) = &person.connection {
                outbox.close(CloseReason::ShuttingDown);
            }
        }
    }

    /// Lets those go whose connection has been lost for too long.
    pub fn expire(&self, now: Instant) {
        let window = Duration::from_secs(RESUME_WINDOW_S.into());
        self.people().by_id.retain(|_, person| {
            let over = person.lost_at.is_some_and(|at| now.saturating_duration_since(at) >= window);
            if over {
                person.seat.leave();
            }
            !over
        });
    }
}

/// A token that nobody can guess.
fn new_token() -> Option<[u8; RESUME_TOKEN_BYTES]> {
    let mut token = [0; RESUME_TOKEN_BYTES];
    match getrandom::fill(&mut token) {
        Ok(()) => Some(token),
        Err(error) => {
            tracing::error!(%error, "the operating system gives no random numbers");
            None
        }
    }
}

impl Door for FrontDoor {
    type Seat = Visit;

    fn admit(&self, hello: &Hello, outbox: &Arc<Outbox>) -> Result<(Visit, Admitted), CloseReason> {
        let mut people = self.people();
        // Asked under the lock, so that `shut` closes everyone who was let in before.
        if self.is_shut() {
            return Err(CloseReason::ShuttingDown);
        }
        people.connections += 1;
        let connection = people.connections;
        let admitted = |person, resume, resumed| Admitted {
            person,
            resume,
            resume_window_s: RESUME_WINDOW_S,
            resumed,
        };
        if let Some(person) = hello.resume.as_ref().and_then(|token| people.of_token(token)) {
            if let Some((_, old)) = person.connection.replace((connection, outbox.clone())) {
                old.close(CloseReason::ResumedElsewhere);
            }
            person.lost_at = None;
            let visit = Visit { seat: person.seat.clone(), connection };
            return Ok((visit, admitted(person.seat.person(), person.token, true)));
        }
        let world = self.worlds.find(&hello.world).ok_or(CloseReason::UnknownWorld)?;
        if people.by_id.len() >= self.people_max {
            return Err(CloseReason::WorldFull);
        }
        let token = new_token().ok_or(CloseReason::WorldFull)?;
        let id = PersonId(self.next_person.fetch_add(1, Ordering::Relaxed));
        let seat = Arc::new(Seat::new(id, world));
        let person = Person {
            seat: seat.clone(),
            token,
            connection: Some((connection, outbox.clone())),
            lost_at: None,
        };
        people.by_id.insert(id, person);
        Ok((Visit { seat, connection }, admitted(id, token, false)))
    }

    fn enter(&self, visit: &Visit, hello: Hello, outbox: &Arc<Outbox>) {
        let arrival = Arrival {
            seat: visit.seat.clone(),
            outbox: Some(outbox.clone()),
            name: hello.name,
            look: hello.look,
            spawn: None,
            back: None,
        };
        let world = &self.worlds.0[visit.seat.world()];
        if world.send(ToWorld::Arrival(Box::new(arrival))).is_err() {
            // A world with a full inbox is far behind: it has no room now.
            outbox.close(CloseReason::WorldFull);
        }
    }

    fn intent(&self, visit: &Visit, intent: Intent) -> Taken {
        let is_latest = matches!(intent, Intent::Latest(_));
        let world = &self.worlds.0[visit.seat.world()];
        match world.send(ToWorld::Intent { person: visit.seat.person(), intent }) {
            Ok(()) => Taken::Yes,
            Err(_) if is_latest => Taken::Dropped,
            Err(_) => Taken::Denied(Denial::TooFast),
        }
    }

    fn gone(&self, visit: Visit, departure: Departure) {
        let mut people = self.people();
        let id = visit.seat.person();
        let Some(person) = people.by_id.get_mut(&id) else { return };
        if person.connection.as_ref().is_none_or(|(current, _)| *current != visit.connection) {
            // The person goes on with another connection.
            return;
        }
        person.connection = None;
        let may_return = match departure {
            Departure::Lost => true,
            Departure::Closed(reason) => reason.may_resume(),
        };
        if may_return {
            person.lost_at = Some(Instant::now());
        } else {
            people.by_id.remove(&id);
            visit.seat.leave();
        }
    }
}

#[cfg(test)]
mod tests;
