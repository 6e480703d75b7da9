//! Who is in one world, and on which connection. Owned by that world's thread, so that a frame
//! finds its way without a lock that others hold.
//!
//! Translates messages of the inbox into inputs, and outputs into what lies in outboxes. Never
//! waits. Invariant: a resident's seat names this world, or the resident goes at the next tick.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use vivarium_contract::{Intent, Road, WorldInput, WorldOutput};
use vivarium_link::outbox::{Attachment, Line, Outbox};
use vivarium_protocol::{close::CloseReason, ids::PersonId, intent::Look};

use crate::{
    limits::{AWAY_TICKS, EARLY_WISHES_MAX, WAY_TICKS},
    minds::{Call, Minds},
    routing::{Arrival, Seat, ToWorld},
    worlds::{World, Worlds},
};

#[derive(Debug)]
struct Resident {
    seat: Arc<Seat>,
    outbox: Arc<Outbox>,
    /// What the world was told of the connection.
    road: Option<Road>,
    /// On which connection.
    attachment: Attachment,
    /// What the world was told of the way.
    path_bytes_per_s: Option<u32>,
    /// Ticks since there is none.
    away_ticks: u8,
    name: String,
    look: Look,
    back: Option<Arc<World>>,
}

impl Resident {
    /// What the world must be told of the connection.
    fn changed(&mut self, person: PersonId) -> Option<WorldInput> {
        let Line { road, attachment, is_anew } = self.outbox.line();
        if road.is_some() {
            self.away_ticks = 0;
        } else if self.road.is_some() {
            self.away_ticks += 1;
            if self.away_ticks < AWAY_TICKS {
                return None;
            }
        }
        // Of another connection, even one of the same kind, nothing is known that was known of the way.
        // Who is told all anew comes to the door first.
        let is_same = road.is_none() || attachment == self.attachment || is_anew;
        if road == self.road && is_same {
            return None;
        }
        (self.road, self.away_ticks, self.path_bytes_per_s) = (road, 0, None);
        self.attachment = attachment;
        Some(WorldInput::Presence { person, road, anew: false })
    }
}

/// The people of one world.
#[derive(Debug)]
pub struct Residents {
    me: Arc<World>,
    worlds: Arc<Worlds>,
    /// Who is asked what companions say.
    minds: Minds,
    people: BTreeMap<PersonId, Resident>,
    /// People who are welcomed in the coming tick.
    welcomed: BTreeSet<PersonId>,
    /// Where people went who left for another world lately, and the ticks for which wishes of theirs
    /// may still come here.
    gone_to: BTreeMap<PersonId, (Arc<World>, u8)>,
    /// Wishes that were quicker than whose they are, and the ticks for which they wait.
    early: Vec<(PersonId, Intent, u8)>,
    /// People who have come in this tick and are known again: companions are told of them after it,
    /// when they have come themselves.
    come: Vec<(PersonId, Arc<str>)>,
    /// People whose way to another world was shut: they come in again at the next tick.
    put_back: Vec<Arrival>,
}

impl Residents {
    /// Nobody, in the world `me`.
    pub fn new(me: Arc<World>, worlds: Arc<Worlds>, minds: Minds) -> Self {
        Self {
            me,
            worlds,
            minds,
            people: BTreeMap::new(),
            welcomed: BTreeSet::new(),
            gone_to: BTreeMap::new(),
            early: Vec::new(),
            come: Vec::new(),
            put_back: Vec::new(),
        }
    }

    /// What happened to residents since the last tick: some left, some lost their connection or have
    /// another one.
    pub fn sweep(&mut self, inputs: &mut Vec<WorldInput>) {
        self.welcomed.clear();
        self.gone_to.retain(|_, (_, ticks)| {
            *ticks -= 1;
            *ticks > 0
        });
        self.early.retain_mut(|(_, _, ticks)| {
            *ticks -= 1;
            *ticks > 0
        });
        self.people.retain(|person, resident| {
            if resident.seat.has_left() {
                inputs.push(WorldInput::Leave { person: *person });
                return false;
            }
            inputs.extend(resident.changed(*person));
            true
        });
        for arrival in std::mem::take(&mut self.put_back) {
            self.arrive(arrival, inputs);
        }
    }

    /// Takes in one message.
    pub fn take(&mut self, message: ToWorld, inputs: &mut Vec<WorldInput>) {
        match message {
            ToWorld::Arrival(arrival) => self.arrive(*arrival, inputs),
            ToWorld::Path { person, bytes_per_s } => {
                // Worlds need not be told of what has not changed.
                if let Some(resident) = self.people.get_mut(&person)
                    && resident.path_bytes_per_s != bytes_per_s
                {
                    resident.path_bytes_per_s = bytes_per_s;
                    inputs.push(WorldInput::Path { person, bytes_per_s });
                }
            }
            ToWorld::Intent { person, intent } => self.wish(person, intent, inputs),
            ToWorld::Mind { companion, generation, word } => {
                inputs.push(WorldInput::Mind { companion, generation, word });
            }
            ToWorld::Bond { companion, person, bond } => {
                // Whoever has left is known no more.
                if self.people.contains_key(&person) {
                    inputs.push(WorldInput::Bond { companion, person, bond });
                }
            }
            ToWorld::Traits { companion, traits } => {
                inputs.push(WorldInput::Traits { companion, traits });
            }
            ToWorld::Word { companion, person, text } => {
                inputs.push(WorldInput::Word { companion, person, text });
            }
            ToWorld::Forgotten { companion, account: None } => {
                inputs.push(WorldInput::Forgotten { companion, person: None });
            }
            ToWorld::Forgotten { companion, account } => {
                let is_theirs = |resident: &Resident| resident.seat.account() == account.as_ref();
                let theirs = self.people.iter().filter(|(_, resident)| is_theirs(resident));
                inputs.extend(
                    theirs.map(|(person, _)| WorldInput::Forgotten {
                        companion,
                        person: Some(*person),
                    }),
                );
            }
        }
    }

    /// Passes a wish on, after its person if that is on the way between two worlds: nothing that the
    /// client was told to have been taken in is lost there.
    fn wish(&mut self, person: PersonId, intent: Intent, inputs: &mut Vec<WorldInput>) {
        if self.people.contains_key(&person) {
            inputs.push(WorldInput::Intent { person, intent });
        } else if matches!(intent, Intent::Latest(_)) {
            // Newer ones follow.
        } else if let Some((world, _)) = self.gone_to.get(&person) {
            // A world with a full inbox drops it, as it denies others.
            let _ = world.send(ToWorld::Intent { person, intent });
        } else if self.early.len() < EARLY_WISHES_MAX {
            self.early.push((person, intent, WAY_TICKS));
        }
    }

    fn arrive(&mut self, arrival: Arrival, inputs: &mut Vec<WorldInput>) {
        if arrival.seat.has_left() {
            return;
        }
        if !arrival.seat.is_in(&self.me) {
            // The person went through a portal while the message was on its way.
            let world = arrival.seat.world();
            return send(&world, arrival);
        }
        let person = arrival.seat.person();
        let Line { road, attachment, .. } = arrival.outbox.line();
        if let Some(resident) = self.people.get_mut(&person) {
            // Once a tick is enough, whatever the number of connections: all share one outbox.
            if self.welcomed.insert(person) {
                (resident.road, resident.attachment) = (road, attachment);
                (resident.away_ticks, resident.path_bytes_per_s) = (0, None);
                inputs.push(WorldInput::Presence { person, road, anew: true });
            }
            return;
        }
        self.welcomed.insert(person);
        self.gone_to.remove(&person);
        inputs.push(WorldInput::Enter {
            person,
            name: arrival.name.clone(),
            look: arrival.look,
            spawn: arrival.spawn,
            road: road.unwrap_or(Road::Reliable),
        });
        let wishes = self.early.extract_if(.., |(whose, ..)| *whose == person);
        inputs.extend(wishes.map(|(person, intent, _)| WorldInput::Intent { person, intent }));
        if road.is_none() {
            inputs.push(WorldInput::Presence { person, road, anew: false });
        }
        self.come.extend(arrival.seat.account().map(|account| (person, account.clone())));
        let resident = Resident {
            seat: arrival.seat,
            outbox: arrival.outbox,
            road,
            attachment,
            path_bytes_per_s: None,
            away_ticks: 0,
            name: arrival.name,
            look: arrival.look,
            back: arrival.back,
        };
        self.people.insert(person, resident);
    }

    /// Hands out what a tick made.
    pub fn deliver(&mut self, outputs: &mut Vec<WorldOutput>) {
        for output in outputs.drain(..) {
            match output {
                WorldOutput::Frame { person, first, bytes } => {
                    if let Some(resident) = self.people.get(&person) {
                        resident.outbox.put_latest(first, bytes);
                    }
                }
                WorldOutput::Notice { to, bytes } => {
                    for person in to {
                        if let Some(resident) = self.people.get(&person) {
                            resident.outbox.push_reliable(bytes.clone());
                        }
                    }
                }
                WorldOutput::Travel { person, world, spawn, name, look } => {
                    if let Some(resident) = self.people.remove(&person) {
                        self.travel(resident, &world, spawn, name, look);
                    }
                }
                WorldOutput::Lives { companion, mind } => {
                    self.minds.lives(&self.me, companion, mind);
                }
                WorldOutput::Ask(ask) => {
                    let resident = self.people.get(&ask.person);
                    let account = resident.and_then(|resident| resident.seat.account().cloned());
                    self.minds.tell(&self.me, Call::Ask { ask, account });
                }
                WorldOutput::Unask { companion, generation } => {
                    self.minds.tell(&self.me, Call::Unask { companion, generation });
                }
                // They are the saver's.
                WorldOutput::Edited(_)
                | WorldOutput::EditRefused { .. }
                | WorldOutput::Done { .. }
                | WorldOutput::Poses { .. } => {}
                WorldOutput::Refused { person, reason } => {
                    if let Some(resident) = self.people.remove(&person) {
                        self.refuse(resident, reason);
                    }
                }
            }
        }
        for (person, account) in std::mem::take(&mut self.come) {
            self.minds.tell(&self.me, Call::Met { person, account });
        }
    }

    fn travel(
        &mut self,
        resident: Resident,
        world: &str,
        spawn: Option<String>,
        name: String,
        look: Look,
    ) {
        resident.outbox.clear_latest();
        let Resident { seat, outbox, .. } = resident;
        match self.worlds.find(world).filter(|_| !world.is_empty()) {
            Some(other) => {
                let person = seat.person();
                let arrival =
                    Arrival { seat, outbox, name, look, spawn, back: Some(self.me.clone()) };
                arrival.seat.move_to(other.clone());
                self.gone_to.insert(person, (other.clone(), WAY_TICKS));
                if let Err(ToWorld::Arrival(arrival)) =
                    other.send(ToWorld::Arrival(Box::new(arrival)))
                {
                    self.gone_to.remove(&person);
                    arrival.seat.move_to(self.me.clone());
                    self.put_back.push(Arrival { spawn: None, back: None, ..*arrival });
                }
            }
            // The portal leads nowhere: the document names a world that is not open here.
            None => {
                self.put_back.push(Arrival { seat, outbox, name, look, spawn: None, back: None });
            }
        }
    }

    fn refuse(&mut self, resident: Resident, reason: CloseReason) {
        let Resident { seat, outbox, name, look, back, .. } = resident;
        match back {
            Some(other) => {
                seat.move_to(other.clone());
                self.gone_to.insert(seat.person(), (other.clone(), WAY_TICKS));
                let arrival = Arrival { seat, outbox, name, look, spawn: None, back: None };
                send(&other, arrival);
            }
            None => outbox.close(reason),
        }
    }

    /// The world has ended, as a draft does: everyone goes on in another one.
    pub fn hand_over(&mut self, heir: &Arc<World>) {
        let residents = std::mem::take(&mut self.people).into_values();
        let residents = residents.map(|resident| {
            let Resident { seat, outbox, name, look, .. } = resident;
            outbox.clear_latest();
            Arrival { seat, outbox, name, look, spawn: None, back: None }
        });
        let waiting = std::mem::take(&mut self.put_back);
        for arrival in residents.chain(waiting).filter(|arrival| !arrival.seat.has_left()) {
            let world = arrival.seat.move_on(&self.me, heir);
            send(&world, arrival);
        }
        for (person, intent, _) in std::mem::take(&mut self.early) {
            // A world with a full inbox drops it, as it denies others.
            let _ = heir.send(ToWorld::Intent { person, intent });
        }
    }

    /// Sends on what was sent to this world, which has ended.
    pub fn send_on(&self, message: ToWorld, heir: &Arc<World>) -> Result<(), ToWorld> {
        let gone_to = match &message {
            ToWorld::Intent { person, .. } => self.gone_to.get(person),
            ToWorld::Arrival(_)
            | ToWorld::Path { .. }
            | ToWorld::Mind { .. }
            | ToWorld::Bond { .. }
            | ToWorld::Traits { .. }
            | ToWorld::Word { .. }
            | ToWorld::Forgotten { .. } => None,
        };
        match gone_to {
            Some((world, _)) => world.send(message),
            None => self.me.send_on(message, heir),
        }
    }

    /// The world has ended: everyone is told why, and may come back later.
    pub fn close_all(&mut self, reason: CloseReason) {
        let residents = std::mem::take(&mut self.people).into_values().map(|r| r.outbox);
        let waiting = std::mem::take(&mut self.put_back).into_iter().map(|a| a.outbox);
        for outbox in residents.chain(waiting) {
            outbox.close(reason);
        }
    }

    /// Closes whoever a message brings to a world that does not run now.
    pub fn turn_away(message: ToWorld, reason: CloseReason) {
        if let ToWorld::Arrival(arrival) = message {
            arrival.outbox.close(reason);
        }
    }
}

fn send(world: &World, arrival: Arrival) {
    if let Err(message) = world.send(ToWorld::Arrival(Box::new(arrival))) {
        // A world with a full inbox is far behind: it has no room now.
        Residents::turn_away(message, CloseReason::WorldFull);
    }
}

#[cfg(test)]
mod tests;
