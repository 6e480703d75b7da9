//! Who is on this server, in which world, on which connection.
//!
//! Owns the person ids, the sessions with their tokens, and the one truth about where a person is:
//! their [`Seat`]. The table of people is locked when somebody comes or goes, never for a wish or a
//! frame: those find their way through the seat and through the residents of a world's thread.
//!
//! ```text
//! (new) --admit--> present --connection lost--> waiting --resume--> present
//!                     \--Bye, or a fault of the client--> gone <--window over--/
//! ```

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use subtle::ConstantTimeEq;
use vivarium_contract::{
    Intent, Road,
    companion::{Bond, MindWord, Traits},
    editing::Role,
};
use vivarium_link::{
    driver::{Admission, Departure, Door, Taken},
    limits::LinkLimits,
    outbox::{Attachment, Outbox, OutboxStats},
    path::PathStats,
    prefix::PrefixBudget,
    session::Session,
};
use vivarium_protocol::{
    close::CloseReason,
    ids::{ObjectId, PersonId},
    intent::{Hello, Look},
    limits::{RESUME_TOKEN_BYTES, RESUME_WINDOW_S},
    notice::Denial,
    text,
};

use crate::{
    building::roles::{Roles, account_of},
    limits::NEWCOMERS_PER_PREFIX,
    tickets::Tickets,
    worlds::{World, Worlds},
};

/// Where a person is. Shared by the table of people, the connection and the world's thread.
#[derive(Debug)]
pub struct Seat {
    person: PersonId,
    world: Mutex<Arc<World>>,
    left: AtomicBool,
    /// Whether others may see something that only builders show: what they chose, or point at.
    shows: AtomicBool,
    account: Option<Arc<str>>,
}

impl Seat {
    /// A seat in a world.
    pub fn new(person: PersonId, world: Arc<World>) -> Self {
        Self {
            person,
            world: Mutex::new(world),
            left: AtomicBool::new(false),
            shows: AtomicBool::new(false),
            account: None,
        }
    }

    /// Of somebody who is known under an account.
    pub fn with_account(self, account: Option<Arc<str>>) -> Self {
        Self { account, ..self }
    }

    /// Under which they are known; none: a visitor.
    pub fn account(&self) -> Option<&Arc<str>> {
        self.account.as_ref()
    }

    /// Whose.
    pub fn person(&self) -> PersonId {
        self.person
    }

    fn place(&self) -> MutexGuard<'_, Arc<World>> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The world where the person is, or is about to be.
    pub fn world(&self) -> Arc<World> {
        self.place().clone()
    }

    /// Whether that is this one.
    pub fn is_in(&self, world: &Arc<World>) -> bool {
        Arc::ptr_eq(&self.place(), world)
    }

    /// Moves the person; called only by the thread of the world that the person leaves.
    pub fn move_to(&self, world: Arc<World>) {
        *self.place() = world;
    }

    /// Moves the person on from a world that has ended, unless they are elsewhere by now; gives where
    /// they are.
    pub fn move_on(&self, ended: &World, heir: &Arc<World>) -> Arc<World> {
        let mut place = self.place();
        if std::ptr::eq(&**place, ended) {
            *place = heir.clone();
        }
        place.clone()
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

/// Somebody at the door of a world: new, back without knowing anything, or through a portal.
#[derive(Debug)]
pub struct Arrival {
    /// Who, and where they belong.
    pub seat: Arc<Seat>,
    /// What waits for them, whether their connection is there or lost.
    pub outbox: Arc<Outbox>,
    /// Wanted name.
    pub name: String,
    /// Wanted colours.
    pub look: Look,
    /// Name of the spawn object.
    pub spawn: Option<String>,
    /// World to go back to when this one has no room.
    pub back: Option<Arc<World>>,
}

/// What goes into a world's inbox.
#[derive(Debug)]
pub enum ToWorld {
    /// Somebody comes, or must be told everything anew.
    Arrival(Box<Arrival>),
    /// What is known of the way to somebody.
    Path {
        /// Whom.
        person: PersonId,
        /// Bytes per second that it takes; none: no limit was felt.
        bytes_per_s: Option<u32>,
    },
    /// Somebody wants something.
    Intent {
        /// Who.
        person: PersonId,
        /// What.
        intent: Intent,
    },
    /// What a companion's mind says to its body.
    Mind {
        /// Whose, by its object.
        companion: ObjectId,
        /// Of the ask that it answers.
        generation: u32,
        /// What.
        word: MindWord,
    },
    /// What a companion thinks of somebody who has come.
    Bond {
        /// Which, by its object.
        companion: ObjectId,
        /// Of whom.
        person: PersonId,
        /// All of it.
        bond: Bond,
    },
    /// What a companion is like.
    Traits {
        /// Which, by its object.
        companion: ObjectId,
        /// All of them.
        traits: Traits,
    },
    /// What a companion says by itself.
    Word {
        /// Which, by its object.
        companion: ObjectId,
        /// To whom.
        person: PersonId,
        /// What.
        text: String,
    },
    /// A companion's mind knows somebody no longer.
    Forgotten {
        /// Which, by its object.
        companion: ObjectId,
        /// By which they were known; none: everybody.
        account: Option<Arc<str>>,
    },
}

#[derive(Debug)]
struct Person {
    network: Option<IpAddr>,
    seat: Arc<Seat>,
    session: Arc<Mutex<Session>>,
    outbox: Arc<Outbox>,
    /// Under which roles are kept; none: a visitor.
    account: Option<Arc<str>>,
    token: Token,
    /// Good as well until the client has confirmed that it has the newer one.
    earlier_token: Option<Token>,
    connection: Option<Attachment>,
    lost_at: Option<Instant>,
}

type Token = [u8; RESUME_TOKEN_BYTES];

#[derive(Debug, Default)]
struct People {
    by_id: BTreeMap<PersonId, Person>,
}

impl People {
    /// Whose token it is. Every token is compared, and each in constant time, so that time tells
    /// nothing about them.
    fn of_token(&mut self, token: &Token) -> Option<&mut Person> {
        let mut found = None;
        for person in self.by_id.values_mut() {
            let is_newest = person.token.ct_eq(token);
            let is_earlier = person.earlier_token.unwrap_or(person.token).ct_eq(token);
            if bool::from(is_newest | is_earlier) {
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
    limits: LinkLimits,
    outbox_stats: Arc<OutboxStats>,
    tickets: Tickets,
    roles: Option<Arc<Roles>>,
    newcomers: PrefixBudget,
    people_per_network_max: usize,
    next_person: AtomicU32,
    shut: AtomicBool,
}

/// A connection's hold on a person.
#[derive(Debug)]
pub struct Visit {
    seat: Arc<Seat>,
    outbox: Arc<Outbox>,
    account: Option<Arc<str>>,
    connection: Attachment,
}

impl FrontDoor {
    /// Open, with nobody inside.
    pub fn new(worlds: Arc<Worlds>, people_max: usize, limits: LinkLimits) -> Self {
        Self {
            worlds,
            people: Mutex::default(),
            people_max,
            limits,
            outbox_stats: Arc::default(),
            tickets: Tickets::default(),
            roles: None,
            newcomers: PrefixBudget::new(NEWCOMERS_PER_PREFIX),
            people_per_network_max: usize::MAX,
            next_person: AtomicU32::new(1),
            shut: AtomicBool::new(false),
        }
    }

    /// As [`FrontDoor::new`], for newcomers with a ticket alone.
    pub fn with_tickets_required(mut self, required: bool) -> Self {
        self.tickets = Tickets::new(required);
        self
    }

    /// As [`FrontDoor::new`], with so many people of one network at most, those included whose
    /// connection is lost: else one address could fill the server with people who come and vanish.
    pub fn with_people_per_network(mut self, people_max: usize) -> Self {
        self.people_per_network_max = people_max;
        self
    }

    /// As [`FrontDoor::new`], for people who may do more than visitors.
    pub fn with_roles(mut self, roles: Arc<Roles>) -> Self {
        self.roles = Some(roles);
        self
    }

    /// The door as those find it who come from `network`; none: this machine, which is not counted.
    pub fn from(&self, network: Option<IpAddr>) -> Entrance<'_> {
        Entrance { door: self, network }
    }

    /// What admits newcomers.
    pub fn tickets(&self) -> &Tickets {
        &self.tickets
    }

    /// What all outboxes hold and did.
    pub fn outbox_stats(&self) -> &Arc<OutboxStats> {
        &self.outbox_stats
    }

    fn people(&self) -> MutexGuard<'_, People> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
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
            person.outbox.close(CloseReason::ShuttingDown);
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
pub(crate) fn new_token() -> Option<[u8; RESUME_TOKEN_BYTES]> {
    let mut token = [0; RESUME_TOKEN_BYTES];
    match getrandom::fill(&mut token) {
        Ok(()) => Some(token),
        Err(error) => {
            tracing::error!(%error, "the operating system gives no random numbers");
            None
        }
    }
}

/// tokio's clock, which tests may hold still; the driver uses the same.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl Person {
    /// A connection takes over, and with it a new token.
    fn connect(
        &mut self,
        token: Token,
        taken: Option<u32>,
        road: Road,
        resumed: bool,
    ) -> Admission<Visit> {
        // The session is held over both: between them the connection before would be told that
        // what it confirms was never sent.
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let attached = self.outbox.attach(taken, road);
        let taken = session.attach(now(), attached.attachment);
        drop(session);
        self.token = token;
        self.connection = Some(attached.attachment);
        self.lost_at = None;
        let (seat, outbox) = (self.seat.clone(), self.outbox.clone());
        let account = self.account.clone();
        Admission {
            seat: Visit { seat, outbox, account, connection: attached.attachment },
            session: self.session.clone(),
            outbox: self.outbox.clone(),
            attached,
            taken,
            person: self.seat.person(),
            resume: token,
            resume_window_s: RESUME_WINDOW_S,
            resumed,
        }
    }
}

/// The door for one connection.
#[derive(Clone, Copy, Debug)]
pub struct Entrance<'a> {
    door: &'a FrontDoor,
    network: Option<IpAddr>,
}

impl Door for Entrance<'_> {
    type Seat = Visit;

    fn admit(&self, hello: &Hello, road: Road) -> Result<Admission<Visit>, CloseReason> {
        self.door.admit(hello, road, self.network)
    }

    fn enter(&self, visit: &Visit, hello: Hello, anew: bool) {
        self.door.enter(visit, hello, anew);
    }

    fn confirmed(&self, visit: &Visit) {
        self.door.confirmed(visit);
    }

    fn path(&self, visit: &Visit, path: PathStats) {
        self.door.path(visit, path);
    }

    fn intent(&self, visit: &Visit, intent: Intent) -> Taken {
        self.door.intent(visit, intent)
    }

    fn gone(&self, visit: Visit, departure: Departure) {
        self.door.gone(visit, departure);
    }
}

impl FrontDoor {
    fn admit(
        &self,
        hello: &Hello,
        road: Road,
        network: Option<IpAddr>,
    ) -> Result<Admission<Visit>, CloseReason> {
        let token = new_token().ok_or(CloseReason::WorldFull)?;
        let mut people = self.people();
        // Asked under the lock, so that `shut` closes everyone who was let in before.
        if self.is_shut() {
            return Err(CloseReason::ShuttingDown);
        }
        if let Some(resume) = &hello.resume
            && let Some(person) = people.of_token(&resume.token)
        {
            // The one that was shown stays good until the answer is known to have arrived.
            person.earlier_token = Some(resume.token);
            return Ok(person.connect(token, resume.taken, road, true));
        }
        let world = self.worlds.find(&hello.world).ok_or(CloseReason::UnknownWorld)?;
        if people.by_id.len() >= self.people_max {
            return Err(CloseReason::WorldFull);
        }
        if network.is_some() {
            let neighbours = people.by_id.values().filter(|person| person.network == network);
            if neighbours.count() >= self.people_per_network_max {
                return Err(CloseReason::WorldFull);
            }
        }
        if network.is_some_and(|network| !self.newcomers.allows(network)) {
            return Err(CloseReason::WorldFull);
        }
        if !self.tickets.admits(hello.ticket, now()) {
            return Err(CloseReason::BadTicket);
        }
        let account: Option<Arc<str>> = hello.key.as_ref().map(|key| account_of(key).into());
        if let (Some(roles), Some(account)) = (&self.roles, &account)
            && let Ok(name) = text::name(&hello.name)
        {
            roles.met(account, &name);
        }
        let id = PersonId(self.next_person.fetch_add(1, Ordering::Relaxed));
        let bytes_max = self.limits.reliable_queue_bytes_max;
        let mut person = Person {
            network,
            seat: Arc::new(Seat::new(id, world).with_account(account.clone())),
            session: Arc::new(Mutex::new(Session::new(now(), self.limits))),
            outbox: Arc::new(Outbox::new(bytes_max, self.outbox_stats.clone())),
            account,
            token,
            earlier_token: None,
            connection: None,
            lost_at: None,
        };
        let admission = person.connect(token, None, road, false);
        people.by_id.insert(id, person);
        Ok(admission)
    }

    fn enter(&self, visit: &Visit, hello: Hello, anew: bool) {
        if !anew {
            // The world finds the new connection by itself, and the visit goes on.
            return;
        }
        let returns = hello.resume.is_some();
        let arrival = Arrival {
            seat: visit.seat.clone(),
            outbox: visit.outbox.clone(),
            name: hello.name,
            look: hello.look,
            spawn: None,
            back: None,
        };
        let world = visit.seat.world();
        if world.send(ToWorld::Arrival(Box::new(arrival))).is_err() {
            // A world with a full inbox is far behind: it has no room now. Whoever was here before may
            // try again.
            let reason =
                if returns { CloseReason::WorldRestarting } else { CloseReason::WorldFull };
            visit.outbox.close(reason);
        }
    }

    fn confirmed(&self, visit: &Visit) {
        let mut people = self.people();
        if let Some(person) = people.by_id.get_mut(&visit.seat.person())
            && person.connection == Some(visit.connection)
        {
            person.earlier_token = None;
        }
    }

    fn path(&self, visit: &Visit, path: PathStats) {
        let (person, bytes_per_s) = (visit.seat.person(), path.bytes_per_s);
        // A world with a full inbox hears of the way a second later.
        let _ = visit.seat.world().send(ToWorld::Path { person, bytes_per_s });
    }

    fn intent(&self, visit: &Visit, intent: Intent) -> Taken {
        let is_latest = matches!(intent, Intent::Latest(_));
        let world = visit.seat.world();
        if matches!(intent, Intent::Select { .. } | Intent::Point { .. })
            && !self.may_show(visit, &world, &intent)
        {
            return Taken::Denied(Denial::NotAllowed);
        }
        match world.send(ToWorld::Intent { person: visit.seat.person(), intent }) {
            Ok(()) => Taken::Yes,
            Err(_) if is_latest => Taken::Dropped,
            Err(_) => Taken::Denied(Denial::TooFast),
        }
    }

    /// Whether a person may show others what they choose, or where they point. Whoever may not build
    /// any more still lets go of what they have shown; others, not even that: worlds take whoever
    /// shows something for a builder.
    fn may_show(&self, visit: &Visit, world: &World, intent: &Intent) -> bool {
        let shows = &visit.seat.shows;
        if self.may_build(visit, world) {
            shows.store(true, Ordering::Relaxed);
            return true;
        }
        let lets_go = match intent {
            Intent::Select { objects } => objects.is_empty(),
            Intent::Point { at } => at.is_none(),
            _ => false,
        };
        lets_go && shows.load(Ordering::Relaxed)
    }

    fn may_build(&self, visit: &Visit, world: &World) -> bool {
        let roles = self.roles.as_ref().zip(visit.account.as_ref());
        roles.is_some_and(|(roles, account)| roles.within(account, world) >= Role::Builder)
    }

    fn gone(&self, visit: Visit, departure: Departure) {
        let mut people = self.people();
        let id = visit.seat.person();
        let Some(person) = people.by_id.get_mut(&id) else { return };
        if person.connection != Some(visit.connection) {
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
