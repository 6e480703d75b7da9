//! What a model may ask of a companion: the list of tools, and the only way from a call to an action.
//!
//! Whatever a model was talked into, nothing but these calls has an effect, their targets are what
//! the companion sees, and the world checks each action again.

use serde::Deserialize;
use serde_json::{Value, json};
use vivarium_contract::companion::{Action, Appraisal, Being, Emotion, Perception};
use vivarium_protocol::{
    ids::{ObjectId, PersonId},
    intent::Emote,
};

use crate::target::{self, Found, Wanted};

/// Bytes of the arguments of one call.
pub const ARGUMENTS_BYTES_MAX: usize = 2_048;
/// Characters of a name in a call.
pub const TARGET_CHARS_MAX: usize = 80;
/// Characters of what a model may have remembered with one call.
pub const NOTE_CHARS_MAX: usize = 300;

/// One tool, as a model is told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// JSON schema of its arguments.
    pub parameters: Value,
}

/// What a call asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Called {
    /// Something for the body to do.
    Do(Action),
    /// Something about who speaks that is worth keeping.
    Remember {
        /// What.
        text: String,
        /// From 0 to 100.
        importance: u8,
    },
    /// How what was said moves it.
    Feel(Appraisal),
}

/// Why a call has no effect. The text is for the model, which may try again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No such tool.
    #[error("there is no tool `{0}`; use one of those listed")]
    UnknownTool(String),
    /// Too long.
    #[error("the arguments have {size} bytes; {max} are allowed")]
    TooLarge {
        /// Bytes that came.
        size: usize,
        /// Bytes that may come.
        max: usize,
    },
    /// Not what the schema says.
    #[error("the arguments do not fit the schema: {0}")]
    BadArguments(String),
    /// Nothing of that name is seen.
    #[error("you see nothing called `{0}`; name something that you see, as it is called")]
    NotSeen(String),
    /// Several have that name.
    #[error("`{name}` may be {choices}; say which")]
    Ambiguous {
        /// What was said.
        name: String,
        /// What it may mean.
        choices: String,
    },
    /// It is not a person.
    #[error("`{0}` is not a person")]
    NotAPerson(String),
    /// It is not a thing.
    #[error("`{0}` is not a thing")]
    NotAThing(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AtTarget {
    target: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfObject {
    object: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfPerson {
    person: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToPerson {
    object: String,
    person: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithGesture {
    gesture: Gesture,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    text: String,
    importance: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Feeling {
    valence: i8,
    arousal: i8,
    #[serde(default)]
    emotion: Option<Emotion>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Gestures as a model names them.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Gesture {
    Wave,
    Clap,
    Dance,
    Point,
    Nod,
    Shrug,
    Cheer,
    Sit,
}

impl From<Gesture> for Emote {
    fn from(gesture: Gesture) -> Self {
        match gesture {
            Gesture::Wave => Self::Wave,
            Gesture::Clap => Self::Clap,
            Gesture::Dance => Self::Dance,
            Gesture::Point => Self::Point,
            Gesture::Nod => Self::Nod,
            Gesture::Shrug => Self::Shrug,
            Gesture::Cheer => Self::Cheer,
            Gesture::Sit => Self::Sit,
        }
    }
}

/// All tools, always in this order.
pub fn tools() -> Vec<Tool> {
    let seen = json!({
        "type": "string",
        "maxLength": TARGET_CHARS_MAX,
        "description": "The name of somebody or something that you see, or \"speaker\".",
    });
    let percent = |least: i32| json!({"type": "integer", "minimum": least, "maximum": 100});
    let emotions = Emotion::ALL.map(|emotion| json!(emotion));
    let tool = |name, description, fields: Value| {
        let mut required: Vec<&String> =
            fields.as_object().into_iter().flatten().map(|f| f.0).collect();
        required.retain(|field| *field != "emotion");
        let parameters = json!({
            "type": "object",
            "properties": fields,
            "required": required,
            "additionalProperties": false,
        });
        Tool { name, description, parameters }
    };
    vec![
        tool("walk_to", "Go to somebody or something.", json!({"target": seen})),
        tool("look_at", "Look at somebody or something.", json!({"target": seen})),
        tool(
            "gesture",
            "Make a gesture. Sitting lasts until you go somewhere.",
            json!({"gesture": {
                "type": "string",
                "enum": ["wave", "clap", "dance", "point", "nod", "shrug", "cheer", "sit"],
            }}),
        ),
        tool(
            "give",
            "Fetch a thing, if need be, and bring it to a person.",
            json!({"object": seen, "person": seen}),
        ),
        tool("follow", "Walk behind a person until told otherwise.", json!({"person": seen})),
        tool("stay", "Stop whatever you do, and stay.", json!({})),
        tool("pick_up", "Fetch a thing and hold it.", json!({"object": seen})),
        tool("put_down", "Put down what you hold.", json!({})),
        tool("throw", "Throw what you hold to somebody or something.", json!({"target": seen})),
        tool(
            "remember",
            "Keep something about the speaker in mind for later conversations.",
            json!({
                "text": {"type": "string", "minLength": 1, "maxLength": NOTE_CHARS_MAX},
                "importance": percent(0),
            }),
        ),
        tool(
            "set_mood",
            "Say how what you heard moves you.",
            json!({
                "valence": percent(-100),
                "arousal": percent(-100),
                "emotion": {"type": "string", "enum": emotions},
            }),
        ),
        tool("end", "End the conversation.", json!({})),
    ]
}

/// What one call asks for, by the name of the tool and its arguments as JSON.
pub fn parse(
    name: &str,
    arguments: &str,
    perception: &Perception,
    speaker: PersonId,
) -> Result<Called, CallError> {
    if arguments.len() > ARGUMENTS_BYTES_MAX {
        return Err(CallError::TooLarge { size: arguments.len(), max: ARGUMENTS_BYTES_MAX });
    }
    let arguments = if arguments.trim().is_empty() { "{}" } else { arguments };
    let view = View { perception, speaker };
    let action = match name {
        "walk_to" => Action::WalkTo { target: view.being(&read::<AtTarget>(arguments)?.target)? },
        "look_at" => Action::LookAt { target: view.being(&read::<AtTarget>(arguments)?.target)? },
        "gesture" => Action::Gesture { emote: read::<WithGesture>(arguments)?.gesture.into() },
        "give" => {
            let ToPerson { object, person } = read(arguments)?;
            Action::Give { object: view.object(&object)?, person: view.person(&person)? }
        }
        "follow" => Action::Follow { person: view.person(&read::<OfPerson>(arguments)?.person)? },
        "pick_up" => Action::PickUp { object: view.object(&read::<OfObject>(arguments)?.object)? },
        "throw" => Action::Throw { target: view.being(&read::<AtTarget>(arguments)?.target)? },
        "stay" => read::<Nothing>(arguments).map(|_| Action::Stay)?,
        "put_down" => read::<Nothing>(arguments).map(|_| Action::PutDown)?,
        "end" => read::<Nothing>(arguments).map(|_| Action::End)?,
        "remember" => return remember(arguments),
        "set_mood" => return feel(arguments),
        other => return Err(CallError::UnknownTool(other.chars().take(40).collect())),
    };
    Ok(Called::Do(action))
}

fn read<'a, T: Deserialize<'a>>(arguments: &'a str) -> Result<T, CallError> {
    serde_json::from_str(arguments).map_err(|error| CallError::BadArguments(error.to_string()))
}

fn remember(arguments: &str) -> Result<Called, CallError> {
    let Note { text, importance } = read(arguments)?;
    let chars = text.chars().count();
    if text.trim().is_empty() || chars > NOTE_CHARS_MAX {
        let what = format!("`text` has {chars} characters; it needs 1 to {NOTE_CHARS_MAX}");
        return Err(CallError::BadArguments(what));
    }
    if importance > 100 {
        return Err(CallError::BadArguments("`importance` goes from 0 to 100".to_owned()));
    }
    Ok(Called::Remember { text: text.trim().to_owned(), importance })
}

fn feel(arguments: &str) -> Result<Called, CallError> {
    let Feeling { valence, arousal, emotion } = read(arguments)?;
    if [valence, arousal].iter().any(|value| !(-100..=100).contains(value)) {
        let what = "`valence` and `arousal` go from -100 to 100".to_owned();
        return Err(CallError::BadArguments(what));
    }
    Ok(Called::Feel(Appraisal { valence, arousal, emotion }))
}

/// What names are looked up in.
struct View<'a> {
    perception: &'a Perception,
    speaker: PersonId,
}

impl View<'_> {
    fn being(&self, name: &str) -> Result<Being, CallError> {
        self.find(name, Wanted::Any)
    }

    fn person(&self, name: &str) -> Result<PersonId, CallError> {
        match self.find(name, Wanted::Any)? {
            Being::Person(person) => Ok(person),
            _ => Err(CallError::NotAPerson(name.to_owned())),
        }
    }

    fn object(&self, name: &str) -> Result<ObjectId, CallError> {
        match self.find(name, Wanted::Portable) {
            Ok(Being::Object(object)) => Ok(object),
            Ok(_) => Err(CallError::NotAThing(name.to_owned())),
            Err(CallError::NotSeen(_)) if self.find(name, Wanted::Any).is_ok() => {
                Err(CallError::NotAThing(name.to_owned()))
            }
            Err(error) => Err(error),
        }
    }

    fn find(&self, name: &str, wanted: Wanted) -> Result<Being, CallError> {
        let chars = name.chars().count();
        if chars > TARGET_CHARS_MAX {
            let what = format!("a name has {chars} characters; {TARGET_CHARS_MAX} are allowed");
            return Err(CallError::BadArguments(what));
        }
        if name.trim().eq_ignore_ascii_case("speaker") {
            return Ok(Being::Person(self.speaker));
        }
        match target::find(self.perception, name, wanted) {
            Found::One(seen) => Ok(seen.being),
            Found::Several(seen) => {
                let names: Vec<String> = seen.iter().map(|s| format!("`{}`", s.name)).collect();
                Err(CallError::Ambiguous { name: name.to_owned(), choices: names.join(" or ") })
            }
            Found::Nothing => Err(CallError::NotSeen(name.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::tests::square;

    #[test]
    fn calls_become_actions_or_errors() {
        let square = square();
        let table = [
            (
                "walk_to",
                r#"{"target":"the fountain"}"#,
                "Do(WalkTo { target: Object(ObjectId(12)) })",
            ),
            ("look_at", r#"{"target":"speaker"}"#, "Do(LookAt { target: Person(PersonId(1)) })"),
            ("gesture", r#"{"gesture":"wave"}"#, "Do(Gesture { emote: Wave })"),
            (
                "give",
                r#"{"object":"blue ball","person":"Bo"}"#,
                "Do(Give { object: ObjectId(11), person: PersonId(2) })",
            ),
            ("follow", r#"{"person":"Ana"}"#, "Do(Follow { person: PersonId(1) })"),
            ("stay", "", "Do(Stay)"),
            ("put_down", "{}", "Do(PutDown)"),
            ("throw", r#"{"target":"odo"}"#, "Do(Throw { target: Companion(ObjectId(30)) })"),
            (
                "remember",
                r#"{"text":"likes tea","importance":40}"#,
                "Remember { text: \"likes tea\", importance: 40 }",
            ),
            (
                "set_mood",
                r#"{"valence":30,"arousal":-5,"emotion":"joy"}"#,
                "Feel(Appraisal { valence: 30, arousal: -5, emotion: Some(Joy) })",
            ),
            ("end", "{}", "Do(End)"),
        ];
        for (name, arguments, expected) in table {
            let called = parse(name, arguments, &square, PersonId(1)).unwrap();
            assert_eq!(format!("{called:?}"), expected);
        }
        let refused = [
            ("walk_to", r#"{"target":"the moon"}"#, "you see nothing called `the moon`"),
            ("walk_to", r#"{"target":12}"#, "expected a string"),
            ("walk_to", r#"{"target":"Bo","speed":9}"#, "unknown field `speed`"),
            ("pick_up", r#"{"object":"ball"}"#, "`ball` may be `Red ball` or `Blue ball`"),
            ("pick_up", r#"{"object":"Bo"}"#, "`Bo` is not a thing"),
            ("follow", r#"{"person":"bench"}"#, "`bench` is not a person"),
            ("follow", r#"{"person":"2"}"#, "you see nothing called `2`"),
            ("set_mood", r#"{"valence":101,"arousal":0}"#, "from -100 to 100"),
            ("set_mood", r#"{"valence":1000,"arousal":0}"#, "invalid value"),
            ("remember", r#"{"text":" ","importance":3}"#, "it needs 1 to 300"),
            ("stay", r#"{"for_s":3}"#, "unknown field"),
            ("delete_world", "{}", "no tool `delete_world`"),
            ("end", "[1", "do not fit"),
        ];
        for (name, arguments, expected) in refused {
            let error = parse(name, arguments, &square, PersonId(1)).unwrap_err().to_string();
            assert!(error.contains(expected), "{name} {arguments}: {error}");
        }
    }

    #[test]
    fn every_tool_has_a_closed_schema_and_is_parsed() {
        let square = square();
        for tool in tools() {
            assert_eq!(tool.parameters["additionalProperties"], false, "{}", tool.name);
            let unknown = matches!(
                parse(tool.name, r#"{"zzz":1}"#, &square, PersonId(1)),
                Err(CallError::BadArguments(_))
            );
            assert!(unknown, "{} takes a field that it does not have", tool.name);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_call_is_an_action_or_an_error(name in "[a-z_]{0,12}", arguments in "\\PC{0,60}") {
            let _ = parse(&name, &arguments, &square(), PersonId(1));
        }
    }
}
