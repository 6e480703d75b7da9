//! A run: bots join a few at a time, all walk for a while, all leave.

use std::{sync::Arc, time::Duration, time::Instant};

use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::{
    sync::{Semaphore, mpsc, watch},
    task::JoinSet,
    time::sleep,
};

use crate::{
    bot::{Bot, Plan},
    clock::Clocks,
    measure::Tally,
    walk::Behaviour,
};

/// Bots that connect at the same time; the others wait their turn.
const JOINING_MAX: usize = 32;

/// What to do.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address of the server, `http://HOST:PORT`.
    pub url: String,
    /// World to enter; empty: the server's first.
    pub world: String,
    /// Number of bots.
    pub count: u32,
    /// How long they walk after the last has joined.
    pub duration: Duration,
    /// How they behave.
    pub behaviour: Behaviour,
    /// Seed of their minds.
    pub seed: u64,
}

/// The address of the WebSocket of a server at an HTTP address.
pub fn websocket_url(url: &str) -> Result<String> {
    let Some(host) = url.strip_prefix("http://").or_else(|| url.strip_prefix("ws://")) else {
        bail!("{url} is not an address like http://HOST:PORT (https is not spoken by the bots)");
    };
    let host = host.trim_end_matches('/');
    if host.is_empty() || host.contains('/') {
        bail!("{url} is not an address like http://HOST:PORT");
    }
    Ok(format!("ws://{host}/connect"))
}

/// Runs all bots and tells what they saw together.
pub async fn run(settings: &Settings) -> Result<Tally> {
    let url = websocket_url(&settings.url)?;
    let clocks = Arc::new(Clocks::new(Instant::now()));
    let turns = Arc::new(Semaphore::new(JOINING_MAX));
    let (stop, stopped) = watch::channel(false);
    // Bounded by the number of bots: each tells once.
    let (arrivals, mut arrived) = mpsc::channel(settings.count.max(1) as usize);
    let mut bots = JoinSet::new();
    for index in 0..settings.count {
        let plan = Plan {
            url: url.clone(),
            world: settings.world.clone(),
            behaviour: settings.behaviour,
            seed: settings.seed,
            index,
        };
        let (clocks, turns) = (Arc::clone(&clocks), Arc::clone(&turns));
        let (arrivals, stopped) = (arrivals.clone(), stopped.clone());
        bots.spawn(async move {
            let turn = turns.acquire().await;
            let bot = Bot::join(&plan, clocks).await;
            drop(turn);
            let error = bot.as_ref().err().map(|error| format!("{error:#}"));
            // The receiver waits for as many arrivals as there are bots.
            let _ = arrivals.send(error).await;
            // The last of these to go tells that all have arrived.
            drop(arrivals);
            match bot {
                Ok(bot) => bot.walk(stopped).await,
                Err(_) => Tally { failed: 1, ..Tally::default() },
            }
        });
    }
    drop(arrivals);

    let bar = ProgressBar::new(u64::from(settings.count));
    bar.set_style(style("joining  {bar:40} {pos}/{len} {msg}"));
    let mut inside = 0;
    while let Some(error) = arrived.recv().await {
        bar.inc(1);
        match error {
            None => inside += 1,
            Some(error) => bar.suspend(|| eprintln!("a bot could not join: {error}")),
        }
    }
    bar.finish_and_clear();
    if inside > 0 {
        watch_walk(settings.duration).await;
    }
    stop.send_replace(true);

    let mut tally = Tally::default();
    while let Some(result) = bots.join_next().await {
        match result {
            Ok(bot) => tally.add(&bot),
            // A panic is a fault of the bots themselves, and must not be taken for a good run.
            Err(error) => bail!("a bot broke down: {error}"),
        }
    }
    Ok(tally)
}

async fn watch_walk(duration: Duration) {
    let bar = ProgressBar::new(duration.as_secs());
    bar.set_style(style("walking  {bar:40} {pos}/{len} s"));
    let began = Instant::now();
    while let Some(left) = duration.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) {
        sleep(left.min(Duration::from_millis(500))).await;
        bar.set_position(began.elapsed().as_secs());
    }
    bar.finish_and_clear();
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_to_the_socket() {
        let url = websocket_url("http://127.0.0.1:8080/").unwrap();
        assert_eq!(url, "ws://127.0.0.1:8080/connect");
        for wrong in ["127.0.0.1:8080", "https://x", "http://", "http://host/path"] {
            assert!(websocket_url(wrong).is_err(), "{wrong}");
        }
    }
}
