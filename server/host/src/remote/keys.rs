//! Keys of a running server.

use reqwest::Method;
use serde_json::json;

use super::{Remote, RemoteError, unanswered};
use crate::{
    keys::{
        NewKey,
        api::{Listed, Made},
    },
    limits::REMOTE_ANSWER_BYTES_MAX,
};

const PATH: [&str; 2] = ["api", "keys"];

impl Remote {
    /// Makes a key.
    pub async fn create_key(&self, new: &NewKey) -> Result<Made, RemoteError> {
        let NewKey { name, scope, tier } = new;
        let body = json!({ "name": name, "scope": scope, "tier": tier }).to_string();
        let way = (Method::POST, &PATH[..]);
        let made = self.ask(way, body.into(), REMOTE_ANSWER_BYTES_MAX).await?;
        serde_json::from_slice(&made).map_err(|error| unanswered(self.strange(error), true))
    }

    /// All keys.
    pub async fn keys(&self) -> Result<Vec<Listed>, RemoteError> {
        let way = (Method::GET, &PATH[..]);
        let keys = self.ask(way, Vec::new(), REMOTE_ANSWER_BYTES_MAX).await?;
        serde_json::from_slice(&keys).map_err(|error| self.strange(error))
    }

    /// Ends a key.
    pub async fn revoke_key(&self, id: &str) -> Result<(), RemoteError> {
        let path = [PATH[0], PATH[1], id];
        self.ask((Method::DELETE, &path), Vec::new(), REMOTE_ANSWER_BYTES_MAX).await.map(drop)
    }
}
