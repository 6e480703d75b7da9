//! A message to somebody who is not there yet: answered as any other, and nothing of it is kept.

use tokio::sync::mpsc;
use vivarium_contract::companion::{DialogueAsk, MindWord, Perception};
use vivarium_protocol::ids::{ObjectId, PersonId};

use super::{Acquaintance, Dialogue, Speaker, Thinking, door::Taken, noted::Told, speak};
use crate::{
    hearing::Heard,
    memory::embed::Hashed,
    persona::{Persona, genome::Drift},
    prompt::Said,
    safety::age::{self, Age},
    turn::{self, Pair},
};

/// What the mind is called that is only tried. No companion has this name.
pub const PREVIEWED: &str = "preview";

/// A message to somebody who is not there yet.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Who it would be.
    pub persona: Persona,
    /// What whoever speaks is called.
    pub person_name: String,
    /// What is said, cleaned.
    pub text: String,
    /// What was said before, oldest first.
    pub recent: Vec<Said>,
}

impl Dialogue {
    /// Answers as somebody would. The last word is [`MindWord::Done`] or [`MindWord::Failed`].
    pub async fn preview(
        &self,
        preview: Preview,
        who: (Speaker, String),
        words: mpsc::Sender<MindWord>,
    ) {
        let Preview { persona, person_name, text, recent } = preview;
        let ask = DialogueAsk {
            companion: ObjectId(0),
            mind: PREVIEWED.to_owned(),
            name: persona.name.clone(),
            generation: 0,
            person: PersonId(0),
            person_name,
            text,
            perception: Perception::default(),
        };
        if !age::may_talk(&persona, Age::Unknown) {
            let language = persona.language_for(Heard::new(&ask.text).language());
            let _ = speak(age::refusal(language), &words).await;
            let _ = words.send(MindWord::Done { is_reduced: false }).await;
            return;
        }
        let (now_ms, number) = ((self.clock)(), self.next_turn());
        let mut knows = Acquaintance::default();
        recent.into_iter().for_each(|said| knows.note(said.by, said.text));
        let mut drift = Drift::default();
        let Acquaintance { relationship, memory, .. } = &mut knows;
        let heard = turn::hear(
            &ask,
            &mut Pair {
                persona: &persona,
                drift: &mut drift,
                felt_ms: &mut 0,
                relationship,
                memory,
                embedder: &Hashed,
                now_ms,
            },
        );
        let turn = Thinking {
            ask: &ask,
            persona: &persona,
            heard,
            drift,
            now_ms,
            number,
            may_promise: false,
        };
        let mut told = Told::new(&*self.notes, &who.1);
        let beside = (&Taken::default(), &mut told);
        if let Some(given) = self.think(&turn, &who, beside, &mut knows, &words).await {
            let _ = words.send(given.last).await;
        }
    }
}
