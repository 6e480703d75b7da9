//! One answer: who is asked, and what becomes of it when somebody fails.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep, timeout, timeout_at},
};

use super::{
    Begun, Core, GatewayError, Tier,
    attempt::Running,
    backoff,
    limits::{ATTEMPTS_MAX, BREAKS_MAX, RATE_WAIT_MAX},
    meter::{Meter, OverBudget},
    overlap::Overlap,
    plan, scorer,
    settings::ms,
};
use crate::provider::{
    Continuation, Finish, Piece, ProviderError, Request, ToolCall, Usage, limits::TEXT_BYTES_MAX,
};

/// An answer that is being got.
pub(super) struct Talk {
    core: Arc<Core>,
    request: Arc<Request>,
    wanted: Option<Tier>,
    meter: Arc<dyn Meter>,
    /// All is over then.
    deadline: Instant,
    stage: Stage,
    turn: Option<OwnedSemaphorePermit>,
    candidates: Vec<Candidate>,
    /// Among the candidates.
    current: usize,
    attempts: u32,
    breaks: u32,
    running: Option<Running>,
    /// What was given of the text.
    said: String,
    calls: Vec<ToolCall>,
    /// Of what comes with what was given.
    overlap: Option<Overlap>,
    usage: Usage,
    ready: VecDeque<Piece>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waiting,
    Asking,
    Reading,
    Ended,
}

/// A model that may be asked.
struct Candidate {
    /// In the settings.
    model: usize,
    tries: u32,
    /// How it is asked to go on with a broken answer.
    continuation: Continuation,
    /// It was tried often enough, since the last break.
    is_spent: bool,
    /// It will not take this request.
    is_out: bool,
}

/// What follows a failure.
enum Then {
    Again(Duration),
    Next,
}

impl Talk {
    pub(super) fn new(
        core: Arc<Core>,
        request: Request,
        wanted: Option<Tier>,
        meter: Arc<dyn Meter>,
        begun: Begun,
    ) -> Self {
        let deadline = Instant::now() + ms(core.settings.timeouts.whole_ms);
        Self {
            core,
            request: Arc::new(request),
            wanted,
            meter,
            deadline,
            stage: Stage::Waiting,
            turn: None,
            candidates: Vec::new(),
            current: 0,
            attempts: 0,
            // Whoever began it did not end it.
            breaks: u32::from(!begun.is_empty()),
            running: None,
            said: begun.text,
            calls: begun.calls,
            overlap: None,
            usage: Usage::default(),
            ready: VecDeque::new(),
        }
    }

    /// The next piece for whoever asked; `None` after the end.
    pub(super) async fn next(&mut self) -> Option<Result<Piece, GatewayError>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Some(Ok(piece));
            }
            if self.stage == Stage::Ended {
                return None;
            }
            let step = match timeout_at(self.deadline, self.step()).await {
                Ok(step) => step,
                Err(_) => Err(GatewayError::TimedOut),
            };
            if let Err(error) = step {
                self.end();
                return Some(Err(error));
            }
        }
    }

    async fn step(&mut self) -> Result<(), GatewayError> {
        match self.stage {
            Stage::Waiting => self.wait_for_turn().await,
            Stage::Asking => self.ask().await,
            Stage::Reading => self.read().await,
            Stage::Ended => Ok(()),
        }
    }

    /// Nothing of it goes on.
    fn end(&mut self) {
        self.stage = Stage::Ended;
        self.running = None;
        self.turn = None;
    }

    async fn wait_for_turn(&mut self) -> Result<(), GatewayError> {
        self.request.check()?;
        if self.said.is_empty() && !self.calls.is_empty() {
            // As after a break: they are whole.
            self.finish(Finish::ToolCalls);
            return Ok(());
        }
        let wanted = self.wanted.unwrap_or_else(|| scorer::score(self.request.last_words()).tier());
        let input_tokens = self.request.input_tokens();
        let order = {
            let (health, now) = (self.core.health(), Instant::now().into_std());
            let (settings, output_max) = (&self.core.settings, self.request.output_tokens_max);
            plan::order(settings, wanted, input_tokens, output_max, |model| {
                health.get(&model.provider).is_some_and(|it| it.is_ailing(now))
            })
        };
        if order.is_empty() {
            return Err(GatewayError::NoRoom { input_tokens });
        }
        let candidate = |model| Candidate {
            model,
            tries: 0,
            continuation: self.core.continuation(self.core.model(model)),
            is_spent: false,
            is_out: false,
        };
        self.candidates = order.into_iter().map(candidate).collect();
        // Nobody need wait for a turn if there is nobody to be asked.
        self.first_open()?;
        self.turn = Some(self.turn().await?);
        self.current = self.first_open()?;
        self.stage = Stage::Asking;
        Ok(())
    }

    /// Whoever finds no turn waits, and is refused when too many wait, or after some time.
    async fn turn(&mut self) -> Result<OwnedSemaphorePermit, GatewayError> {
        let core = &self.core;
        if let Ok(turn) = Arc::clone(&core.turns).try_acquire_owned() {
            return Ok(turn);
        }
        let _place = core.waiting.try_acquire().map_err(|_| GatewayError::Busy)?;
        let wait_max = ms(core.settings.concurrency.wait_ms_max);
        match timeout(wait_max, Arc::clone(&core.turns).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(GatewayError::Busy),
        }
    }

    fn first_open(&self) -> Result<usize, GatewayError> {
        self.open_candidate(0, None).ok_or_else(|| {
            let now = Instant::now().into_std();
            let health = self.core.health();
            let waits = self.candidates.iter().filter_map(|it| {
                Some(health.get(&self.core.model(it.model).provider)?.opens_in(now))
            });
            GatewayError::Unavailable { again_in: waits.min().unwrap_or_default() }
        })
    }

    /// The first candidate from `from` on, around, that may be asked now; one of another provider
    /// than `not_of`, if there is one.
    fn open_candidate(&self, from: usize, not_of: Option<&str>) -> Option<usize> {
        let now = Instant::now().into_std();
        let health = self.core.health();
        let count = self.candidates.len();
        let open = (0..count).map(|step| (from + step) % count).filter(|&place| {
            let candidate = &self.candidates[place];
            let provider = &self.core.model(candidate.model).provider;
            let is_open = health.get(provider).is_none_or(|it| it.is_open(now));
            !candidate.is_spent && !candidate.is_out && is_open
        });
        let open: Vec<usize> = open.collect();
        let other = open.iter().find(|&&it| Some(self.provider_of(it)) != not_of);
        other.or(open.first()).copied()
    }

    /// Whether a candidate's provider is left alone for now.
    fn is_alone(&self, candidate: usize) -> bool {
        let health = self.core.health();
        let now = Instant::now().into_std();
        health.get(self.provider_of(candidate)).is_some_and(|it| !it.is_open(now))
    }

    fn provider_of(&self, candidate: usize) -> &str {
        &self.core.model(self.candidates[candidate].model).provider
    }

    /// Until somebody gives a first word.
    async fn ask(&mut self) -> Result<(), GatewayError> {
        loop {
            let error = match self.race().await {
                Ok(Ok(running)) => {
                    self.overlap = (!self.said.is_empty()).then(|| Overlap::new(&self.said));
                    self.running = Some(running);
                    self.stage = Stage::Reading;
                    return Ok(());
                }
                Ok(Err(error)) => error,
                Err(OverBudget) => return Err(GatewayError::OverBudget),
            };
            if self.attempts >= ATTEMPTS_MAX {
                return Err(self.lost(error));
            }
            match self.after(&error) {
                Then::Again(wait) => sleep(wait).await,
                Then::Next => {
                    self.current = self
                        .open_candidate(self.current + 1, None)
                        .ok_or_else(|| self.lost(error))?;
                }
            }
        }
    }

    /// What to do about a failure before a first word.
    fn after(&mut self, error: &ProviderError) -> Then {
        let tries_max = 1 + self.core.settings.retries.per_model;
        let candidate = &mut self.candidates[self.current];
        let was_prefilled =
            !self.said.is_empty() && candidate.continuation == Continuation::Prefill;
        if was_prefilled && matches!(error, ProviderError::BadRequest { .. }) {
            // Newer models refuse that, and take the other way.
            candidate.continuation = Continuation::Asked;
            return Then::Again(Duration::ZERO);
        }
        candidate.is_out |= !error.is_passing();
        candidate.is_spent |= candidate.tries >= tries_max;
        let (is_over, tries) = (candidate.is_out || candidate.is_spent, candidate.tries);
        if is_over {
            return Then::Next;
        }
        let settings = &self.core.settings;
        let asked_wait = match error {
            ProviderError::RateLimited { retry_after: None } => {
                Some(ms(settings.retries.wait_ms_max))
            }
            _ => error.retry_after(),
        };
        if let Some(wait) = asked_wait {
            // Anybody else can answer at once.
            candidate.is_spent = true;
            if self.open_candidate(self.current + 1, None).is_some() || wait > RATE_WAIT_MAX {
                return Then::Next;
            }
            self.candidates[self.current].is_spent = false;
            return Then::Again(wait);
        }
        if self.is_alone(self.current) {
            return Then::Next;
        }
        let retries = &self.core.settings.retries;
        let (first, longest) = (ms(retries.first_wait_ms), ms(retries.wait_ms_max));
        Then::Again(backoff::wait(first, longest, tries, fastrand::f64()))
    }

    fn lost(&self, last: ProviderError) -> GatewayError {
        if self.said.is_empty() {
            GatewayError::Failed { attempts: self.attempts, last }
        } else {
            GatewayError::Broken { last }
        }
    }

    async fn begin(&mut self, candidate: usize) -> Result<Running, OverBudget> {
        let Candidate { model, continuation, .. } = self.candidates[candidate];
        let said = (!self.said.is_empty()).then(|| (self.said.clone(), continuation));
        let running = Running::begin(&self.core, &self.meter, model, &self.request, said).await?;
        self.attempts += 1;
        self.candidates[candidate].tries += 1;
        Ok(running)
    }

    /// Asks the current candidate, and another beside it if it is slow and the settings say so.
    async fn race(&mut self) -> Result<Result<Running, ProviderError>, OverBudget> {
        let may_be_empty = !self.said.is_empty();
        let mut first = self.begin(self.current).await?;
        if let Some(after) = self.hedge_after() {
            tokio::select! {
                led = first.lead(may_be_empty) => return Ok(self.led(first, led)),
                () = sleep(after) => {}
            }
            let provider = self.provider_of(self.current).to_owned();
            let place = self.open_candidate(self.current + 1, Some(&provider));
            if let Some(place) = place.filter(|&it| it != self.current) {
                tokio::select! {
                    biased;
                    second = self.begin(place) => if let Ok(second) = second {
                        return Ok(self.both(first, second, place).await);
                    },
                    led = first.lead(may_be_empty) => return Ok(self.led(first, led)),
                }
            }
        }
        let led = first.lead(may_be_empty).await;
        Ok(self.led(first, led))
    }

    fn hedge_after(&self) -> Option<Duration> {
        let hedging = self.core.settings.hedging?;
        let health = self.core.health();
        let usual = health.get(self.provider_of(self.current)).and_then(|it| it.first_token);
        Some(ms(hedging.after_ms).max(2 * usual.unwrap_or_default()))
    }

    fn led(
        &mut self,
        running: Running,
        led: Result<(), ProviderError>,
    ) -> Result<Running, ProviderError> {
        match led {
            Ok(()) => Ok(running),
            Err(error) => {
                self.count(running.usage());
                Err(error)
            }
        }
    }

    /// Whoever of two gives a first word; the other one is given up.
    async fn both(
        &mut self,
        mut first: Running,
        mut second: Running,
        place: usize,
    ) -> Result<Running, ProviderError> {
        let may_be_empty = !self.said.is_empty();
        let (is_first, led) = tokio::select! {
            led = first.lead(may_be_empty) => (true, led),
            led = second.lead(may_be_empty) => (false, led),
        };
        match (is_first, led) {
            (true, Ok(())) => {
                self.count(second.outrun());
                Ok(first)
            }
            (false, Ok(())) => {
                self.count(first.outrun());
                self.current = place;
                Ok(second)
            }
            (true, Err(_)) => {
                self.count(first.usage());
                self.candidates[self.current].is_spent = true;
                self.current = place;
                let led = second.lead(may_be_empty).await;
                self.led(second, led)
            }
            (false, Err(_)) => {
                self.count(second.usage());
                self.candidates[place].is_spent = true;
                let led = first.lead(may_be_empty).await;
                self.led(first, led)
            }
        }
    }

    fn count(&mut self, usage: Usage) {
        self.usage.input_tokens += usage.input_tokens;
        self.usage.output_tokens += usage.output_tokens;
    }

    async fn read(&mut self) -> Result<(), GatewayError> {
        let Some(running) = &mut self.running else {
            self.stage = Stage::Asking;
            return Ok(());
        };
        match running.next().await {
            Ok(piece) => self.take(piece),
            Err(error) => return self.broke(error),
        }
        Ok(())
    }

    fn take(&mut self, piece: Piece) {
        match piece {
            Piece::Text(text) => {
                let text = match &mut self.overlap {
                    Some(overlap) => overlap.take(&text),
                    None => text,
                };
                self.give(text);
                if self.said.len() > TEXT_BYTES_MAX {
                    if let Some(running) = self.running.take() {
                        self.count(running.usage());
                    }
                    self.finish(Finish::Length);
                }
            }
            Piece::ToolCall(call) => {
                // Whoever goes on with an answer may call again what was called already.
                let is_same =
                    |it: &ToolCall| (&it.name, &it.arguments) == (&call.name, &call.arguments);
                let is_known = self.breaks > 0 && self.calls.iter().any(is_same);
                if !is_known {
                    self.calls.push(call.clone());
                    self.ready.push_back(Piece::ToolCall(call));
                }
            }
            // Told at the end, of all attempts.
            Piece::Usage(_) => {}
            Piece::Finished(finish) => {
                let rest = self.overlap.as_mut().map(Overlap::finish).unwrap_or_default();
                self.give(rest);
                self.finish(finish);
            }
        }
    }

    fn give(&mut self, text: String) {
        if !text.is_empty() {
            self.said.push_str(&text);
            self.ready.push_back(Piece::Text(text));
        }
    }

    fn finish(&mut self, finish: Finish) {
        if let Some(running) = self.running.take() {
            let usage = running.done();
            self.count(usage);
        }
        self.ready.extend([Piece::Usage(self.usage), Piece::Finished(finish)]);
        self.end();
    }

    /// The answer broke after its first word: another goes on, if there is one.
    fn broke(&mut self, error: ProviderError) -> Result<(), GatewayError> {
        if let Some(running) = self.running.take() {
            self.count(running.usage());
        }
        // What is held back agrees with what was said; whoever goes on says it again.
        self.overlap = None;
        self.breaks += 1;
        if matches!(error, ProviderError::TooLarge { .. }) && !self.said.is_empty() {
            self.finish(Finish::Length);
            return Ok(());
        }
        if self.said.is_empty() && !self.calls.is_empty() {
            // The calls are whole, and nothing was said that would need an end.
            self.finish(Finish::ToolCalls);
            return Ok(());
        }
        if self.breaks > BREAKS_MAX || self.attempts >= ATTEMPTS_MAX {
            return Err(self.lost(error));
        }
        for candidate in &mut self.candidates {
            candidate.is_spent = false;
            candidate.tries = 0;
        }
        self.candidates[self.current].is_out |= !error.is_passing();
        let provider = self.provider_of(self.current).to_owned();
        self.current = self
            .open_candidate(self.current + 1, Some(&provider))
            .ok_or_else(|| self.lost(error))?;
        self.stage = Stage::Asking;
        Ok(())
    }
}
