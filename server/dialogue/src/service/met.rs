//! What a companion thinks of somebody who has just come, before a word was said.

use vivarium_contract::companion::Bond;

use super::{Dialogue, Speaker, keeping};

impl Dialogue {
    /// What a companion thinks of somebody. None: nothing yet, or they talk just now, and the world is
    /// told anyway.
    pub async fn bond(&self, mind: &str, speaker: &Speaker) -> Option<Bond> {
        let Speaker::Account(account) = speaker else { return None };
        self.roster.find(mind).await?;
        let known = {
            let known = self.known();
            known.acquaintances.get(&(mind.to_owned(), speaker.identity())).map(|it| it.1.clone())
        };
        let in_mind = match &known {
            Some(shared) => {
                let knows = shared.try_lock().ok()?;
                knows.is_loaded.then(|| knows.relationship.tie.bond())
            }
            None => None,
        };
        if in_mind.is_some() {
            return in_mind;
        }
        match self.keeping.person(mind, account).await.and_then(keeping::tie) {
            Ok(tie) => tie.map(|tie| tie.bond()),
            Err(error) => {
                tracing::warn!(mind, %error, "what a mind thinks of somebody is not found");
                None
            }
        }
    }
}
