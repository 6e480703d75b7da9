//! What `/metrics` tells of answers: by world, provider, model and outcome, never by whom.
//!
//! Worlds are those that drafts are of, so that no draft's name is told.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Instant,
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeMetric},
    metrics::{
        MetricType,
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::Histogram,
    },
    registry::Registry,
};
use vivarium_dialogue::{
    gateway::meter::{Attempt, Outcome, Planned},
    service::{
        Dialogue,
        noted::{Answered, Notes, Screen},
        sight::{Models, Sight},
    },
};

type Labels = Vec<(&'static str, String)>;

/// Seconds until a first word, or a whole answer.
const ANSWER_BUCKETS_S: [f64; 14] =
    [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.5, 4.0, 7.0, 12.0, 30.0, 60.0];
/// Dollars of one whole answer.
const COST_BUCKETS_USD: [f64; 12] =
    [0.000_01, 0.000_03, 0.000_1, 0.000_3, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5];

/// What is counted of answers. The rest is asked of the service when somebody wants to know it.
#[derive(Debug)]
pub struct DialogueMeters {
    messages: Family<Labels, Counter>,
    attempts: Family<Labels, Counter>,
    first_words: Family<Labels, Histogram, fn() -> Histogram>,
    answers: Family<Labels, Histogram, fn() -> Histogram>,
    costs: Family<Labels, Histogram, fn() -> Histogram>,
    screened: Family<Labels, Counter>,
    /// Answers that companions think of.
    pub thoughts: Gauge,
    /// Changes of spending that are not on the disk.
    pub unsaved: Gauge,
    service: Arc<OnceLock<Arc<Dialogue>>>,
}

fn seconds() -> Histogram {
    Histogram::new(ANSWER_BUCKETS_S)
}

fn dollars() -> Histogram {
    Histogram::new(COST_BUCKETS_USD)
}

impl Default for DialogueMeters {
    fn default() -> Self {
        Self {
            messages: Family::default(),
            attempts: Family::default(),
            first_words: Family::new_with_constructor(seconds),
            answers: Family::new_with_constructor(seconds),
            costs: Family::new_with_constructor(dollars),
            screened: Family::default(),
            thoughts: Gauge::default(),
            unsaved: Gauge::default(),
            service: Arc::default(),
        }
    }
}

impl DialogueMeters {
    /// Tells of it in a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "dialogue_messages",
            "Messages to companions, by how they were answered",
            self.messages.clone(),
        );
        registry.register(
            "dialogue_attempts",
            "Requests to language models, by how they ended",
            self.attempts.clone(),
        );
        registry.register(
            "dialogue_first_word_seconds",
            "Time of requests to language models until the first word",
            self.first_words.clone(),
        );
        registry.register(
            "dialogue_answer_seconds",
            "Time of requests to language models that brought a whole answer",
            self.answers.clone(),
        );
        registry.register(
            "dialogue_answer_cost_dollars",
            "Cost of whole answers of language models",
            self.costs.clone(),
        );
        registry.register(
            "dialogue_screened",
            "Messages and answers in which something was found",
            self.screened.clone(),
        );
        registry.register(
            "dialogue_thoughts",
            "Answers that companions think of",
            self.thoughts.clone(),
        );
        registry.register(
            "dialogue_spending_unsaved",
            "Payers whose spending is not on the disk yet",
            self.unsaved.clone(),
        );
        registry.register_collector(Box::new(ServiceCollector(self.service.clone())));
    }

    /// Asks this service from now on.
    pub fn watch(&self, dialogue: Arc<Dialogue>) {
        self.service.get_or_init(|| dialogue);
    }
}

impl Notes for DialogueMeters {
    fn answered(&self, world: &str, how: Answered) {
        let labels = vec![("world", world.to_owned()), ("answer", how.kind().to_owned())];
        self.messages.get_or_create_owned(&labels).inc();
    }

    fn attempted(&self, planned: &Planned, attempt: &Attempt) {
        let model = || ("model", planned.model.clone());
        let (provider, outcome) = (planned.provider.clone(), attempt.outcome.kind().to_owned());
        let labels = vec![("provider", provider), model(), ("outcome", outcome)];
        self.attempts.get_or_create_owned(&labels).inc();
        let labels = vec![model()];
        if let Some(first) = attempt.first_token {
            self.first_words.get_or_create_owned(&labels).observe(first.as_secs_f64());
        }
        if attempt.outcome == Outcome::Done {
            self.answers.get_or_create_owned(&labels).observe(attempt.took.as_secs_f64());
            let dollars = as_dollars(attempt.cost_microdollars);
            self.costs.get_or_create_owned(&labels).observe(dollars);
        }
    }

    fn screened(&self, screen: Screen) {
        let labels = vec![("screen", screen.kind().to_owned())];
        self.screened.get_or_create_owned(&labels).inc();
    }
}

fn as_dollars(microdollars: u64) -> f64 {
    microdollars as f64 / 1e6
}

/// Asks the service how it is.
struct ServiceCollector(Arc<OnceLock<Arc<Dialogue>>>);

impl fmt::Debug for ServiceCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceCollector").finish_non_exhaustive()
    }
}

impl Collector for ServiceCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(dialogue) = self.0.get() else { return Ok(()) };
        let sight = dialogue.look();
        let e = &mut encoder;
        totals(e, &sight)?;
        cache(e, &sight)?;
        gauge(
            e,
            "dialogue_acquaintances",
            "People whom companions have in mind.",
            sight.acquaintances,
        )?;
        gauge(
            e,
            "dialogue_memories",
            "Memories of those whom nobody talks to now.",
            sight.memories,
        )?;
        let help = "Turns of conversations that could not be kept yet.";
        gauge(e, "dialogue_unkept_turns", help, sight.unkept_turns)?;
        match &sight.models {
            Some(asked) => models(e, asked),
            None => Ok(()),
        }
    }
}

fn gauge(e: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: usize) -> fmt::Result {
    let gauge = ConstGauge::new(value as u64);
    gauge.encode(e.encode_descriptor(name, help, None, MetricType::Gauge)?)
}

fn counters(
    e: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    values: impl Iterator<Item = (Labels, f64)>,
) -> fmt::Result {
    let mut metric = e.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (labels, value) in values {
        ConstCounter::new(value).encode(metric.encode_family(&labels)?)?;
    }
    Ok(())
}

fn gauges<N: EncodeGaugeValue>(
    e: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    values: impl Iterator<Item = (Labels, N)>,
) -> fmt::Result {
    let mut metric = e.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (labels, value) in values {
        metric.encode_family(&labels)?.encode_gauge(&value)?;
    }
    Ok(())
}

/// What models answered in each world.
fn totals(e: &mut DescriptorEncoder<'_>, sight: &Sight) -> fmt::Result {
    let of = |total: &vivarium_dialogue::budget::totals::Total| {
        vec![("world", total.world.clone()), ("model", total.model.clone())]
    };
    let named = ("dialogue_model_answers", "Whole answers of language models.");
    counters(e, named, sight.totals.iter().map(|it| (of(it), it.messages as f64)))?;
    let named = ("dialogue_over_budget", "Requests that no budget had room for.");
    counters(e, named, sight.totals.iter().map(|it| (of(it), it.refusals as f64)))?;
    let named = ("dialogue_tokens", "Tokens of language models, of requests and of answers.");
    let tokens = sight.totals.iter().flat_map(|it| {
        let directed = |direction: &str, tokens: u64| {
            let mut labels = of(it);
            labels.push(("direction", direction.to_owned()));
            (labels, tokens as f64)
        };
        [directed("in", it.input_tokens), directed("out", it.output_tokens)]
    });
    counters(e, named, tokens)?;
    let named = ("dialogue_cost_dollars", "What language models cost, in dollars.");
    counters(e, named, sight.totals.iter().map(|it| (of(it), as_dollars(it.microdollars))))?;
    let named = ("dialogue_reserved_dollars", "What answers under way may cost, in dollars.");
    gauges(e, named, [(Vec::new(), as_dollars(sight.reserved_microdollars))].into_iter())
}

/// What became of small talk.
fn cache(e: &mut DescriptorEncoder<'_>, sight: &Sight) -> fmt::Result {
    let counts = &sight.cache;
    let results = [
        ("hit", counts.hits),
        ("coalesced", counts.coalesced),
        ("second_tier_hit", counts.tier2_hits),
        ("miss", counts.misses),
        ("not_kept", counts.not_kept),
        ("second_tier_error", counts.tier2_errors),
    ];
    let named = ("dialogue_cache_asks", "Asks for small talk, by what became of them.");
    let values = results.map(|(result, count)| (vec![("result", result.to_owned())], count as f64));
    counters(e, named, values.into_iter())?;
    let help = "Bytes of answers that are kept in memory.";
    let bytes = ConstGauge::new(sight.cache_bytes);
    let metric = e.encode_descriptor("dialogue_cache_bytes", help, None, MetricType::Gauge)?;
    bytes.encode(metric)
}

/// How models are asked, and how their providers are.
fn models(e: &mut DescriptorEncoder<'_>, models: &Models) -> fmt::Result {
    let help = "Answers of language models that are being got.";
    gauge(e, "dialogue_answers_under_way", help, models.under_way)?;
    let help = "Answers of language models that wait for their turn.";
    gauge(e, "dialogue_answers_waiting", help, models.waiting)?;
    let of = |provider: &str| vec![("provider", provider.to_owned())];
    let health = || models.health.iter();
    let named = ("dialogue_provider_success", "Share of requests that did not fail, lately.");
    gauges(e, named, health().map(|(name, it)| (of(name), 1.0 - f64::from(it.failures))))?;
    let now = Instant::now();
    let named = ("dialogue_provider_cooling_seconds", "How long a provider is left alone yet.");
    gauges(e, named, health().map(|(name, it)| (of(name), it.opens_in(now).as_secs_f64())))
}
