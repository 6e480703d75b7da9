//! Calls of tools, put together from the pieces in which they come.

use serde_json::Value;

use super::{
    ProviderError, ToolCall,
    limits::{ARGUMENTS_BYTES_MAX, ARGUMENTS_DEPTH_MAX, CALLS_MAX, TOOL_NAME_BYTES_MAX},
};

/// Calls on their way, in the order in which they began.
#[derive(Debug, Default)]
pub struct Calls {
    begun: Vec<Begun>,
    given: usize,
}

#[derive(Debug)]
struct Begun {
    index: u64,
    id: String,
    name: String,
    arguments: String,
}

/// What comes of a call in one event.
#[derive(Debug, Default)]
pub struct CallPiece<'a> {
    /// Which call, as the provider counts; some do not say.
    pub index: Option<u64>,
    /// Its id, at the beginning.
    pub id: Option<&'a str>,
    /// The tool, at the beginning.
    pub name: Option<&'a str>,
    /// Goes after the arguments so far.
    pub arguments: &'a str,
}

impl Calls {
    /// Takes a piece in.
    pub fn take(&mut self, piece: &CallPiece<'_>) -> Result<(), ProviderError> {
        let place = match piece.index {
            Some(index) => self.begun.iter().position(|it| it.index == index),
            None if piece.id.is_some_and(|it| !it.is_empty()) => None,
            None => self.begun.len().checked_sub(1),
        };
        let place = match place {
            Some(place) => place,
            None => self.begin(piece)?,
        };
        let begun = &mut self.begun[place];
        for (field, word) in [(&mut begun.id, piece.id), (&mut begun.name, piece.name)] {
            if field.is_empty()
                && let Some(word) = word
            {
                at_most("bytes in the name of a call", word.len(), 4 * TOOL_NAME_BYTES_MAX)?;
                word.clone_into(field);
            }
        }
        let bytes = begun.arguments.len() + piece.arguments.len();
        at_most("bytes of arguments of a call", bytes, ARGUMENTS_BYTES_MAX)?;
        begun.arguments.push_str(piece.arguments);
        Ok(())
    }

    fn begin(&mut self, piece: &CallPiece<'_>) -> Result<usize, ProviderError> {
        let place = self.begun.len();
        at_most("calls of tools", self.given + place + 1, CALLS_MAX)?;
        self.begun.push(Begun {
            index: piece.index.unwrap_or(place as u64),
            id: String::new(),
            name: String::new(),
            arguments: String::new(),
        });
        Ok(place)
    }

    /// All that are there, now that they are whole.
    pub fn finish(&mut self) -> Result<Vec<ToolCall>, ProviderError> {
        let begun = std::mem::take(&mut self.begun);
        let mut calls = Vec::with_capacity(begun.len());
        for call in begun {
            self.given += 1;
            let malformed = |why: &str| ProviderError::Malformed(format!("a call of a tool {why}"));
            if call.name.is_empty() {
                return Err(malformed("without a name"));
            }
            let id = if call.id.is_empty() { format!("call_{}", self.given) } else { call.id };
            let arguments = parsed(&call.arguments).map_err(|why| malformed(&why))?;
            calls.push(ToolCall { id, name: call.name, arguments });
        }
        Ok(calls)
    }

    /// Whether a call has begun and is not whole.
    pub fn is_under_way(&self) -> bool {
        !self.begun.is_empty()
    }
}

/// Arguments are an object that is not too deep; no arguments at all are an empty one.
fn parsed(arguments: &str) -> Result<Value, String> {
    if arguments.trim().is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    let value: Value = serde_json::from_str(arguments)
        .map_err(|error| format!("whose arguments are no JSON: {error}"))?;
    if !value.is_object() {
        return Err("whose arguments are no object".into());
    }
    if depth(&value) > ARGUMENTS_DEPTH_MAX {
        return Err(format!("whose arguments are nested more than {ARGUMENTS_DEPTH_MAX} deep"));
    }
    Ok(value)
}

/// How deep values are nested. `serde_json` reads none deeper than 128.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn at_most(what: &'static str, count: usize, max: usize) -> Result<(), ProviderError> {
    if count <= max { Ok(()) } else { Err(ProviderError::TooLarge { what, max }) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(pieces: &[CallPiece<'_>]) -> Result<Vec<ToolCall>, ProviderError> {
        let mut calls = Calls::default();
        for piece in pieces {
            calls.take(piece)?;
        }
        calls.finish()
    }

    fn begun<'a>(index: u64, name: &'a str, arguments: &'a str) -> CallPiece<'a> {
        CallPiece { index: Some(index), id: Some("c"), name: Some(name), arguments }
    }

    #[test]
    fn calls_are_put_together_even_if_their_pieces_alternate() {
        let more =
            |index, arguments| CallPiece { index: Some(index), arguments, ..Default::default() };
        let calls = told(&[
            begun(0, "wave", ""),
            begun(1, "walk_to", "{\"who\""),
            more(0, "{}"),
            more(1, ":\"ana\"}"),
        ]);
        let calls = calls.unwrap();
        assert_eq!(calls[0].arguments, json!({}));
        assert_eq!(
            (calls[1].name.as_str(), &calls[1].arguments),
            ("walk_to", &json!({"who": "ana"}))
        );
    }

    #[test]
    fn what_is_no_object_or_too_deep_or_too_long_is_an_error() {
        for wrong in ["[1]", "3", "{", "{\"a\":}"] {
            assert!(
                matches!(told(&[begun(0, "a", wrong)]), Err(ProviderError::Malformed(_))),
                "{wrong}"
            );
        }
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100), "]".repeat(100));
        assert!(matches!(told(&[begun(0, "a", &deep)]), Err(ProviderError::Malformed(_))));
        let deeper = format!("{{\"a\":{}", "[".repeat(10_000));
        assert!(matches!(told(&[begun(0, "a", &deeper)]), Err(ProviderError::Malformed(_))));
        let long = "x".repeat(ARGUMENTS_BYTES_MAX + 1);
        assert!(matches!(told(&[begun(0, "a", &long)]), Err(ProviderError::TooLarge { .. })));
        let many: Vec<_> = (0..=CALLS_MAX as u64).map(|it| begun(it, "a", "")).collect();
        assert!(matches!(told(&many), Err(ProviderError::TooLarge { .. })));
    }
}
