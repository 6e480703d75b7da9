//! The rules of one session, without IO and without a clock.
//!
//! Owns the handshake, the rate limits, the timeouts and the reasons for which a session ends.
//! The driver feeds it with [`Session::handle`] and [`Session::handle_timeout`] and then empties
//! [`Session::poll_output`]; [`Session::poll_timeout`] says when to come back at the latest.
//!
//! ```text
//! Hello --first message--> Asking --admitted--> Open --anything final--> Closed
//!   \------------------------\-- refused, timeout, bad input --------------^
//! ```
//!
//! Invariant: after [`SessionOutput::Close`] nothing comes out and nothing goes in any more.

mod bucket;
#[cfg(test)]
mod tests;

use std::{collections::VecDeque, time::Instant};

use bytes::Bytes;
use vivarium_contract::Intent;
use vivarium_protocol::{
    close::CloseReason,
    ids::PersonId,
    intent::{ClientMessage, Hello},
    limits::{CLIENT_LATEST_BYTES_MAX, CLIENT_RELIABLE_BYTES_MAX, RESUME_TOKEN_BYTES},
    notice::{Denial, ServerMessage},
    wire::{self, DecodeError},
};

use self::bucket::Bucket;
use crate::{limits::LinkLimits, transport::Lane};

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
    /// The answer to [`SessionOutput::Enter`]: come in.
    Admitted(Admitted),
    /// The answer to [`SessionOutput::Enter`], or the wish of the host at any time: go.
    CloseWanted(CloseReason),
    /// The world could not take a wish.
    NotTaken(Denial),
}

/// Who a client is on this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// Unique on this server.
    pub person: PersonId,
    /// To come back with.
    pub resume: [u8; RESUME_TOKEN_BYTES],
    /// Seconds for which the avatar waits after the connection is lost.
    pub resume_window_s: u16,
    /// Whether an earlier session goes on.
    pub resumed: bool,
}

/// What a session wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionOutput {
    /// Send this on the reliable lane.
    Send(Bytes),
    /// Somebody wants to come in: answer with `Admitted` or `CloseWanted`.
    Enter(Hello),
    /// A wish for the world.
    ToWorld(Intent),
    /// Ask the client for a sign of life, if the transport can.
    Probe,
    /// The end; the readable `Closed` message was sent before.
    Close {
        /// Why.
        reason: CloseReason,
        /// For people.
        detail: String,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Hello,
    Asking,
    Open,
    Closed,
}

/// The state machine of one session.
#[derive(Debug)]
pub struct Session {
    state: State,
    limits: LinkLimits,
    started_at: Instant,
    heard_at: Instant,
    probed_at: Instant,
    all: Bucket,
    latest: Bucket,
    chat: Bucket,
    emote: Bucket,
    look: Bucket,
    ping: Bucket,
    counts: SessionCounts,
    outputs: VecDeque<SessionOutput>,
}

impl Session {
    /// A session that waits for its first message.
    pub fn new(now: Instant, limits: LinkLimits) -> Self {
        let rates = limits.rates;
        Self {
            state: State::Hello,
            limits,
            started_at: now,
            heard_at: now,
            probed_at: now,
            all: Bucket::new(now, rates.all),
            latest: Bucket::new(now, rates.latest),
            chat: Bucket::new(now, rates.chat),
            emote: Bucket::new(now, rates.emote),
            look: Bucket::new(now, rates.look),
            ping: Bucket::new(now, rates.ping),
            counts: SessionCounts::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what happened.
    pub fn handle(&mut self, now: Instant, input: SessionInput<'_>) {
        if self.state == State::Closed {
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
            SessionInput::Admitted(admitted) => self.admit(admitted),
            SessionInput::CloseWanted(reason) => self.close(reason, reason.text()),
            SessionInput::NotTaken(denial) => self.deny(denial),
        }
    }

    /// Acts on a deadline that [`Session::poll_timeout`] named; harmless when it came too early.
    pub fn handle_timeout(&mut self, now: Instant) {
        let silent_for = now.saturating_duration_since(self.heard_at);
        match self.state {
            State::Closed => {}
            State::Hello | State::Asking => {
                if now >= self.started_at + self.limits.handshake_timeout {
                    self.close_plainly(CloseReason::HandshakeTimeout);
                }
            }
            State::Open if silent_for >= self.limits.idle_timeout => {
                self.close_plainly(CloseReason::Idle);
            }
            State::Open => {
                if now >= self.probe_at() {
                    self.probed_at = now;
                    self.outputs.push_back(SessionOutput::Probe);
                }
            }
        }
    }

    /// The next thing that the session wants done.
    pub fn poll_output(&mut self) -> Option<SessionOutput> {
        self.outputs.pop_front()
    }

    /// When [`Session::handle_timeout`] must be called at the latest, unless something else
    /// happens before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Closed => None,
            State::Hello | State::Asking => Some(self.started_at + self.limits.handshake_timeout),
            State::Open => Some(self.probe_at().min(self.heard_at + self.limits.idle_timeout)),
        }
    }

    /// What was dropped or denied so far.
    pub fn counts(&self) -> SessionCounts {
        self.counts
    }

    fn probe_at(&self) -> Instant {
        self.heard_at.max(self.probed_at) + self.limits.probe_interval
    }

    /// Notes a sign of life. A flood, even of empty ones, ends the session.
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
        match (self.state, lane) {
            (State::Closed, _) => {}
            (State::Hello, Lane::Reliable) => self.take_hello(bytes),
            (State::Hello, Lane::Latest) => {
                self.close(
                    CloseReason::WrongLane,
                    "the first message of a session belongs on the reliable lane",
                );
            }
            // Nothing is promised to a client that does not wait for the answer.
            (State::Asking, _) => {
                self.close(CloseReason::Malformed, "a message came before the handshake was over");
            }
            (State::Open, Lane::Reliable) => self.take_reliable(now, bytes),
            (State::Open, Lane::Latest) => self.take_latest(now, bytes),
        }
    }

    fn take_hello(&mut self, bytes: &[u8]) {
        match wire::decode_hello(bytes) {
            Ok(hello) => {
                self.state = State::Asking;
                self.outputs.push_back(SessionOutput::Enter(hello));
            }
            Err(error) => self.refuse(&error),
        }
    }

    fn take_reliable(&mut self, now: Instant, bytes: &[u8]) {
        let message = match wire::decode_client_message(bytes) {
            Ok(message) => message,
            Err(error) => return self.refuse_on(Lane::Reliable, bytes, &error),
        };
        let (bucket, intent) = match message {
            ClientMessage::Bye => return self.close_plainly(CloseReason::Bye),
            ClientMessage::Ping { nonce } => {
                if self.ping.take(now) {
                    self.send(&ServerMessage::Pong { nonce });
                } else {
                    self.deny(Denial::TooFast);
                }
                return;
            }
            ClientMessage::Say { text } => (&mut self.chat, Intent::Say { text }),
            ClientMessage::Emote { emote } => (&mut self.emote, Intent::Emote { emote }),
            ClientMessage::SetLook { name, look } => {
                (&mut self.look, Intent::SetLook { name, look })
            }
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
        let reason = match error {
            DecodeError::TooLarge { .. } => CloseReason::Oversized,
            DecodeError::Malformed(_) | DecodeError::TrailingBytes(_) => CloseReason::Malformed,
            DecodeError::NotVivarium => CloseReason::NotVivarium,
            DecodeError::Version { .. } => CloseReason::VersionMismatch,
        };
        let detail = match error {
            DecodeError::Version { .. } => format!("{}: {error}", reason.text()),
            _ => error.to_string(),
        };
        self.close(reason, detail);
    }

    fn admit(&mut self, admitted: Admitted) {
        if self.state != State::Asking {
            return;
        }
        self.state = State::Open;
        self.send(&ServerMessage::Accepted {
            person: admitted.person,
            resume: admitted.resume,
            resume_window_s: admitted.resume_window_s,
            resumed: admitted.resumed,
        });
    }

    fn deny(&mut self, denial: Denial) {
        if denial == Denial::TooFast {
            self.counts.denied_too_fast += 1;
        }
        self.send(&ServerMessage::Denied { denial });
    }

    fn send(&mut self, message: &ServerMessage) {
        self.outputs.push_back(SessionOutput::Send(wire::encode(message).into()));
    }

    fn close_plainly(&mut self, reason: CloseReason) {
        self.close(reason, reason.text());
    }

    fn close(&mut self, reason: CloseReason, detail: impl Into<String>) {
        let detail = detail.into();
        self.send(&ServerMessage::Closed { reason, detail: detail.clone() });
        self.outputs.push_back(SessionOutput::Close { reason, detail });
        self.state = State::Closed;
    }
}
