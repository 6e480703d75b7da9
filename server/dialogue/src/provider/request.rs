//! What may be asked.

use super::{
    Request, Tool, Turn,
    limits::{PROMPT_BYTES_MAX, TOOL_BYTES_MAX, TOOL_NAME_BYTES_MAX, TOOLS_MAX, TURNS_MAX},
};

/// Bytes of a token, at least, in the languages that people write: too many tokens are estimated
/// rather than too few.
const BYTES_PER_TOKEN: usize = 3;
/// Tokens around each turn.
const TURN_TOKENS: usize = 5;

/// Why something cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The first turn is not the user's.
    #[error("the first turn must be the user's")]
    Beginning,
    /// There is nothing to be answered.
    #[error("the last turn must be the user's, or results of calls")]
    End,
    /// There is more than there may be.
    #[error("more than {max} {what}")]
    TooMany {
        /// Of what, in the plural.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// A tool's name is wrong.
    #[error("a tool may not be called {0:?}: letters, digits, _ and -, at most 64")]
    ToolName(String),
    /// A tool is to be called that is not there.
    #[error("{0:?} is to be called, and there is no tool of that name")]
    ToolChoice(String),
    /// No token may be answered.
    #[error("output_tokens_max must be at least 1")]
    NoAnswer,
}

/// Tokens of a text, guessed on the high side.
pub fn estimated_tokens(text: &str) -> u64 {
    text.len().div_ceil(BYTES_PER_TOKEN) as u64
}

impl Request {
    /// Whether it can be asked at all.
    pub fn check(&self) -> Result<(), RequestError> {
        if !matches!(self.turns.first(), Some(Turn::User(_))) {
            return Err(RequestError::Beginning);
        }
        if !matches!(self.turns.last(), Some(Turn::User(_) | Turn::Results(_))) {
            return Err(RequestError::End);
        }
        if self.output_tokens_max == 0 {
            return Err(RequestError::NoAnswer);
        }
        at_most("turns", self.turns.len(), TURNS_MAX)?;
        at_most("tools", self.tools.len(), TOOLS_MAX)?;
        for tool in &self.tools {
            tool.check()?;
        }
        if let Some(name) = &self.tool_choice
            && !self.tools.iter().any(|tool| tool.name == *name)
        {
            return Err(RequestError::ToolChoice(name.chars().take(80).collect()));
        }
        at_most("bytes of texts", self.bytes(), PROMPT_BYTES_MAX)
    }

    /// Tokens of the request, guessed on the high side.
    pub fn input_tokens(&self) -> u64 {
        let around = (self.turns.len() + 1) * TURN_TOKENS;
        (self.bytes().div_ceil(BYTES_PER_TOKEN) + around) as u64
    }

    /// What somebody said last.
    pub fn last_words(&self) -> &str {
        let words = self.turns.iter().rev().find_map(|turn| match turn {
            Turn::User(text) => Some(text.as_str()),
            Turn::Model { .. } | Turn::Results(_) => None,
        });
        words.unwrap_or_default()
    }

    fn bytes(&self) -> usize {
        let turns: usize = self.turns.iter().map(Turn::bytes).sum();
        let tools: usize = self.tools.iter().map(Tool::bytes).sum();
        self.system.len() + turns + tools
    }
}

impl Turn {
    fn bytes(&self) -> usize {
        match self {
            Self::User(text) => text.len(),
            Self::Model { text, calls } => {
                let calls = calls.iter().map(|it| it.name.len() + it.arguments.to_string().len());
                text.len() + calls.sum::<usize>()
            }
            Self::Results(results) => results.iter().map(|it| it.text.len()).sum(),
        }
    }
}

impl Tool {
    fn check(&self) -> Result<(), RequestError> {
        let is_plain = |it: u8| it.is_ascii_alphanumeric() || it == b'_' || it == b'-';
        let fits = (1..=TOOL_NAME_BYTES_MAX).contains(&self.name.len());
        if !fits || !self.name.bytes().all(is_plain) {
            return Err(RequestError::ToolName(self.name.chars().take(80).collect()));
        }
        at_most("bytes of a tool", self.bytes(), TOOL_BYTES_MAX)
    }

    fn bytes(&self) -> usize {
        self.name.len() + self.description.len() + self.schema.to_string().len()
    }
}

fn at_most(what: &'static str, count: usize, max: usize) -> Result<(), RequestError> {
    if count <= max { Ok(()) } else { Err(RequestError::TooMany { what, max }) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asking(turns: Vec<Turn>) -> Request {
        Request { turns, output_tokens_max: 10, ..Request::default() }
    }

    #[test]
    fn only_what_can_be_answered_is_asked() {
        let user = || Turn::User("hi".into());
        let model = || Turn::Model { text: "ho".into(), calls: vec![] };
        assert_eq!(asking(vec![user(), model(), user()]).check(), Ok(()));
        assert_eq!(asking(vec![]).check(), Err(RequestError::Beginning));
        assert_eq!(asking(vec![model(), user()]).check(), Err(RequestError::Beginning));
        assert_eq!(asking(vec![user(), model()]).check(), Err(RequestError::End));
        let long = asking(vec![Turn::User("x".repeat(PROMPT_BYTES_MAX + 1))]);
        assert!(matches!(long.check(), Err(RequestError::TooMany { .. })));
        let mut tooled = asking(vec![user()]);
        let tool = |name: &str| Tool {
            name: name.into(),
            description: String::new(),
            schema: json!({ "type": "object" }),
        };
        tooled.tools = vec![tool("walk_to")];
        assert_eq!(tooled.check(), Ok(()));
        tooled.tool_choice = Some("walk_to".into());
        assert_eq!(tooled.check(), Ok(()));
        tooled.tool_choice = Some("fly".into());
        assert_eq!(tooled.check(), Err(RequestError::ToolChoice("fly".into())));
        tooled.tools = vec![tool("walk to")];
        assert_eq!(tooled.check(), Err(RequestError::ToolName("walk to".into())));
    }
}
