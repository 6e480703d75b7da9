//! What waits to be sent to one client: reliable messages in order, and the newest frame:
//! the packets of one tick.
//!
//! Written by a world's thread, which never waits here, and emptied by the connection's writer.
//! Invariant: at most `reliable_bytes_max` bytes of reliable messages and one frame are held.
//!
//! ```text
//! open --push beyond the maximum--> closing(TooSlow) --driver--> draining --> closed
//!   \--close(reason)--> closing(reason) ---^
//! ```

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use tokio::sync::Notify;
use vivarium_contract::Road;
use vivarium_protocol::close::CloseReason;

use crate::{limits::WAITING_PACKETS_MAX, stats::LinkStats, transport::Lane};

/// The queue towards one client.
#[derive(Debug)]
pub struct Outbox {
    queue: Mutex<Queue>,
    /// Wakes the writer: something can be sent, or nothing will come any more.
    ready: Notify,
    /// Wakes the driver: somebody wants the session closed.
    ending: Notify,
    /// True as soon as nothing more is taken from the world; read without the lock.
    ended: AtomicBool,
    reliable_bytes_max: usize,
    road: Road,
    stats: Arc<LinkStats>,
}

#[derive(Debug, Default)]
struct Queue {
    reliable: VecDeque<Bytes>,
    reliable_bytes: usize,
    /// The packets of one tick.
    latest: Vec<Bytes>,
    probe: bool,
    close: Option<CloseReason>,
    last: bool,
}

/// What the writer is to send next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Messages, in this order.
    Messages,
    /// Ask for a sign of life.
    Probe,
    /// Everything was taken, and nothing will come any more.
    End,
}

impl Outbox {
    /// An empty one.
    pub fn new(reliable_bytes_max: usize, road: Road, stats: Arc<LinkStats>) -> Self {
        Self {
            queue: Mutex::default(),
            ready: Notify::new(),
            ending: Notify::new(),
            ended: AtomicBool::new(false),
            reliable_bytes_max,
            road,
            stats,
        }
    }

    /// How frames get to the client.
    pub fn road(&self) -> Road {
        self.road
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Queues a reliable message. When it does not fit, the client is not reading: the session is
    /// closed with `TooSlow`, and everyone else goes on.
    pub fn push_reliable(&self, bytes: Bytes) {
        let mut queue = self.queue();
        if queue.close.is_some() || queue.last {
            return;
        }
        if queue.reliable_bytes + bytes.len() > self.reliable_bytes_max {
            queue.close = Some(CloseReason::TooSlow);
            drop(queue);
            self.ended.store(true, Ordering::Release);
            self.ending.notify_one();
            return;
        }
        self.put(&mut queue, bytes);
        drop(queue);
        self.ready.notify_one();
    }

    fn put(&self, queue: &mut Queue, bytes: Bytes) {
        queue.reliable_bytes += bytes.len();
        self.gauge(bytes.len() as i64);
        queue.reliable.push_back(bytes);
    }

    fn gauge(&self, change: i64) {
        self.stats.outbox_bytes.fetch_add(change, Ordering::Relaxed);
    }

    /// Queues a packet. The first of a tick takes the place of all that still wait: the newest
    /// frame wins. What is more than a frame may have is dropped, as the network would.
    pub fn put_latest(&self, first: bool, bytes: Bytes) {
        let mut queue = self.queue();
        if queue.close.is_some()
            || queue.last
            || (!first && queue.latest.len() >= WAITING_PACKETS_MAX)
        {
            return;
        }
        let replaces = first && !queue.latest.is_empty();
        if first {
            self.drop_latest(&mut queue);
        }
        self.gauge(bytes.len() as i64);
        queue.latest.push(bytes);
        drop(queue);
        if replaces {
            self.stats.frames_replaced.fetch_add(1, Ordering::Relaxed);
        }
        self.ready.notify_one();
    }

    /// Forgets the waiting frame: it is of a world that the client has left.
    pub fn clear_latest(&self) {
        self.drop_latest(&mut self.queue());
    }

    fn drop_latest(&self, queue: &mut Queue) {
        for old in queue.latest.drain(..) {
            self.gauge(-(old.len() as i64));
        }
    }

    /// Asks for the session to be closed; the first reason counts. What was queued before is
    /// still sent.
    pub fn close(&self, reason: CloseReason) {
        let mut queue = self.queue();
        if queue.close.is_none() {
            queue.close = Some(reason);
        }
        drop(queue);
        self.ended.store(true, Ordering::Release);
        self.ending.notify_one();
    }

    /// Whether the session ends, or has ended: nothing more is taken.
    pub fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Waits until somebody, or an overflow, wants the session closed.
    pub async fn close_wanted(&self) -> CloseReason {
        loop {
            let ending = self.ending.notified();
            if let Some(reason) = self.queue().close {
                return reason;
            }
            ending.await;
        }
    }

    /// Asks the writer to probe the client.
    pub(crate) fn want_probe(&self) {
        self.queue().probe = true;
        self.ready.notify_one();
    }

    /// Queues the last message, whatever the maximum: nothing is taken after it. What a client
    /// that is too slow did not read is thrown away, since it would not read this either.
    pub(crate) fn finish(&self, last: Option<Bytes>, reason: Option<CloseReason>) {
        let mut queue = self.queue();
        if reason.is_none() || reason == Some(CloseReason::TooSlow) {
            self.gauge(-(queue.reliable_bytes as i64));
            queue.reliable.clear();
            queue.reliable_bytes = 0;
        }
        self.drop_latest(&mut queue);
        if let Some(bytes) = last {
            self.put(&mut queue, bytes);
        }
        queue.last = true;
        drop(queue);
        self.ended.store(true, Ordering::Release);
        self.ready.notify_one();
    }

    /// Waits for something to send and appends it to `messages`: reliable ones first, since a
    /// frame may speak of what they announce.
    pub async fn next(&self, messages: &mut Vec<(Lane, Bytes)>) -> Next {
        loop {
            let ready = self.ready.notified();
            {
                let mut queue = self.queue();
                if !queue.reliable.is_empty() || !queue.latest.is_empty() {
                    let queue = &mut *queue;
                    messages.extend(queue.reliable.drain(..).map(|bytes| (Lane::Reliable, bytes)));
                    self.gauge(-(queue.reliable_bytes as i64));
                    queue.reliable_bytes = 0;
                    for packet in queue.latest.drain(..) {
                        self.gauge(-(packet.len() as i64));
                        messages.push((Lane::Latest, packet));
                    }
                    return Next::Messages;
                }
                if std::mem::take(&mut queue.probe) {
                    return Next::Probe;
                }
                if queue.last {
                    return Next::End;
                }
            }
            ready.await;
        }
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let queue = self.queue();
        let frame: usize = queue.latest.iter().map(Bytes::len).sum();
        self.gauge(-((queue.reliable_bytes + frame) as i64));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;

    fn outbox(reliable_bytes_max: usize) -> Outbox {
        Outbox::new(reliable_bytes_max, Road::Reliable, Arc::default())
    }

    async fn take(outbox: &Outbox) -> Vec<(Lane, Bytes)> {
        let mut messages = Vec::new();
        assert_eq!(outbox.next(&mut messages).await, Next::Messages);
        messages
    }

    #[tokio::test]
    async fn a_newer_frame_replaces_the_waiting_one_and_nothing_reliable_is_lost() {
        let outbox = outbox(100);
        outbox.put_latest(true, Bytes::from_static(b"frame 1"));
        outbox.push_reliable(Bytes::from_static(b"joined"));
        outbox.put_latest(true, Bytes::from_static(b"frame 2"));
        outbox.put_latest(false, Bytes::from_static(b"more of 2"));
        outbox.push_reliable(Bytes::from_static(b"left"));
        assert_eq!(
            take(&outbox).await,
            [
                (Lane::Reliable, Bytes::from_static(b"joined")),
                (Lane::Reliable, Bytes::from_static(b"left")),
                (Lane::Latest, Bytes::from_static(b"frame 2")),
                (Lane::Latest, Bytes::from_static(b"more of 2")),
            ]
        );
        assert_eq!(outbox.stats.frames_replaced.load(Relaxed), 1);
        assert_eq!(outbox.stats.outbox_bytes.load(Relaxed), 0);
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_closed_as_too_slow() {
        let outbox = outbox(10);
        outbox.push_reliable(Bytes::from_static(b"12345678"));
        assert!(!outbox.is_ended());
        outbox.push_reliable(Bytes::from_static(b"123"));
        assert!(outbox.is_ended());
        assert_eq!(outbox.close_wanted().await, CloseReason::TooSlow);
        outbox.finish(Some(Bytes::from_static(b"closed")), Some(CloseReason::TooSlow));
        assert_eq!(take(&outbox).await, [(Lane::Reliable, Bytes::from_static(b"closed"))]);
        assert_eq!(outbox.next(&mut Vec::new()).await, Next::End);
        assert_eq!(outbox.stats.outbox_bytes.load(Relaxed), 0);
    }

    #[tokio::test]
    async fn the_first_reason_counts_and_what_was_queued_is_still_sent() {
        let outbox = outbox(100);
        outbox.push_reliable(Bytes::from_static(b"heard"));
        outbox.close(CloseReason::ShuttingDown);
        outbox.close(CloseReason::Idle);
        outbox.push_reliable(Bytes::from_static(b"too late"));
        assert_eq!(outbox.close_wanted().await, CloseReason::ShuttingDown);
        outbox.finish(Some(Bytes::from_static(b"closed")), Some(CloseReason::ShuttingDown));
        assert_eq!(
            take(&outbox).await,
            [
                (Lane::Reliable, Bytes::from_static(b"heard")),
                (Lane::Reliable, Bytes::from_static(b"closed")),
            ]
        );
    }

    #[tokio::test]
    async fn what_was_never_sent_does_not_stay_in_the_gauge() {
        let stats: Arc<LinkStats> = Arc::default();
        let outbox = Outbox::new(100, Road::Reliable, stats.clone());
        outbox.push_reliable(Bytes::from_static(b"abc"));
        outbox.put_latest(true, Bytes::from_static(b"de"));
        assert_eq!(stats.outbox_bytes.load(Relaxed), 5);
        drop(outbox);
        assert_eq!(stats.outbox_bytes.load(Relaxed), 0);
    }
}
