//! What a companion's body and its mind say to each other.
//!
//! The body lives in a world, the mind beside it, off the tick. The world tells what the companion
//! perceives ([`DialogueAsk`]); what the mind makes of it comes back as inputs ([`MindWord`]), on a
//! later tick, where everything is checked again. Every word names the generation of its ask, so
//! that one which comes too late is void.

use serde::{Deserialize, Serialize};
use vivarium_protocol::{
    ids::{ObjectId, PersonId},
    intent::Emote,
};

/// What somebody is like, in percent: 50 is everybody's middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Traits {
    /// Likes what is new.
    pub openness: u8,
    /// Keeps at a thing until it is done.
    pub conscientiousness: u8,
    /// Seeks company.
    pub extraversion: u8,
    /// Does what others ask for.
    pub agreeableness: u8,
    /// Is moved easily, and for long.
    pub neuroticism: u8,
    /// Likes play and jokes.
    pub playfulness: u8,
    /// Is not easily frightened.
    pub courage: u8,
}

/// Of each trait, percent at most.
pub const TRAIT_MAX: u8 = 100;

impl Traits {
    /// Their names, in the order of [`Traits::values`].
    pub const NAMES: [&str; 7] = [
        "openness",
        "conscientiousness",
        "extraversion",
        "agreeableness",
        "neuroticism",
        "playfulness",
        "courage",
    ];

    /// All of them, in the order of [`Traits::NAMES`].
    pub fn values(&self) -> [u8; 7] {
        [
            self.openness,
            self.conscientiousness,
            self.extraversion,
            self.agreeableness,
            self.neuroticism,
            self.playfulness,
            self.courage,
        ]
    }
}

impl From<[u8; 7]> for Traits {
    /// From [`Traits::values`]; what is beyond [`TRAIT_MAX`] is cut off.
    fn from(values: [u8; 7]) -> Self {
        let [
            openness,
            conscientiousness,
            extraversion,
            agreeableness,
            neuroticism,
            playfulness,
            courage,
        ] = values.map(|value| value.min(TRAIT_MAX));
        Self {
            openness,
            conscientiousness,
            extraversion,
            agreeableness,
            neuroticism,
            playfulness,
            courage,
        }
    }
}

impl Default for Traits {
    fn default() -> Self {
        Self {
            openness: 50,
            conscientiousness: 50,
            extraversion: 50,
            agreeableness: 50,
            neuroticism: 50,
            playfulness: 50,
            courage: 50,
        }
    }
}

/// What a companion feels, by name. The order is part of the protocol: only append.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Emotion {
    #[default]
    Calm,
    Joy,
    Excitement,
    Sadness,
    Anger,
    Fear,
    Surprise,
    Affection,
}

impl Emotion {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Calm,
        Self::Joy,
        Self::Excitement,
        Self::Sadness,
        Self::Anger,
        Self::Fear,
        Self::Surprise,
        Self::Affection,
    ];
}

/// How something moves a companion: added to its mood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appraisal {
    /// From -100, as bad as can be, to 100.
    pub valence: i8,
    /// From -100, calming, to 100, rousing.
    pub arousal: i8,
    /// What it is called, if it has a name of its own.
    #[serde(default)]
    pub emotion: Option<Emotion>,
}

/// What a companion feels now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mood {
    /// From -100, wretched, to 100, happy.
    pub valence: i8,
    /// From -100, drowsy, to 100, wild.
    pub arousal: i8,
    /// Its name.
    pub emotion: Emotion,
}

/// What a companion thinks of somebody, each from -100 to 100; strangers are at 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bond {
    /// Believes what they say.
    pub trust: i8,
    /// Thinks highly of them.
    pub respect: i8,
    /// Likes them.
    pub warmth: i8,
    /// Knows them well.
    pub familiarity: i8,
    /// Jokes with them.
    pub playfulness: i8,
}

/// Somebody or something in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Being {
    /// Somebody who visits it.
    Person(PersonId),
    /// Another companion, by its object.
    Companion(ObjectId),
    /// A thing.
    Object(ObjectId),
}

/// Something that a companion sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Who or what.
    pub being: Being,
    /// As people call it.
    pub name: String,
    /// How far away, metres.
    pub distance_m: f32,
    /// Whether it can be picked up.
    pub is_portable: bool,
}

/// Something that happened to a companion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Something hit it.
    Hit {
        /// What, as people call it.
        by: String,
        /// How hard: metres per second that it lost.
        speed_mps: f32,
        /// At whose wish it was thrown, if somebody held it a moment before.
        thrown_by: Option<PersonId>,
    },
    /// Somebody made a gesture near it.
    Gestured {
        /// Who, by name.
        by: String,
        /// Which.
        emote: Emote,
    },
    /// It did what it was asked for.
    Did {
        /// What.
        action: Action,
        /// Who had asked for it.
        asked_by: PersonId,
    },
    /// It could not do what it was asked for.
    Failed {
        /// What.
        action: Action,
        /// Why not.
        reason: ActionFailure,
        /// Who had asked for it.
        asked_by: PersonId,
    },
}

/// An event, and how long ago it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Happened {
    /// What.
    pub event: Event,
    /// Seconds before the ask.
    pub ago_s: u16,
}

/// Something in a companion's hands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Which.
    pub object: ObjectId,
    /// As people call it.
    pub name: String,
}

/// What a companion perceives when it is spoken to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Perception {
    /// Whom and what it sees, nearest first; at most [`SEEN_MAX`].
    pub seen: Vec<Seen>,
    /// What happened to it lately, oldest first; at most [`HAPPENED_MAX`].
    pub happened: Vec<Happened>,
    /// What it holds in its hands.
    pub holds: Option<Held>,
    /// What it is doing.
    pub doing: Option<Action>,
    /// What it feels.
    pub mood: Mood,
}

/// Beings that a companion sees at most; farther ones are left out.
pub const SEEN_MAX: usize = 24;
/// Events that a companion has in mind; older ones are forgotten.
pub const HAPPENED_MAX: usize = 16;
/// Bytes of what a companion says to one ask; the rest is cut off.
pub const SPEECH_BYTES_MAX: usize = 4_096;
/// Actions that one reply may ask for; the rest is ignored.
pub const ACTIONS_MAX: usize = 4;

/// What a companion was told, and what it perceives. One is in flight for each companion; a newer
/// one makes the older void.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DialogueAsk {
    /// Whose body.
    pub companion: ObjectId,
    /// Whose mind, as the document names it.
    pub mind: String,
    /// What people call it.
    pub name: String,
    /// Of this ask; comes back with every word.
    pub generation: u32,
    /// Who speaks to it.
    pub person: PersonId,
    /// What they are called.
    pub person_name: String,
    /// What they said, cleaned.
    pub text: String,
    /// What it perceives.
    pub perception: Perception,
}

/// What a companion can be asked to do. Nothing else can be asked for, whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Go to somebody or something.
    WalkTo {
        /// Where to.
        target: Being,
    },
    /// Look at somebody or something.
    LookAt {
        /// At whom or what.
        target: Being,
    },
    /// Make a gesture; sitting lasts until it goes somewhere.
    Gesture {
        /// Which.
        emote: Emote,
    },
    /// Walk behind somebody until told otherwise.
    Follow {
        /// Whom.
        person: PersonId,
    },
    /// Stop whatever it does, and stay.
    Stay,
    /// Fetch a thing, if need be, and bring it to somebody.
    Give {
        /// What.
        object: ObjectId,
        /// To whom.
        person: PersonId,
    },
    /// Fetch a thing and hold it.
    PickUp {
        /// What.
        object: ObjectId,
    },
    /// Put down what it holds.
    PutDown,
    /// Throw what it holds to somebody or something.
    Throw {
        /// To whom, or where to.
        target: Being,
    },
    /// End the conversation.
    End,
}

/// Why a companion did not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActionFailure {
    /// It, or who it was for, is not there (any more).
    Gone,
    /// There is no way there.
    NoWay,
    /// It lies outside of where the companion goes.
    OutOfRange,
    /// It is fixed, too heavy, too large, locked, or in somebody else's hands.
    NotPortable,
    /// Its hands are empty.
    EmptyHanded,
    /// It took too long.
    TookTooLong,
    /// It was told to do something else.
    Overruled,
}

/// What a mind says to its body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MindWord {
    /// A piece of what it says, after the pieces before.
    Says {
        /// The piece.
        text: String,
    },
    /// How what was said moves it.
    Feels {
        /// Added to its mood.
        appraisal: Appraisal,
    },
    /// Something to do.
    Does {
        /// What.
        action: Action,
    },
    /// What it thinks of who spoke, from now on.
    Bonds {
        /// All of it.
        bond: Bond,
    },
    /// Nothing follows.
    Done {
        /// Whether it answered from what it knows itself, since no model could be asked.
        is_reduced: bool,
    },
    /// It has no answer. Nothing follows.
    Failed {
        /// Why.
        reason: MindFailure,
    },
}

/// Why a mind has no answer. The order is part of the protocol: only append.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MindFailure {
    /// It took too long.
    TimedOut,
    /// Too many ask at once.
    Busy,
    /// Whoever spoke has said as much as they may in this hour.
    OverLimit {
        /// Seconds until they may say more.
        free_in_s: u32,
    },
    /// Nobody knows this mind.
    Unknown,
    /// Something broke.
    Broken,
}
