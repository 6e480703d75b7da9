//! The rules of one session, without IO and without a clock.
//!
//! A connection begins with a [`Greeting`]; what it asks for is admitted by the host, which attaches
//! it to a [`Session`]: a new one, or one whose connection was lost. The session owns the rate
//! limits, the timeouts, the count of messages taken in, and the reasons for which it is closed. The
//! driver feeds it with [`Session::handle`] and [`Session::handle_timeout`] and then empties
//! [`Session::poll_output`]; [`Session::poll_timeout`] says when to come back at the latest.
//!
//! ```text
//! Greeting --handshake--> admitted by the host --attach--> Session: attached --final--> over
//!    \--timeout, bad input--> refused                        ^  |                |
//!                                                            |  v lost           v
//!                                                            detached <----------/
//! ```
//!
//! Invariants: what another connection than the attached one says counts for nothing; after
//! [`SessionOutput::Close`] nothing comes out until the next connection is attached; each numbered
//! message of a client is passed on exactly once, in order.

mod bucket;
mod greeting;
#[cfg(test)]
mod tests;

use std::{collections::VecDeque, time::Instant};

use bytes::Bytes;
use vivarium_contract::Intent;
use vivarium_protocol::{
    close::CloseReason,
    intent::{ClientMessage, MAGIC},
    limits::{CLIENT_LATEST_BYTES_MAX, CLIENT_RELIABLE_BYTES_MAX, UNTAKEN_MESSAGES_MAX},
    notice::{Denial, ServerMessage},
    wire::{self, DecodeError},
};

use self::bucket::Bucket;
pub use self::greeting::{Greeting, Refusal};
use crate::{limits::LinkLimits, outbox::Attachment, transport::Lane};

/// What happens to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionInput<'a> {
    /// A message came.
    Message {
        /// On which lane.
        lane: Lane,
        /// As it was sent.
        bytes: &'a [u8],
    },
    /// The transport had a sign of life without content.
    Alive,
    /// The transport met something that it does not allow.
    Broken {
        /// Why it is not allowed.
        reason: CloseReason,
        /// For people.
        detail: &'static str,
    },
    /// The wish of the host: go.
    CloseWanted(CloseReason),
    /// The world could not take a wish.
    NotTaken(Denial),
    /// The client named numbered messages that were never sent.
    WronglyConfirmed,
}

/// What a session wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionOutput {
    /// Send this numbered message.
    Tell(Bytes),
    /// Send this message without a number, before all that wait.
    Control(Bytes),
    /// A wish for the world.
    ToWorld(Intent),
    /// The client has taken in so many numbered messages.
    Confirmed(u32),
    /// Ask the client for a sign of life, if the transport can.
    Probe,
    /// The end of this connection: send `message` last.
    Close {
        /// Why.
        reason: CloseReason,
        /// The encoded `Closed`.
        message: Bytes,
    },
}

/// What was dropped or denied, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionCounts {
    /// Latest-lane messages beyond their rate.
    pub latest_too_fast: u64,
    /// Wishes denied with `TooFast`.
    pub denied_too_fast: u64,
}

/// The state machine of one session.
#[derive(Debug)]
pub struct Session {
    limits: LinkLimits,
    /// The connection that counts, while it is not over.
    attached: Option<Attachment>,
    heard_at: Instant,
    probed_at: Instant,
    /// Numbered messages of the client that were taken in, and of how many it was told.
    taken: u32,
    taken_told: u32,
    /// Since when it was not told of the newest.
    untold_since: Option<Instant>,
    all: Bucket,
    latest: Bucket,
    chat: Bucket,
    emote: Bucket,
    select: Bucket,
    point: Bucket,
    /// Whether the world was told of a place, and not that it is over.
    is_pointing: bool,
    look: Bucket,
    ping: Bucket,
    counts: SessionCounts,
    outputs: VecDeque<SessionOutput>,
}

impl Session {
    /// A session to which no connection is attached yet.
    pub fn new(now: Instant, limits: LinkLimits) -> Self {
        let rates = limits.rates;
        Self {
            limits,
            attached: None,
            heard_at: now,
            probed_at: now,
            taken: 0,
            taken_told: 0,
            untold_since: None,
            all: Bucket::new(now, rates.all),
            latest: Bucket::new(now, rates.latest),
            chat: Bucket::new(now, rates.chat),
            emote: Bucket::new(now, rates.emote),
            select: Bucket::new(now, rates.select),
            point: Bucket::new(now, rates.point),
            is_pointing: false,
            look: Bucket::new(now, rates.look),
            ping: Bucket::new(now, rates.ping),
            counts: SessionCounts::default(),
            outputs: VecDeque::new(),
        }
    }

    /// From now on this connection counts, and no other one. Gives how many numbered messages of
    /// the client were taken in: those after them it sends again.
    pub fn attach(&mut self, now: Instant, attachment: Attachment) -> u32 {
        self.attached = Some(attachment);
        (self.heard_at, self.probed_at) = (now, now);
        // What was meant for the connection before. `Accepted` tells the count anew.
        self.outputs.clear();
        (self.taken_told, self.untold_since) = (self.taken, None);
        self.taken
    }

    /// Whether this connection is the one that counts.
    pub fn is_attached(&self, attachment: Attachment) -> bool {
        self.attached == Some(attachment)
    }

    /// Takes in what happened to a connection.
    pub fn handle(&mut self, now: Instant, attachment: Attachment, input: SessionInput<'_>) {
        if !self.is_attached(attachment) {
            return;
        }
        match input {
            SessionInput::Message { lane, bytes } => {
                if self.heard(now) {
                    self.take_message(now, lane, bytes);
                }
            }
            SessionInput::Alive => {
                self.heard(now);
            }
            SessionInput::Broken { reason, detail } => self.close(reason, detail),
            SessionInput::CloseWanted(reason) => self.close(reason, reason.text()),
            SessionInput::NotTaken(denial) => self.deny(denial),
            SessionInput::WronglyConfirmed => {
                self.close(CloseReason::Malformed, "messages were confirmed that were never sent");
            }
        }
    }

    /// Acts on a deadline that [`Session::poll_timeout`] named; harmless when it came too early.
    pub fn handle_timeout(&mut self, now: Instant, attachment: Attachment) {
        if !self.is_attached(attachment) {
            return;
        }
        if now.saturating_duration_since(self.heard_at) >= self.limits.idle_timeout {
            return self.close_plainly(CloseReason::Idle);
        }
        if now >= self.probe_at() {
            self.probed_at = now;
            self.outputs.push_back(SessionOutput::Probe);
        }
        if self.taken_at().is_some_and(|at| now >= at) {
            self.tell_taken();
        }
    }

    /// The next thing that the session wants done for the attached connection.
    pub fn poll_output(&mut self, attachment: Attachment) -> Option<SessionOutput> {
        // The last words are said although nothing counts after them.
        let is_mine = self.attached.is_none_or(|attached| attached == attachment);
        if is_mine { self.outputs.pop_front() } else { None }
    }

    /// When [`Session::handle_timeout`] must be called at the latest, unless something else
    /// happens before.
    pub fn poll_timeout(&self) -> Instant {
        let silence = self.probe_at().min(self.heard_at + self.limits.idle_timeout);
        self.taken_at().map_or(silence, |at| at.min(silence))
    }

    /// What was dropped or denied since this was last asked.
    pub fn take_counts(&mut self) -> SessionCounts {
        std::mem::take(&mut self.counts)
    }

    fn probe_at(&self) -> Instant {
        self.heard_at.max(self.probed_at) + self.limits.probe_interval
    }

    fn taken_at(&self) -> Option<Instant> {
        self.untold_since.map(|since| since + self.limits.taken_interval)
    }

    /// Notes a sign of life. A flood, even of empty ones, ends the connection.
    fn heard(&mut self, now: Instant) -> bool {
        self.heard_at = self.heard_at.max(now);
        if self.all.take(now) {
            return true;
        }
        self.close_plainly(CloseReason::TooManyMessages);
        false
    }

    fn take_message(&mut self, now: Instant, lane: Lane, bytes: &[u8]) {
        let bytes_max = match lane {
            Lane::Reliable => CLIENT_RELIABLE_BYTES_MAX,
            Lane::Latest => CLIENT_LATEST_BYTES_MAX,
        };
        if bytes.len() > bytes_max {
            let detail = format!("a message of {} bytes exceeds {bytes_max}", bytes.len());
            return self.close(CloseReason::Oversized, detail);
        }
        match lane {
            Lane::Reliable => self.take_reliable(now, bytes),
            Lane::Latest => self.take_latest(now, bytes),
        }
    }

    fn take_reliable(&mut self, now: Instant, bytes: &[u8]) {
        let message = match wire::decode_client_message(bytes) {
            Ok(message) => message,
            Err(error) => return self.refuse_on(Lane::Reliable, bytes, &error),
        };
        if message.is_numbered() {
            self.count_taken(now);
        }
        let (bucket, intent) = match message {
            ClientMessage::Taken { count } => {
                self.outputs.push_back(SessionOutput::Confirmed(count));
                return;
            }
            ClientMessage::Bye => return self.close_plainly(CloseReason::Bye),
            ClientMessage::Ping { nonce } => {
                if self.ping.take(now) {
                    self.control(&ServerMessage::Pong { nonce });
                } else {
                    self.deny(Denial::TooFast);
                }
                return;
            }
            // The last of a movement counts, and none is worth a denial: those beyond the rate are
            // dropped, but never that what was pointed at is so no more, which is once for each.
            ClientMessage::Point { at } => {
                let passes = match at {
                    Some(_) => self.point.take(now),
                    None => self.is_pointing,
                };
                if passes {
                    self.is_pointing = at.is_some();
                    self.outputs.push_back(SessionOutput::ToWorld(Intent::Point { at }));
                }
                return;
            }
            ClientMessage::Say { text } => (&mut self.chat, Intent::Say { text }),
            ClientMessage::Emote { emote } => (&mut self.emote, Intent::Emote { emote }),
            ClientMessage::SetLook { name, look } => {
                (&mut self.look, Intent::SetLook { name, look })
            }
            ClientMessage::Select { objects } => (&mut self.select, Intent::Select { objects }),
            ClientMessage::Address { companion, text } => {
                (&mut self.chat, Intent::Address { companion, text })
            }
            ClientMessage::Hush { companion } => (&mut self.emote, Intent::Hush { companion }),
        };
        if bucket.take(now) {
            self.outputs.push_back(SessionOutput::ToWorld(intent));
        } else {
            self.deny(Denial::TooFast);
        }
    }

    fn take_latest(&mut self, now: Instant, bytes: &[u8]) {
        // Before decoding: what is dropped should cost nothing.
        if !self.latest.take(now) {
            self.counts.latest_too_fast += 1;
            return;
        }
        match wire::decode_client_latest(bytes) {
            Ok(latest) => self.outputs.push_back(SessionOutput::ToWorld(Intent::Latest(latest))),
            Err(error) => self.refuse_on(Lane::Latest, bytes, &error),
        }
    }

    /// Tells a message on the wrong lane from one that is broken, since that is a mistake of
    /// authors of clients, and they should read what it was.
    fn refuse_on(&mut self, lane: Lane, bytes: &[u8], error: &DecodeError) {
        if lane == Lane::Reliable && bytes.starts_with(&MAGIC) {
            return self.close(CloseReason::Malformed, "the handshake is over");
        }
        let belongs_elsewhere = match lane {
            Lane::Reliable => wire::decode_client_latest(bytes).is_ok(),
            Lane::Latest => {
                wire::decode_client_message(bytes).is_ok() || wire::decode_hello(bytes).is_ok()
            }
        };
        if belongs_elsewhere {
            self.close_plainly(CloseReason::WrongLane);
        } else {
            self.refuse(error);
        }
    }

    fn refuse(&mut self, error: &DecodeError) {
        let (reason, detail) = greeting::reason_of(error);
        self.close(reason, detail);
    }

    fn count_taken(&mut self, now: Instant) {
        self.taken = self.taken.wrapping_add(1);
        self.untold_since.get_or_insert(now);
        if self.taken.wrapping_sub(self.taken_told) >= UNTAKEN_MESSAGES_MAX {
            self.tell_taken();
        }
    }

    fn tell_taken(&mut self) {
        (self.taken_told, self.untold_since) = (self.taken, None);
        self.control(&ServerMessage::Taken { count: self.taken });
    }

    fn deny(&mut self, denial: Denial) {
        if denial == Denial::TooFast {
            self.counts.denied_too_fast += 1;
        }
        let message = wire::encode(&ServerMessage::Denied { denial });
        self.outputs.push_back(SessionOutput::Tell(message.into()));
    }

    fn control(&mut self, message: &ServerMessage) {
        self.outputs.push_back(SessionOutput::Control(wire::encode(message).into()));
    }

    fn close_plainly(&mut self, reason: CloseReason) {
        self.close(reason, reason.text());
    }

    fn close(&mut self, reason: CloseReason, detail: impl Into<String>) {
        let message = greeting::closed(reason, detail.into());
        self.outputs.push_back(SessionOutput::Close { reason, message });
        self.attached = None;
    }
}
