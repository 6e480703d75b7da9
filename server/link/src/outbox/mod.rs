//! What is to be sent to one person, for as long as a session lasts: over one connection after
//! another.
//!
//! Written by a world's thread, which never waits here, and emptied by the writer of whichever
//! connection is attached. Numbered messages stay here until the client has taken them in, so that
//! the next connection can send them again; packets and control messages are of one connection.
//!
//! ```text
//! detached --attach--> attached --detach, or attach of another connection--> detached / attached
//!     \------ close, overflow ------> closing --attach--> attached, told anew
//! ```
//!
//! Invariant: at most `reliable_bytes_max` bytes of numbered messages, [`CONTROL_MESSAGES_MAX`]
//! control messages and one frame are held.

#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicI64, AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release},
    },
};

use bytes::Bytes;
use tokio::sync::Notify;
use vivarium_contract::Road;
use vivarium_protocol::close::CloseReason;

use crate::{
    limits::{CONTROL_MESSAGES_MAX, WAITING_PACKETS_MAX},
    transport::Lane,
};

/// Number of one connection among those of a session; the first is 1.
pub type Attachment = u32;

/// What all outboxes of a server hold and did.
#[derive(Debug, Default)]
pub struct OutboxStats {
    /// Bytes that wait, or that were sent and not yet taken in.
    pub bytes: AtomicI64,
    /// Waiting frames that were replaced by newer ones.
    pub frames_replaced: AtomicU64,
    /// Numbered messages that were sent again over a new connection.
    pub messages_repeated: AtomicU64,
    /// Outboxes that ran full and were emptied.
    pub overflows: AtomicU64,
}

/// The queue towards one person.
#[derive(Debug)]
pub struct Outbox {
    queue: Mutex<Queue>,
    /// Wakes writers and drivers: something can be sent, or a connection has to end.
    changed: Notify,
    /// The attachment, and how frames travel there, for those who must not take the lock.
    line: AtomicU64,
    reliable_bytes_max: usize,
    stats: Arc<OutboxStats>,
}

#[derive(Debug, Default)]
struct Queue {
    /// Numbered messages that the client has not confirmed; the first one's number is
    /// `confirmed + 1`.
    kept: VecDeque<Bytes>,
    kept_bytes: usize,
    /// How many of `kept`, from its start, were given to the attached connection.
    sent: usize,
    /// Numbered messages that the client has taken in.
    confirmed: u32,
    /// Messages without a number, for the attached connection alone.
    control: VecDeque<Bytes>,
    /// The packets of one tick, for the attached connection alone.
    latest: Vec<Bytes>,
    latest_bytes: usize,
    probe: bool,
    attachment: Attachment,
    attached: Option<Road>,
    /// Whether the client is told all anew over this attachment.
    is_anew: bool,
    /// The attached connection writes what there is, and then ends.
    draining: bool,
    close: Option<CloseReason>,
}

/// A connection at an outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Names the connection.
    pub attachment: Attachment,
    /// Numbered messages before the next one that this connection gets.
    pub told: u32,
    /// Whether something is missing before it, so that the client must be told all anew.
    pub anew: bool,
}

/// Which connection a person has, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Names the newest connection, which may be over; 0: there never was one.
    pub attachment: Attachment,
    /// Whether its client knows nothing, and is about to be told all anew.
    pub is_anew: bool,
    /// How frames travel there; none: it is over.
    pub road: Option<Road>,
}

/// What the writer is to send next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Messages, in this order.
    Messages,
    /// Ask for a sign of life.
    Probe,
    /// Nothing will come any more over this connection.
    End,
}

impl Outbox {
    /// An empty one, without a connection.
    pub fn new(reliable_bytes_max: usize, stats: Arc<OutboxStats>) -> Self {
        Self {
            queue: Mutex::default(),
            changed: Notify::new(),
            line: AtomicU64::new(0),
            reliable_bytes_max,
            stats,
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The connection, without waiting for anybody.
    pub fn line(&self) -> Line {
        let word = self.line.load(Acquire);
        let road = match word & 3 {
            1 => Some(Road::Reliable),
            2 => Some(Road::Datagrams),
            _ => None,
        };
        Line { attachment: (word >> 3) as u32, is_anew: word & 4 != 0, road }
    }

    /// Changes the queue, and keeps what others read without the lock in step with it.
    fn change<T>(&self, act: impl FnOnce(&mut Queue) -> T) -> T {
        let mut queue = self.queue();
        let before = queue.held_bytes();
        let result = act(&mut queue);
        let after = queue.held_bytes();
        let road = match queue.attached {
            None => 0,
            Some(Road::Reliable) => 1,
            Some(Road::Datagrams) => 2,
        };
        let anew = u64::from(queue.is_anew) << 2;
        self.line.store(u64::from(queue.attachment) << 3 | anew | road, Release);
        drop(queue);
        if before != after {
            self.stats.bytes.fetch_add(after as i64 - before as i64, Relaxed);
        }
        result
    }

    /// A new connection takes the place of the one before. `taken`: numbered messages that the
    /// client has taken in; those after them are sent again. Without it, or when messages were
    /// thrown away meanwhile, the client has to be told all anew.
    pub fn attach(&self, taken: Option<u32>, road: Road) -> Attached {
        let attached = self.change(|queue| {
            let is_whole = queue.close.take().is_none();
            let anew = !(is_whole && taken.is_some_and(|taken| queue.confirm(taken)));
            if anew {
                queue.forget();
            }
            self.stats.messages_repeated.fetch_add(queue.sent as u64, Relaxed);
            queue.sent = 0;
            queue.hang_up();
            queue.attachment = queue.attachment.wrapping_add(1).max(1);
            queue.attached = Some(road);
            queue.is_anew = anew;
            Attached { attachment: queue.attachment, told: queue.confirmed, anew }
        });
        self.changed.notify_waiters();
        attached
    }

    /// The connection is over; whatever it did not confirm stays for the next one.
    pub fn detach(&self, attachment: Attachment) {
        self.change(|queue| {
            if queue.attachment == attachment {
                queue.hang_up();
            }
        });
        self.changed.notify_waiters();
    }

    /// The client has taken in `count` numbered messages. False when so many were never sent.
    pub fn confirm(&self, count: u32) -> bool {
        self.change(|queue| queue.confirm(count))
    }

    /// Queues a numbered message. When it does not fit, the client does not read, or has been
    /// away in a busy world: everything is thrown away, a connection is closed with `TooSlow`, and
    /// whoever comes back is told all anew. Everyone else goes on.
    pub fn push_reliable(&self, bytes: Bytes) {
        let is_full = self.change(|queue| {
            if queue.close.is_some() {
                return false;
            }
            let is_full = queue.kept_bytes + cost(&bytes) > self.reliable_bytes_max;
            if is_full {
                queue.forget();
                queue.close = Some(CloseReason::TooSlow);
            } else {
                queue.kept_bytes += cost(&bytes);
                queue.kept.push_back(bytes);
            }
            is_full
        });
        self.changed.notify_waiters();
        if is_full {
            self.stats.overflows.fetch_add(1, Relaxed);
        }
    }

    /// Queues a message that is of this connection alone, before all others. A connection that
    /// has too many of them waiting does not read.
    pub(crate) fn push_control(&self, attachment: Attachment, bytes: Bytes) {
        self.change(|queue| {
            if queue.attachment != attachment || queue.attached.is_none() {
                return;
            }
            if queue.control.len() >= CONTROL_MESSAGES_MAX {
                queue.close.get_or_insert(CloseReason::TooSlow);
            } else {
                queue.control.push_back(bytes);
            }
        });
        self.changed.notify_waiters();
    }

    /// Queues a packet. The first of a tick takes the place of all that still wait: the newest
    /// frame wins. What is more than a frame may have is dropped, as the network would.
    pub fn put_latest(&self, first: bool, bytes: Bytes) {
        let replaces = self.change(|queue| {
            let is_heard = queue.attached.is_some() && queue.close.is_none() && !queue.draining;
            if !is_heard || (!first && queue.latest.len() >= WAITING_PACKETS_MAX) {
                return false;
            }
            let replaces = first && !queue.latest.is_empty();
            if first {
                queue.drop_latest();
            }
            queue.latest_bytes += bytes.len();
            queue.latest.push(bytes);
            replaces
        });
        self.changed.notify_waiters();
        if replaces {
            self.stats.frames_replaced.fetch_add(1, Relaxed);
        }
    }

    /// Forgets the waiting frame: it is of a world that the client has left.
    pub fn clear_latest(&self) {
        self.change(Queue::drop_latest);
    }

    /// Asks for the connection to be closed; the first reason counts. What was queued before is
    /// still sent.
    pub fn close(&self, reason: CloseReason) {
        self.change(|queue| {
            queue.close.get_or_insert(reason);
        });
        self.changed.notify_waiters();
    }

    /// Waits until somebody, an overflow, or a newer connection wants this one closed.
    pub async fn close_wanted(&self, attachment: Attachment) -> CloseReason {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            {
                let queue = self.queue();
                if queue.attachment != attachment {
                    return CloseReason::ResumedElsewhere;
                }
                if let Some(reason) = queue.close {
                    return reason;
                }
            }
            changed.await;
        }
    }

    /// Asks the writer to probe the client.
    pub(crate) fn want_probe(&self, attachment: Attachment) {
        self.change(|queue| queue.probe = queue.attachment == attachment);
        self.changed.notify_waiters();
    }

    /// Lets the writer end once it has written what there is.
    pub(crate) fn drain(&self, attachment: Attachment) {
        self.change(|queue| {
            if queue.attachment == attachment {
                queue.draining = true;
                queue.drop_latest();
            }
        });
        self.changed.notify_waiters();
    }

    /// Waits for something to send and appends it to `messages`: control messages first, then
    /// numbered ones, then the frame, since it may speak of what they announce.
    pub async fn next(&self, attachment: Attachment, messages: &mut Vec<(Lane, Bytes)>) -> Next {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(next) = self.change(|queue| queue.take(attachment, messages)) {
                return next;
            }
            changed.await;
        }
    }
}

/// Bytes that a kept message costs: a short one is mostly what belongs to it.
fn cost(bytes: &Bytes) -> usize {
    bytes.len() + MESSAGE_OVERHEAD_BYTES
}

/// A place in the queue, a counted allocation and its header.
const MESSAGE_OVERHEAD_BYTES: usize = 96;

impl Queue {
    fn held_bytes(&self) -> usize {
        self.kept_bytes + self.latest_bytes
    }

    /// Whether so many can have been taken in; then they need not be kept.
    fn confirm(&mut self, count: u32) -> bool {
        let more = count.wrapping_sub(self.confirmed) as usize;
        if more > self.sent {
            return false;
        }
        for bytes in self.kept.drain(..more) {
            self.kept_bytes -= cost(&bytes);
        }
        self.sent -= more;
        self.confirmed = count;
        true
    }

    /// Throws all numbered messages away, and counts them as taken in.
    fn forget(&mut self) {
        self.confirmed = self.confirmed.wrapping_add(self.kept.len() as u32);
        self.kept = VecDeque::new();
        (self.kept_bytes, self.sent) = (0, 0);
    }

    fn drop_latest(&mut self) {
        self.latest.clear();
        self.latest_bytes = 0;
    }

    fn hang_up(&mut self) {
        self.attached = None;
        self.control.clear();
        self.drop_latest();
        (self.probe, self.draining) = (false, false);
    }

    fn take(&mut self, attachment: Attachment, messages: &mut Vec<(Lane, Bytes)>) -> Option<Next> {
        if self.attachment != attachment || self.attached.is_none() {
            return Some(Next::End);
        }
        messages.extend(self.control.drain(..).map(|bytes| (Lane::Reliable, bytes)));
        let unsent = self.kept.range(self.sent..).cloned();
        messages.extend(unsent.map(|bytes| (Lane::Reliable, bytes)));
        self.sent = self.kept.len();
        messages.extend(self.latest.drain(..).map(|bytes| (Lane::Latest, bytes)));
        self.latest_bytes = 0;
        if !messages.is_empty() {
            return Some(Next::Messages);
        }
        if self.draining {
            return Some(Next::End);
        }
        std::mem::take(&mut self.probe).then_some(Next::Probe)
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.change(|queue| {
            queue.forget();
            queue.hang_up();
        });
    }
}
