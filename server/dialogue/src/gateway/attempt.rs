//! One attempt: a model that is being asked, and the account of it.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures_util::StreamExt;
use tokio::time::Instant;

use super::{
    Core,
    meter::{Attempt, Meter, Outcome, OverBudget, Planned},
    settings::ms,
};
use crate::provider::{
    Ask, Continuation, Patience, Piece, Pieces, ProviderError, Request, Usage, estimated_tokens,
};

/// A model that is being asked.
pub(super) struct Running {
    pieces: Pieces,
    /// What came before the first word, and that word.
    held: VecDeque<Piece>,
    account: Account,
}

impl Running {
    /// Begins, after what was `said` already. Nothing is sent yet. Can be given up.
    pub(super) async fn begin(
        core: &Arc<Core>,
        meter: &Arc<dyn Meter>,
        model: usize,
        request: &Arc<Request>,
        said: Option<(String, Continuation)>,
    ) -> Result<Self, OverBudget> {
        let settings = core.model(model);
        let output_tokens_max = settings.output_tokens_max.min(request.output_tokens_max);
        let input_tokens =
            request.input_tokens() + said.as_ref().map_or(0, |(said, _)| estimated_tokens(said));
        let planned = Planned {
            model: settings.name.clone(),
            provider: settings.provider.clone(),
            input_tokens,
            output_tokens_max: u64::from(output_tokens_max),
            cost_microdollars_max: settings
                .cost_microdollars(input_tokens, u64::from(output_tokens_max)),
        };
        meter.reserve(&planned).await?;
        core.note(&planned.provider, super::Health::asked);
        let provider = &core.providers[&settings.provider];
        let timeouts = core.settings.timeouts;
        let pieces = provider.ask(Ask {
            model: settings.id().to_owned(),
            request: Arc::clone(request),
            output_tokens_max,
            temperature: core.settings.temperature,
            said,
            patience: Patience {
                first_token: ms(timeouts.first_token_ms),
                stall: ms(timeouts.stall_ms),
            },
        });
        let account = Account {
            core: Arc::clone(core),
            meter: Arc::clone(meter),
            model,
            planned,
            began: Instant::now(),
            told: None,
            output_bytes: 0,
            first_token: None,
            settled: None,
        };
        Ok(Self { pieces, held: VecDeque::new(), account })
    }

    /// Waits for the first word, or for the end of an answer that `may_be_empty`. Can be given up
    /// and called again.
    pub(super) async fn lead(&mut self, may_be_empty: bool) -> Result<(), ProviderError> {
        loop {
            let piece = self.read().await?;
            let (is_content, is_end) = (piece.is_content(), matches!(piece, Piece::Finished(_)));
            self.held.push_back(piece);
            if is_content || (is_end && may_be_empty) {
                return Ok(());
            }
            if is_end {
                return Err(self.fail(ProviderError::Empty));
            }
        }
    }

    /// The next piece.
    pub(super) async fn next(&mut self) -> Result<Piece, ProviderError> {
        match self.held.pop_front() {
            Some(piece) => Ok(piece),
            None => self.read().await,
        }
    }

    async fn read(&mut self) -> Result<Piece, ProviderError> {
        match self.pieces.next().await {
            Some(Ok(piece)) => {
                self.account.saw(&piece);
                Ok(piece)
            }
            Some(Err(error)) => Err(self.fail(error)),
            None => Err(self.fail(ProviderError::Cut)),
        }
    }

    fn fail(&mut self, error: ProviderError) -> ProviderError {
        let planned = &self.account.planned;
        let (model, provider) = (&planned.model, &planned.provider);
        match &error {
            // Whoever runs the server can do something about these.
            ProviderError::Unauthorised { .. } | ProviderError::BadRequest { .. } => {
                tracing::warn!(model, provider, %error, "a language model gave no answer");
            }
            _ => tracing::debug!(model, provider, %error, "a language model gave no answer"),
        }
        // It may hold what somebody said.
        if !error.told().is_empty() {
            tracing::trace!(model, provider, told = error.told(), "what it said");
        }
        self.account.core.note(&planned.provider, |health, now| {
            health.failed(&error, now, fastrand::f32());
        });
        self.account.settle(Outcome::Failed(error.clone()));
        error
    }

    /// It gave everything: what it took.
    pub(super) fn done(mut self) -> Usage {
        self.account.settle(Outcome::Done)
    }

    /// Another was quicker: what it took.
    pub(super) fn outrun(mut self) -> Usage {
        self.account.settle(Outcome::Outrun)
    }

    /// What it took, if it has failed; else what it took until now, and it ends here.
    pub(super) fn usage(mut self) -> Usage {
        self.account.settle(Outcome::Cancelled)
    }
}

/// What an attempt took. Settled once: when it is dropped, at the latest.
struct Account {
    core: Arc<Core>,
    meter: Arc<dyn Meter>,
    model: usize,
    planned: Planned,
    began: Instant,
    told: Option<Usage>,
    output_bytes: usize,
    first_token: Option<Duration>,
    settled: Option<Usage>,
}

impl Account {
    fn saw(&mut self, piece: &Piece) {
        match piece {
            Piece::Text(text) => self.output_bytes += text.len(),
            Piece::ToolCall(call) => {
                self.output_bytes += call.name.len() + call.arguments.to_string().len();
            }
            Piece::Usage(usage) => self.told = Some(*usage),
            Piece::Finished(_) => {}
        }
        if piece.is_content() && self.first_token.is_none() {
            let first_token = self.began.elapsed();
            self.first_token = Some(first_token);
            self.core.note(&self.planned.provider, |health, _| health.spoke(first_token));
        }
    }

    /// Tells the meter, the first time.
    fn settle(&mut self, outcome: Outcome) -> Usage {
        if let Some(settled) = self.settled {
            return settled;
        }
        let (usage, is_estimated) = self.taken(&outcome);
        self.settled = Some(usage);
        let model = self.core.model(self.model);
        let attempt = Attempt {
            usage,
            is_estimated,
            cost_microdollars: model.cost_microdollars(usage.input_tokens, usage.output_tokens),
            first_token: self.first_token,
            took: self.began.elapsed(),
            outcome,
        };
        self.meter.settle(&self.planned, &attempt);
        usage
    }

    /// The tokens, and whether they are an estimate.
    fn taken(&self, outcome: &Outcome) -> (Usage, bool) {
        // Some say that it took nothing.
        let is_told = |it: &Usage| it.output_tokens > 0 || self.output_bytes == 0;
        if let (Outcome::Done, Some(told)) = (outcome, self.told.filter(is_told)) {
            return (told, false);
        }
        let was_refused = match outcome {
            Outcome::Failed(
                ProviderError::Stalled { .. }
                | ProviderError::TimedOut { .. }
                | ProviderError::Cut
                | ProviderError::Empty,
            ) => false,
            Outcome::Failed(_) => self.first_token.is_none() && self.told.is_none(),
            Outcome::Done | Outcome::Outrun | Outcome::Cancelled => false,
        };
        if was_refused {
            return (Usage::default(), false);
        }
        // What was told in the middle may not be all.
        let told = self.told.unwrap_or_default();
        let guessed = (self.output_bytes.div_ceil(3)) as u64;
        let input_tokens =
            if told.input_tokens > 0 { told.input_tokens } else { self.planned.input_tokens };
        (Usage { input_tokens, output_tokens: told.output_tokens.max(guessed) }, true)
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.settle(Outcome::Cancelled);
    }
}
