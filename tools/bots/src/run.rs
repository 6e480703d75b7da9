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
    road::{Transport, find},
    walk::Behaviour,
};

/// Bots that connect at the same time; the others wait their turn.
const JOINING_MAX: usize = 32;

/// What to do.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address of the server, `http://HOST:PORT`.
    pub url: String,
    /// How they connect, by turns; empty: over WebSocket.
    pub transports: Vec<Transport>,
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

/// Runs all bots and tells what they saw together.
pub async fn run(settings: &Settings) -> Result<Tally> {
    let over = |index: u32| match settings.transports.len() {
        0 => Transport::Websocket,
        count => settings.transports[index as usize % count],
    };
    let needs_udp = settings.transports.iter().any(|one| *one != Transport::Websocket);
    let server = find(&settings.url, needs_udp).await?;
    let clocks = Arc::new(Clocks::new(Instant::now()));
    let turns = Arc::new(Semaphore::new(JOINING_MAX));
    let (stop, stopped) = watch::channel(false);
    // Bounded by the number of bots: each tells once.
    let (arrivals, mut arrived) = mpsc::channel(settings.count.max(1) as usize);
    let mut bots = JoinSet::new();
    for index in 0..settings.count {
        let plan = Plan {
            server: server.clone(),
            transport: over(index),
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
