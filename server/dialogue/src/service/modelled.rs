//! An answer whose words come from a language model, as they come.
//!
//! What the model calls goes through `actions`, what it says through `safety::output`: it can ask for
//! nothing else, and tell nothing of its prompt.

use futures_util::StreamExt;
use tokio::sync::mpsc;
use vivarium_contract::companion::{DialogueAsk, MindWord, SPEECH_BYTES_MAX};

use super::{noted::Screen, source::Source};
use crate::{
    actions::{self, Called},
    gateway::{GatewayError, Reply},
    memory::{Episode, Memory, PERSON, embed::Hashed},
    prompt::{self, Brief},
    provider::{Finish, Piece, Request, Tool, ToolCall, ToolResult, Turn},
    safety::output::OutputScreen,
};

/// How often a model that only calls is asked for words.
const ROUNDS_MAX: u32 = 2;
/// Calls of one answer that are looked at.
const CALLS_MAX: usize = 8;
/// Tokens of an answer.
const OUTPUT_TOKENS: u32 = 400;

/// What came of asking a model.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    /// It has said this.
    Said(String),
    /// It gave no word. Whatever it called was sent.
    Silent(Option<GatewayError>),
    /// It said this, and then no more.
    Broken(String),
    /// Nobody listens any more.
    Gone,
}

/// One answer of a model.
pub(super) struct Modelled<'a> {
    pub source: &'a Source<'a>,
    pub ask: &'a DialogueAsk,
    pub memory: &'a mut Memory,
    pub words: &'a mpsc::Sender<MindWord>,
}

impl Modelled<'_> {
    /// Asks with a prompt that bears this mark. `first`: the reply, if there is one already.
    pub async fn run(
        mut self,
        mut request: Request,
        mut first: Option<Reply>,
        mark: &str,
    ) -> Outcome {
        let mut screen = OutputScreen::new(mark, &self.ask.text);
        let mut said = String::new();
        for _ in 0..ROUNDS_MAX {
            let asks = || self.source.ask(request.clone(), &self.ask.text);
            let mut reply = first.take().unwrap_or_else(asks);
            let (mut calls, mut results, mut finish) = (Vec::new(), Vec::new(), Finish::Stop);
            while let Some(piece) = reply.next().await {
                match piece {
                    Ok(Piece::Text(text)) => {
                        if !self.say(screen.push(&text), &mut said).await {
                            return Outcome::Gone;
                        }
                        if screen.stopped().is_some() {
                            self.source.notes.screened(Screen::Output);
                            return Outcome::Said(said);
                        }
                        if said.len() >= SPEECH_BYTES_MAX {
                            return Outcome::Said(said);
                        }
                    }
                    Ok(Piece::ToolCall(call)) if calls.len() < CALLS_MAX => {
                        let Some(result) = self.call(&call).await else { return Outcome::Gone };
                        results.push(ToolResult { id: call.id.clone(), text: result });
                        calls.push(call);
                    }
                    Ok(Piece::ToolCall(_)) => {}
                    Ok(Piece::Usage(usage)) => {
                        if let Some(taken) = self.source.taken {
                            taken.add(usage);
                        }
                    }
                    Ok(Piece::Finished(how)) => finish = how,
                    Err(error) if said.is_empty() => return Outcome::Silent(Some(error)),
                    Err(error) => {
                        tracing::info!(%error, "an answer broke");
                        return match self.say(screen.finish(), &mut said).await {
                            true => Outcome::Broken(said),
                            false => Outcome::Gone,
                        };
                    }
                }
            }
            if finish != Finish::ToolCalls || !said.is_empty() || calls.is_empty() {
                break;
            }
            request.turns.push(Turn::Model { text: String::new(), calls });
            request.turns.push(Turn::Results(results));
        }
        if !self.say(screen.finish(), &mut said).await {
            return Outcome::Gone;
        }
        if said.trim().is_empty() { Outcome::Silent(None) } else { Outcome::Said(said) }
    }

    /// Says a piece; whether somebody listens.
    async fn say(&self, piece: String, said: &mut String) -> bool {
        if piece.is_empty() {
            return true;
        }
        let room = SPEECH_BYTES_MAX.saturating_sub(said.len());
        let text = piece[..piece.floor_char_boundary(room)].to_owned();
        said.push_str(&text);
        self.words.send(MindWord::Says { text }).await.is_ok()
    }

    /// Does what is called, if it may be; gives what the model is told of it. None: nobody listens.
    async fn call(&mut self, call: &ToolCall) -> Option<String> {
        let (perception, person) = (&self.ask.perception, self.ask.person);
        let arguments = call.arguments.to_string();
        let word = match actions::parse(&call.name, &arguments, perception, person) {
            Ok(Called::Do(action)) => MindWord::Does { action },
            Ok(Called::Feel(appraisal)) => MindWord::Feels { appraisal },
            Ok(Called::Remember { text, importance }) => {
                let (at_ms, about) = (self.source.now_ms, PERSON.to_owned());
                let emotion = perception.mood.emotion;
                let episode = Episode { text, at_ms, importance, emotion, about };
                return Some(match self.memory.add_episode(episode, &Hashed) {
                    Ok(_) => "remembered".to_owned(),
                    Err(error) => error.to_string(),
                });
            }
            Err(error) => return Some(error.to_string()),
        };
        self.words.send(word).await.ok()?;
        Some("begun; now say what you want to say".to_owned())
    }
}

/// What the gateway is asked, and whether somebody tries to give orders in it.
pub(super) fn request(brief: &Brief<'_>) -> (Request, bool) {
    let prompt = prompt::build(brief);
    if prompt.is_tampering {
        tracing::info!(mind = brief.ask.mind, "somebody tries to give a companion orders");
    }
    let turns = prompt.turns.into_iter().map(|said| match said.by {
        prompt::Speaker::Person => Turn::User(said.text),
        prompt::Speaker::Companion => Turn::Model { text: said.text, calls: Vec::new() },
    });
    let tools = actions::tools().into_iter().map(|tool| Tool {
        name: tool.name.to_owned(),
        description: tool.description.to_owned(),
        schema: tool.parameters,
    });
    let request = Request {
        system: prompt.system,
        turns: turns.collect(),
        tools: tools.collect(),
        tool_choice: None,
        output_tokens_max: OUTPUT_TOKENS,
    };
    (request, prompt.is_tampering)
}
