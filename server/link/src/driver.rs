//! One task per connection: joins a transport, a session, an outbox and the door of the host.
//!
//! Knows no transport by name. Reading, writing and the clock run side by side, so that a client
//! that does not read can still be heard, and never holds up anybody else.

use std::{
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering::Relaxed},
    time::Instant,
};

use bytes::Bytes;
use tokio::sync::watch;
use vivarium_contract::{Intent, Road};
use vivarium_protocol::{
    close::CloseReason,
    ids::PersonId,
    intent::Hello,
    limits::RESUME_TOKEN_BYTES,
    notice::{Denial, ServerMessage},
    wire,
};

use crate::{
    limits::{GREETING_SIGNS_MAX, LinkLimits},
    outbox::{Attached, Attachment, Next, Outbox},
    path::PathStats,
    session::{Greeting, Refusal, Session, SessionInput, SessionOutput},
    stats::LinkStats,
    transport::{ConnectionLost, Lane, Received, Receiver, Sender, Sent, Transport},
};

/// What the host offers to connections. Nothing here waits.
pub trait Door: Send + Sync {
    /// A person's place on this server, for as long as one connection lasts.
    type Seat: Send + Sync;

    /// Decides whether somebody may come in, and attaches the connection to a session: to the
    /// one that the client wants to resume, or to a new one.
    fn admit(&self, hello: &Hello, road: Road) -> Result<Admission<Self::Seat>, CloseReason>;

    /// Sends the person into the world, or tells it anew; called after `Accepted` was queued, so
    /// that everything that the world says comes after it. `anew`: the client knows nothing.
    fn enter(&self, seat: &Self::Seat, hello: Hello, anew: bool);

    /// The client has its newest token: older ones are void.
    fn confirmed(&self, seat: &Self::Seat);

    /// What is known of the way to the client, about once a second.
    fn path(&self, seat: &Self::Seat, path: PathStats);

    /// Passes a wish on to the world.
    fn intent(&self, seat: &Self::Seat, intent: Intent) -> Taken;

    /// The connection is over.
    fn gone(&self, seat: Self::Seat, departure: Departure);
}

/// A connection that was let in.
#[derive(Debug)]
pub struct Admission<S> {
    /// The person's place.
    pub seat: S,
    /// The session, to which the connection is attached.
    pub session: Arc<Mutex<Session>>,
    /// What waits for the person, to which the connection is attached.
    pub outbox: Arc<Outbox>,
    /// How it is attached.
    pub attached: Attached,
    /// Numbered messages of the client that were taken in.
    pub taken: u32,
    /// Unique on this server.
    pub person: PersonId,
    /// To come back with.
    pub resume: [u8; RESUME_TOKEN_BYTES],
    /// Seconds for which the avatar waits after the connection is lost.
    pub resume_window_s: u16,
    /// Whether an earlier session goes on.
    pub resumed: bool,
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
    let (mut sender, mut receiver) = transport.split();
    let end = match greet(&mut receiver, door, &limits, road, stats).await {
        Ok((hello, admission)) => {
            stats.accepted.fetch_add(1, Relaxed);
            stats.resumed.fetch_add(u64::from(admission.resumed), Relaxed);
            let visit = Visit::begin(door, hello, admission, stats);
            visit.run(&mut sender, &mut receiver, &limits).await
        }
        Err(end) => end,
    };
    match &end {
        End::Lost => {
            stats.lost.fetch_add(1, Relaxed);
        }
        End::Closed { reason, message } => {
            stats.count_closed(*reason);
            // The client's answer is awaited, so that the network does not throw away the reason
            // together with what the client still sends.
            let _ = tokio::time::timeout(limits.close_timeout, async {
                if sender.send(Lane::Reliable, message).await.is_ok() {
                    stats.count_sent(Lane::Reliable, message.len());
                }
                let _ = sender.flush().await;
                sender.close(*reason).await;
                let mut is_broken = false;
                loop {
                    match receiver.receive().await {
                        Received::Message { .. } | Received::Alive => {}
                        // A transport may have nothing else to tell any more.
                        Received::Broken { .. } if is_broken => break,
                        Received::Broken { .. } => is_broken = true,
                        Received::Lost => break,
                    }
                }
            })
            .await;
        }
    }
    end.departure()
}

/// How a connection ends.
enum End {
    /// Without a word.
    Lost,
    /// With an encoded `Closed`.
    Closed { reason: CloseReason, message: Bytes },
}

impl End {
    fn departure(&self) -> Departure {
        match self {
            Self::Lost => Departure::Lost,
            Self::Closed { reason, .. } => Departure::Closed(*reason),
        }
    }
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        Self::Closed { reason: refusal.reason, message: refusal.message() }
    }
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

/// Waits for the handshake, and asks whether who sends it may come in.
async fn greet<R: Receiver, D: Door>(
    receiver: &mut R,
    door: &D,
    limits: &LinkLimits,
    road: Road,
    stats: &LinkStats,
) -> Result<(Hello, Admission<D::Seat>), End> {
    let greeting = Greeting::new(now(), limits);
    for _ in 0..GREETING_SIGNS_MAX {
        let received = tokio::time::timeout_at(greeting.deadline().into(), receiver.receive());
        match received.await {
            Ok(Received::Message { lane, bytes }) => {
                stats.count_received(lane, bytes.len());
                let hello = Greeting::read(lane, &bytes)?;
                let admission = door.admit(&hello, road).map_err(Refusal::from)?;
                return Ok((hello, admission));
            }
            Ok(Received::Alive) => {}
            Ok(Received::Broken { reason, detail }) => {
                return Err(Refusal { reason, detail: detail.into() }.into());
            }
            Ok(Received::Lost) => return Err(End::Lost),
            Err(_) => return Err(Refusal::from(CloseReason::HandshakeTimeout).into()),
        }
    }
    Err(Refusal::from(CloseReason::TooManyMessages).into())
}

/// One connection of a session.
struct Visit<'a, D: Door> {
    door: &'a D,
    stats: &'a LinkStats,
    session: Arc<Mutex<Session>>,
    outbox: Arc<Outbox>,
    attachment: Attachment,
    seat: Option<D::Seat>,
    end: Option<End>,
}

impl<'a, D: Door> Visit<'a, D> {
    fn begin(
        door: &'a D,
        hello: Hello,
        admission: Admission<D::Seat>,
        stats: &'a LinkStats,
    ) -> Self {
        let Admission { seat, session, outbox, attached, taken, .. } = admission;
        let accepted = ServerMessage::Accepted {
            person: admission.person,
            resume: admission.resume,
            resume_window_s: admission.resume_window_s,
            resumed: admission.resumed,
            taken,
            told: attached.told,
        };
        outbox.push_control(attached.attachment, wire::encode(&accepted).into());
        door.enter(&seat, hello, attached.anew);
        let attachment = attached.attachment;
        Self { door, stats, session, outbox, attachment, seat: Some(seat), end: None }
    }

    /// Until the connection ends.
    async fn run<S: Sender, R: Receiver>(
        mut self,
        sender: &mut S,
        receiver: &mut R,
        limits: &LinkLimits,
    ) -> End {
        let outbox = self.outbox.clone();
        let (report, paths) = watch::channel(None);
        let write = write_out(sender, &outbox, self.attachment, limits, self.stats, report);
        let mut writing = pin!(write);
        let writer_ended = self.pass(receiver, writing.as_mut(), paths).await;
        let end = self.end.take().unwrap_or(End::Lost);
        let reads_on = match end.departure() {
            Departure::Lost => false,
            Departure::Closed(reason) => !matches!(
                reason,
                CloseReason::TooSlow | CloseReason::Idle | CloseReason::ResumedElsewhere
            ),
        };
        self.depart(end.departure(), reads_on);
        if reads_on && !writer_ended {
            let _ = tokio::time::timeout(limits.close_timeout, writing).await;
        }
        outbox.detach(self.attachment);
        end
    }

    /// Passes messages in both directions; whether the writer has ended.
    async fn pass<R: Receiver>(
        &mut self,
        receiver: &mut R,
        mut writing: Pin<&mut impl Future<Output = WriteEnd>>,
        mut paths: watch::Receiver<Option<PathStats>>,
    ) -> bool {
        let outbox = self.outbox.clone();
        let mut timer = pin!(tokio::time::sleep_until(self.deadline()));
        let mut writer_ended = false;
        while self.end.is_none() {
            tokio::select! {
                received = receiver.receive() => self.take(&received),
                reason = outbox.close_wanted(self.attachment) => self.close(reason),
                end = &mut writing, if !writer_ended => {
                    writer_ended = true;
                    match end {
                        // The reason is told by the outbox.
                        WriteEnd::Finished => {}
                        WriteEnd::Lost => self.lose(),
                        WriteEnd::Stalled => self.close(CloseReason::TooSlow),
                    }
                }
                Ok(()) = paths.changed() => {
                    let path = *paths.borrow_and_update();
                    self.tell_path(path);
                }
                () = &mut timer => {
                    self.drive(|session, attachment| session.handle_timeout(now(), attachment));
                    timer.as_mut().reset(self.deadline());
                }
            }
            // Deadlines mostly move away: the timer is only touched when one comes nearer.
            let next = self.deadline();
            if next < timer.deadline() {
                timer.as_mut().reset(next);
            }
        }
        writer_ended
    }

    fn tell_path(&self, path: Option<PathStats>) {
        if let (Some(path), Some(seat)) = (path, &self.seat) {
            self.stats.count_path(&path);
            self.door.path(seat, path);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deadline(&self) -> tokio::time::Instant {
        self.lock().poll_timeout().into()
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
        self.end.get_or_insert(End::Lost);
    }

    fn close(&mut self, reason: CloseReason) {
        self.handle(SessionInput::CloseWanted(reason));
        // A newer connection has taken over, and the session has no words for this one.
        self.end.get_or_insert_with(|| Refusal::from(reason).into());
    }

    fn handle(&mut self, input: SessionInput<'_>) {
        self.drive(|session, attachment| session.handle(now(), attachment, input));
    }

    /// Tells the session something and does what it wants done, one thing after another: under one
    /// lock, so that a newer connection comes before all of it or after. In between it would find
    /// a message counted as taken and throw away what was to be done with it.
    fn drive(&mut self, tell: impl FnOnce(&mut Session, Attachment)) {
        let mut is_confirmed = false;
        let session = self.session.clone();
        let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
        tell(&mut session, self.attachment);
        while let Some(output) = session.poll_output(self.attachment) {
            match output {
                SessionOutput::Tell(bytes) => self.outbox.push_reliable(bytes),
                SessionOutput::Control(bytes) => self.outbox.push_control(self.attachment, bytes),
                SessionOutput::ToWorld(intent) => self.pass_on(&mut session, intent),
                SessionOutput::Confirmed(count) => {
                    if self.outbox.confirm(count) {
                        is_confirmed = true;
                    } else {
                        let wrong = SessionInput::WronglyConfirmed;
                        session.handle(now(), self.attachment, wrong);
                    }
                }
                SessionOutput::Probe => self.outbox.want_probe(self.attachment),
                SessionOutput::Close { reason, message } => {
                    self.end.get_or_insert(End::Closed { reason, message });
                }
            }
        }
        drop(session);
        if let Some(seat) = self.seat.as_ref().filter(|_| is_confirmed) {
            self.door.confirmed(seat);
        }
    }

    fn pass_on(&self, session: &mut Session, intent: Intent) {
        let Some(seat) = &self.seat else { return };
        match self.door.intent(seat, intent) {
            Taken::Yes => {}
            Taken::Dropped => {
                self.stats.latest_inbox_full.fetch_add(1, Relaxed);
            }
            Taken::Denied(denial) => {
                session.handle(now(), self.attachment, SessionInput::NotTaken(denial));
            }
        }
    }

    /// Gives the seat back, before the client has taken in the last words.
    fn depart(&mut self, departure: Departure, reads_on: bool) {
        let counts = self.lock().take_counts();
        self.stats.latest_too_fast.fetch_add(counts.latest_too_fast, Relaxed);
        self.stats.denied_too_fast.fetch_add(counts.denied_too_fast, Relaxed);
        if reads_on {
            self.outbox.drain(self.attachment);
        } else {
            self.outbox.detach(self.attachment);
        }
        if let Some(seat) = self.seat.take() {
            self.door.gone(seat, departure);
        }
    }
}

impl<D: Door> Drop for Visit<'_, D> {
    /// A task that is aborted or panics gives its seat back too.
    fn drop(&mut self) {
        self.outbox.detach(self.attachment);
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
    attachment: Attachment,
    limits: &LinkLimits,
    stats: &LinkStats,
    report: watch::Sender<Option<PathStats>>,
) -> WriteEnd {
    let mut messages = Vec::new();
    let mut report_due = now() + limits.path_interval;
    loop {
        let next = outbox.next(attachment, &mut messages).await;
        let is_due = now() >= report_due;
        let written = tokio::time::timeout(limits.write_stall_max, async {
            match next {
                Next::Messages => {
                    for (lane, bytes) in messages.drain(..) {
                        match sender.send(lane, &bytes).await? {
                            Sent::Yes => stats.count_sent(lane, bytes.len()),
                            Sent::Dropped => stats.count_dropped(),
                        }
                    }
                    sender.flush().await?;
                }
                Next::Probe => sender.probe().await?,
                Next::End => return Ok(()),
            }
            if is_due {
                report.send_replace(sender.path().await);
            }
            Ok(())
        });
        match written.await {
            Ok(Ok(())) if next == Next::End => return WriteEnd::Finished,
            Ok(Ok(())) if is_due => report_due = now() + limits.path_interval,
            Ok(Ok(())) => {}
            Ok(Err(ConnectionLost)) => return WriteEnd::Lost,
            Err(_) => return WriteEnd::Stalled,
        }
    }
}
