//! One task per connection: joins a transport, a session, an outbox and the door of the host.
//!
//! Knows no transport by name. Reading, writing and the clock run side by side, so that a client
//! that does not read can still be heard, and never holds up anybody else.

use std::{
    pin::pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use bytes::Bytes;
use vivarium_contract::{Intent, Road};
use vivarium_protocol::{close::CloseReason, intent::Hello, notice::Denial};

use crate::{
    limits::LinkLimits,
    outbox::{Next, Outbox},
    session::{Admitted, Session, SessionInput, SessionOutput},
    stats::LinkStats,
    transport::{ConnectionLost, Received, Receiver, Sender, Transport},
};

/// What the host offers to sessions. Nothing here waits.
pub trait Door: Send + Sync {
    /// A person's place on this server, for as long as one connection lasts.
    type Seat: Send + Sync;

    /// Decides whether somebody may come in, and gives a seat.
    fn admit(
        &self,
        hello: &Hello,
        outbox: &Arc<Outbox>,
    ) -> Result<(Self::Seat, Admitted), CloseReason>;

    /// Sends the person into the world; called after `Accepted` was queued, so that everything
    /// that the world says comes after it.
    fn enter(&self, seat: &Self::Seat, hello: Hello, outbox: &Arc<Outbox>);

    /// Passes a wish on to the world.
    fn intent(&self, seat: &Self::Seat, intent: Intent) -> Taken;

    /// The connection is over.
    fn gone(&self, seat: Self::Seat, departure: Departure);
}

/// What became of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is on its way to the world.
    Yes,
    /// It was dropped, as if the network had lost it.
    Dropped,
    /// It was not granted.
    Denied(Denial),
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// It broke, or the client closed it without a goodbye.
    Lost,
    /// The session was closed.
    Closed(CloseReason),
}

/// Runs one connection to its end.
pub async fn drive<T: Transport, D: Door>(
    transport: T,
    door: &D,
    limits: LinkLimits,
    stats: &Arc<LinkStats>,
) -> Departure {
    stats.open.fetch_add(1, Relaxed);
    let _open = Open(stats);
    let road = match transport.capabilities().latest_is_datagram {
        true => Road::Datagrams,
        false => Road::Reliable,
    };
    let outbox = Arc::new(Outbox::new(limits.reliable_queue_bytes_max, road, stats.clone()));
    let (mut sender, mut receiver) = transport.split();
    let departure = {
        let mut writing = pin!(write_out(&mut sender, &outbox, limits.write_stall_max, stats));
        let mut visit = Visit::new(now(), door, limits, &outbox, stats);
        let writer_ended = visit.run(&mut receiver, writing.as_mut()).await;
        let departure = visit.depart();
        if !writer_ended && departure != Departure::Lost {
            let _ = tokio::time::timeout(limits.close_timeout, writing).await;
        }
        departure
    };
    if let Departure::Closed(reason) = departure {
        stats.count_closed(reason);
        // The client's answer is awaited, so that the network does not throw away the reason
        // together with what the client still sends.
        let _ = tokio::time::timeout(limits.close_timeout, async {
            sender.close(reason).await;
            while receiver.receive().await != Received::Lost {}
        })
        .await;
    } else {
        stats.lost.fetch_add(1, Relaxed);
    }
    departure
}

/// Counts the connection as open while it lives.
struct Open<'a>(&'a LinkStats);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

/// tokio's clock, which tests may hold still.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// One session with what surrounds it.
struct Visit<'a, D: Door> {
    door: &'a D,
    session: Session,
    outbox: &'a Arc<Outbox>,
    stats: &'a LinkStats,
    seat: Option<D::Seat>,
    departure: Option<Departure>,
}

impl<'a, D: Door> Visit<'a, D> {
    fn new(
        now: Instant,
        door: &'a D,
        limits: LinkLimits,
        outbox: &'a Arc<Outbox>,
        stats: &'a LinkStats,
    ) -> Self {
        let session = Session::new(now, limits);
        Self { door, session, outbox, stats, seat: None, departure: None }
    }

    /// Until the session ends; whether the writer has ended before it.
    async fn run<R: Receiver>(
        &mut self,
        receiver: &mut R,
        mut writing: std::pin::Pin<&mut impl Future<Output = WriteEnd>>,
    ) -> bool {
        let deadline = |session: &Session| session.poll_timeout().map(tokio::time::Instant::from);
        let Some(first) = deadline(&self.session) else { return false };
        let mut timer = pin!(tokio::time::sleep_until(first));
        let mut writer_ended = false;
        while self.departure.is_none() {
            tokio::select! {
                received = receiver.receive() => self.take(&received),
                reason = self.outbox.close_wanted() => {
                    self.handle(SessionInput::CloseWanted(reason));
                }
                end = &mut writing, if !writer_ended => {
                    writer_ended = true;
                    match end {
                        WriteEnd::Finished | WriteEnd::Lost => self.lose(),
                        WriteEnd::Stalled => {
                            self.handle(SessionInput::CloseWanted(CloseReason::TooSlow));
                        }
                    }
                }
                () = &mut timer => {
                    self.session.handle_timeout(now());
                    self.pump();
                    if let Some(next) = deadline(&self.session) {
                        timer.as_mut().reset(next);
                    }
                }
            }
            // Deadlines mostly move away: the timer is only touched when one comes nearer.
            if let Some(next) = deadline(&self.session).filter(|next| *next < timer.deadline()) {
                timer.as_mut().reset(next);
            }
        }
        writer_ended
    }

    fn take(&mut self, received: &Received) {
        match received {
            Received::Message { lane, bytes } => {
                self.stats.count_received(*lane, bytes.len());
                self.handle(SessionInput::Message { lane: *lane, bytes });
            }
            Received::Alive => self.handle(SessionInput::Alive),
            Received::Broken { reason, detail } => {
                self.handle(SessionInput::Broken { reason: *reason, detail });
            }
            Received::Lost => self.lose(),
        }
    }

    fn lose(&mut self) {
        self.departure.get_or_insert(Departure::Lost);
        self.outbox.finish(None, None);
    }

    fn handle(&mut self, input: SessionInput<'_>) {
        self.session.handle(now(), input);
        self.pump();
    }

    /// Does what the session wants done.
    fn pump(&mut self) {
        // One message is held back, since the last one before a close is sent even by an outbox
        // that takes nothing more.
        let mut held: Option<Bytes> = None;
        while let Some(output) = self.session.poll_output() {
            match output {
                SessionOutput::Send(bytes) => {
                    if let Some(earlier) = held.replace(bytes) {
                        self.outbox.push_reliable(earlier);
                    }
                }
                SessionOutput::Enter(hello) => self.enter(hello),
                SessionOutput::ToWorld(intent) => self.pass_on(intent),
                SessionOutput::Probe => self.outbox.want_probe(),
                SessionOutput::Close { reason, .. } => {
                    self.outbox.finish(held.take(), Some(reason));
                    self.departure.get_or_insert(Departure::Closed(reason));
                }
            }
        }
        if let Some(bytes) = held {
            self.outbox.push_reliable(bytes);
        }
    }

    fn enter(&mut self, hello: Hello) {
        match self.door.admit(&hello, self.outbox) {
            Ok((seat, admitted)) => {
                self.stats.accepted.fetch_add(1, Relaxed);
                self.stats.resumed.fetch_add(u64::from(admitted.resumed), Relaxed);
                self.session.handle(now(), SessionInput::Admitted(admitted));
                self.pump();
                self.door.enter(&seat, hello, self.outbox);
                self.seat = Some(seat);
            }
            Err(reason) => self.session.handle(now(), SessionInput::CloseWanted(reason)),
        }
    }

    fn pass_on(&mut self, intent: Intent) {
        let Some(seat) = &self.seat else { return };
        match self.door.intent(seat, intent) {
            Taken::Yes => {}
            Taken::Dropped => {
                self.stats.latest_inbox_full.fetch_add(1, Relaxed);
            }
            Taken::Denied(denial) => {
                self.session.handle(now(), SessionInput::NotTaken(denial));
            }
        }
    }

    /// Gives the seat back, before the client has taken in the last words.
    fn depart(&mut self) -> Departure {
        let counts = self.session.counts();
        self.stats.latest_too_fast.fetch_add(counts.latest_too_fast, Relaxed);
        self.stats.denied_too_fast.fetch_add(counts.denied_too_fast, Relaxed);
        let departure = self.departure.unwrap_or(Departure::Lost);
        if let Some(seat) = self.seat.take() {
            self.door.gone(seat, departure);
        }
        departure
    }
}

impl<D: Door> Drop for Visit<'_, D> {
    /// A task that is aborted or panics gives its seat back too.
    fn drop(&mut self) {
        self.outbox.finish(None, None);
        if let Some(seat) = self.seat.take() {
            self.door.gone(seat, Departure::Lost);
        }
    }
}

/// How writing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WriteEnd {
    /// The last message was written.
    Finished,
    /// The connection is lost.
    Lost,
    /// A write took longer than allowed.
    Stalled,
}

async fn write_out<S: Sender>(
    sender: &mut S,
    outbox: &Outbox,
    stall_max: Duration,
    stats: &LinkStats,
) -> WriteEnd {
    let mut messages = Vec::new();
    loop {
        let next = outbox.next(&mut messages).await;
        let written = tokio::time::timeout(stall_max, async {
            match next {
                Next::Messages => {
                    for (lane, bytes) in messages.drain(..) {
                        sender.send(lane, &bytes).await?;
                        stats.count_sent(lane, bytes.len());
                    }
                    sender.flush().await
                }
                Next::Probe => sender.probe().await,
                Next::End => Ok(()),
            }
        });
        match written.await {
            Ok(Ok(())) if next == Next::End => return WriteEnd::Finished,
            Ok(Ok(())) => {}
            Ok(Err(ConnectionLost)) => return WriteEnd::Lost,
            Err(_) => return WriteEnd::Stalled,
        }
    }
}
