//! A provider without a network, for stories in which time is not that of the wall.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use tokio::time::sleep;
use vivarium_dialogue::provider::{Ask, Finish, Piece, Pieces, Provider, ProviderError};

/// What happens in an answer.
#[derive(Clone, Debug)]
pub enum Beat {
    Wait(Duration),
    Say(&'static str),
    Fail(ProviderError),
    End,
}

/// Answers with one script after the other; with the last one again and again.
#[derive(Default)]
pub struct Puppet {
    scripts: Mutex<VecDeque<Vec<Beat>>>,
    asked: Mutex<Vec<Ask>>,
}

impl Puppet {
    pub fn playing(scripts: Vec<Vec<Beat>>) -> Arc<Self> {
        Arc::new(Self { scripts: Mutex::new(scripts.into()), asked: Mutex::default() })
    }

    pub fn asked(&self) -> Vec<Ask> {
        self.asked.lock().unwrap().clone()
    }
}

impl Provider for Puppet {
    fn ask(&self, ask: Ask) -> Pieces {
        self.asked.lock().unwrap().push(ask);
        let mut scripts = self.scripts.lock().unwrap();
        let script =
            if scripts.len() > 1 { scripts.pop_front().unwrap() } else { scripts[0].clone() };
        stream::iter(script)
            .filter_map(|beat| async move {
                match beat {
                    Beat::Wait(time) => {
                        sleep(time).await;
                        None
                    }
                    Beat::Say(text) => Some(Ok(Piece::Text(text.into()))),
                    Beat::Fail(error) => Some(Err(error)),
                    Beat::End => Some(Ok(Piece::Finished(Finish::Stop))),
                }
            })
            .boxed()
    }
}
