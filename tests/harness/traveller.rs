//! A client that follows one session over whichever road it is given.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::time::timeout;
use vivarium_bots::road::{self, Came, LATEST, RELIABLE, Road, Server as Roads, Transport};
use vivarium_host::server::Server;
use vivarium_protocol::{
    intent::{ClientLatest, ClientMessage, Hello, Resume},
    limits::RESUME_TOKEN_BYTES,
    notice::ServerMessage,
    snapshot::view::{Applied, View},
    wire,
};

use super::socket::hello;

/// Nothing that is awaited takes longer on a machine that works.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A client that follows one session over whichever road it is given.
pub struct Traveller {
    pub road: Road,
    pub token: [u8; RESUME_TOKEN_BYTES],
    pub taken: u32,
    pub view: View,
    pub told: Vec<ServerMessage>,
    pub packets: u32,
    /// What was said, to be said again over another road as far as it was not taken in.
    said: Vec<String>,
    name: String,
    acknowledged: u32,
}

impl Traveller {
    pub async fn set_out(
        roads: &Roads,
        transport: Transport,
        hello: &Hello,
    ) -> anyhow::Result<Self> {
        let road = road(roads, transport).await?;
        let mut traveller = Self {
            road,
            token: [0; RESUME_TOKEN_BYTES],
            taken: 0,
            view: View::default(),
            told: Vec::new(),
            packets: 0,
            said: Vec::new(),
            name: hello.name.clone(),
            acknowledged: 0,
        };
        traveller.greet(hello).await?;
        Ok(traveller)
    }

    /// Says who comes, and gives how many own messages the server had taken in.
    pub async fn greet(&mut self, hello: &Hello) -> anyhow::Result<u32> {
        self.road.send(RELIABLE, &wire::encode_hello(hello)).await?;
        loop {
            let Came::Message(RELIABLE, bytes) = self.came().await? else { continue };
            match wire::decode_server_message(&bytes)? {
                ServerMessage::Accepted { resume, resumed, taken, told, .. } => {
                    ensure!(resumed == hello.resume.is_some(), "resumed: {resumed}");
                    (self.token, self.taken) = (resume, told);
                    let confirmed = ClientMessage::Taken { count: told };
                    self.road.send(RELIABLE, &wire::encode(&confirmed)).await?;
                    return Ok(taken);
                }
                other => bail!("{other:?} comes before Accepted"),
            }
        }
    }

    /// Drops the connection without a word and goes on over another one. Gives how many of its
    /// messages the server had taken in; the others are sent again.
    pub async fn go_on(&mut self, roads: &Roads, transport: Transport) -> anyhow::Result<u32> {
        self.road = road(roads, transport).await?;
        let resume = Some(Resume { token: self.token, taken: Some(self.taken) });
        let taken = self.greet(&Hello { resume, ..hello(&self.name) }).await?;
        for text in self.said.clone().into_iter().skip(taken as usize) {
            self.send(&text).await?;
        }
        Ok(taken)
    }

    /// Takes in one message, over a new connection when nothing comes over the old one any more.
    /// Whether that was so.
    pub async fn keep_up(
        &mut self,
        roads: &Roads,
        transport: Transport,
        silence_max: Duration,
    ) -> anyhow::Result<bool> {
        let is_well = matches!(timeout(silence_max, self.hear()).await, Ok(Ok(())));
        if is_well {
            return Ok(false);
        }
        // The first try may fall into the very time in which nothing passes.
        let mut last = self.go_on(roads, transport).await;
        for _ in 0..3 {
            if last.is_ok() {
                break;
            }
            last = self.go_on(roads, transport).await;
        }
        last.map(|_| true)
    }

    pub async fn came(&mut self) -> anyhow::Result<Came> {
        timeout(PATIENCE, self.road.receive()).await.context("silence")
    }

    /// Takes in one message.
    pub async fn hear(&mut self) -> anyhow::Result<()> {
        match self.came().await? {
            Came::Message(RELIABLE, bytes) => {
                let message = wire::decode_server_message(&bytes)?;
                self.taken += u32::from(message.is_numbered());
                self.told.push(message);
            }
            Came::Message(LATEST, bytes) => {
                let (_, applied) = self.view.apply(&bytes)?;
                self.packets += u32::from(applied == Applied::Whole);
                self.acknowledge().await;
            }
            Came::Message(..) | Came::Nonsense => bail!("no server sends this"),
            Came::End => bail!("the connection ended"),
        }
        Ok(())
    }

    /// Tells once for each tick what has arrived.
    async fn acknowledge(&mut self) {
        if self.view.tick() <= self.acknowledged {
            return;
        }
        self.acknowledged = self.view.tick();
        let message = ClientLatest {
            ack: self.view.ack(),
            first_tick: self.acknowledged + 3,
            inputs: Vec::new(),
            tracked: None,
        };
        // A road that has ended tells so when something is awaited from it.
        let _ = self.road.send(LATEST, &wire::encode(&message)).await;
    }

    pub async fn say(&mut self, text: &str) -> anyhow::Result<()> {
        self.said.push(text.to_owned());
        self.send(text).await
    }

    async fn send(&mut self, text: &str) -> anyhow::Result<()> {
        let message = ClientMessage::Say { text: text.to_owned() };
        self.road.send(RELIABLE, &wire::encode(&message)).await
    }

    /// Waits until somebody said this.
    pub async fn heard(&mut self, text: &str) -> anyhow::Result<()> {
        let listening = async {
            while self.texts().last().map(String::as_str) != Some(text) {
                self.hear().await?;
            }
            anyhow::Ok(())
        };
        let heard = timeout(PATIENCE, listening).await;
        heard.with_context(|| format!("not heard: {text}; but {:?}", self.told))?
    }

    pub fn texts(&self) -> Vec<String> {
        let heard = self.told.iter().filter_map(|told| match told {
            ServerMessage::Heard { text, .. } => Some(text.clone()),
            _ => None,
        });
        heard.collect()
    }

    /// Waits for packets that can be used over this road.
    pub async fn sees(&mut self) -> anyhow::Result<()> {
        let before = self.packets;
        while self.packets < before + 3 {
            self.hear().await?;
        }
        Ok(())
    }
}

/// Where the server's roads begin.
pub async fn find(server: &Server) -> anyhow::Result<Roads> {
    road::find(&format!("http://{}", server.address()), true).await
}

async fn road(roads: &Roads, transport: Transport) -> anyhow::Result<Road> {
    timeout(PATIENCE, Road::connect(transport, roads)).await.context("no connection")?
}
