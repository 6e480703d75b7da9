//! An answer that can be given again.

use serde::{Deserialize, Serialize};

use super::limits::{ANSWER_BYTES_MAX, PIECES_MAX, STORED_BYTES_MAX};
use crate::provider::{Finish, Piece, Usage};

/// What is kept besides the texts, roughly, in bytes.
const OVERHEAD_BYTES: usize = 160;
const PIECE_OVERHEAD_BYTES: usize = 24;

/// Texts alone, whole, and when they were said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Milliseconds since 1970.
    pub made_ms: u64,
    /// In the pieces in which they came; none is empty.
    pub pieces: Vec<String>,
}

impl Answer {
    /// All of its words.
    pub fn text(&self) -> String {
        self.pieces.concat()
    }

    /// What it takes in memory, in bytes.
    pub fn weight(&self) -> usize {
        let texts: usize = self.pieces.iter().map(|it| it.len() + PIECE_OVERHEAD_BYTES).sum();
        texts + OVERHEAD_BYTES
    }

    /// Whether it may still be given.
    pub fn is_fresh(&self, now_ms: u64, time_to_live_ms: u64) -> bool {
        now_ms < self.made_ms.saturating_add(time_to_live_ms)
    }

    /// As an answer that costs nothing.
    pub fn replay(&self) -> impl Iterator<Item = Piece> + '_ {
        let texts = self.pieces.iter().cloned().map(Piece::Text);
        texts.chain([Piece::Usage(Usage::default()), Piece::Finished(Finish::Stop)])
    }

    /// For the second tier.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts can be written as JSON")
    }

    /// From the second tier, if it is one: nothing there is believed.
    pub fn from_json(json: &[u8]) -> Option<Self> {
        if json.len() > STORED_BYTES_MAX {
            return None;
        }
        let answer: Self = serde_json::from_slice(json).ok()?;
        let bytes: usize = answer.pieces.iter().map(String::len).sum();
        let is_whole = !answer.pieces.is_empty() && answer.pieces.iter().all(|it| !it.is_empty());
        let fits = bytes <= ANSWER_BYTES_MAX && answer.pieces.len() <= PIECES_MAX;
        (is_whole && fits).then_some(answer)
    }
}

/// An answer that is being given.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pieces: Vec<String>,
    bytes: usize,
    /// Something came that cannot be given again.
    is_spoilt: bool,
}

impl Draft {
    pub(super) fn saw(&mut self, piece: &Piece) {
        match piece {
            Piece::Text(text) => {
                self.bytes += text.len();
                if self.bytes > ANSWER_BYTES_MAX {
                    self.is_spoilt = true;
                    self.pieces.clear();
                } else {
                    self.put(text);
                }
            }
            // What is done is meant for one moment.
            Piece::ToolCall(_) => self.is_spoilt = true,
            Piece::Finished(finish) => self.is_spoilt |= *finish != Finish::Stop,
            Piece::Usage(_) => {}
        }
    }

    fn put(&mut self, text: &str) {
        let is_full = self.pieces.len() >= PIECES_MAX;
        match self.pieces.last_mut() {
            Some(last) if is_full => last.push_str(text),
            _ => self.pieces.push(text.to_owned()),
        }
    }

    /// What can be given again of it, once it has ended.
    pub(super) fn finish(self, made_ms: u64) -> Option<Answer> {
        let Self { pieces, is_spoilt, .. } = self;
        (!is_spoilt && !pieces.is_empty()).then_some(Answer { made_ms, pieces })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::ToolCall;

    fn finished(pieces: impl IntoIterator<Item = Piece>) -> Option<Answer> {
        let mut draft = Draft::default();
        pieces.into_iter().for_each(|it| draft.saw(&it));
        draft.finish(7)
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.into())
    }

    #[test]
    fn whole_texts_alone_are_kept() {
        let call = ToolCall { id: "1".into(), name: "wave".into(), arguments: json!({}) };
        let end = Piece::Finished(Finish::Stop);
        let answer = finished([text("Hel"), text("lo."), end.clone()]).unwrap();
        assert_eq!((answer.text().as_str(), answer.pieces.len()), ("Hello.", 2));
        assert_eq!(finished([end.clone()]), None);
        assert_eq!(finished([text("Hel"), Piece::Finished(Finish::Length)]), None);
        assert_eq!(finished([text("Hi."), Piece::ToolCall(call), end.clone()]), None);
        assert_eq!(finished([text(&"x".repeat(ANSWER_BYTES_MAX + 1)), text("y"), end]), None);
        let many = finished((0..1_000).map(|_| text("la "))).unwrap();
        assert_eq!((many.pieces.len(), many.text().len()), (PIECES_MAX, 3_000));
        assert_eq!(Answer::from_json(&many.to_json()), Some(many));
    }

    #[test]
    fn what_the_second_tier_gives_is_looked_at() {
        let long = json!({ "made_ms": 1, "pieces": ["x".repeat(ANSWER_BYTES_MAX + 1)] });
        let huge = json!({ "made_ms": 1, "pieces": ["x".repeat(STORED_BYTES_MAX)] });
        let many = json!({ "made_ms": 1, "pieces": vec!["x"; PIECES_MAX + 1] });
        for json in [
            json!({ "made_ms": 1, "pieces": [] }),
            json!({ "made_ms": 1, "pieces": ["a", ""] }),
            json!({ "made_ms": -1, "pieces": ["a"] }),
            json!({ "made_ms": 1, "pieces": ["a"], "calls": [] }),
            json!("a"),
            long,
            huge,
            many,
        ] {
            assert_eq!(Answer::from_json(json.to_string().as_bytes()), None);
        }
        assert_eq!(Answer::from_json(b"{"), None);
        // The longest that is kept fits, whatever its letters are.
        let pieces = vec!["\u{1}".repeat(ANSWER_BYTES_MAX / PIECES_MAX); PIECES_MAX];
        let worst = Answer { made_ms: u64::MAX, pieces };
        assert_eq!(Answer::from_json(&worst.to_json()), Some(worst));
    }
}
