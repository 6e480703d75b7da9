//! What companions say in English when something is asked of them, and their riddles and jokes.

use super::{
    Key::{self, *},
    Tone::{self, Any, Bold, Playful, Shy},
};

pub(super) const LINES: &[(Key, &[(Tone, &str)])] = &[
    (Joke, &[(Any, "{joke}"), (Any, "Here's one. {joke}"), (Playful, "You asked for it. {joke}")]),
    (
        JokeNot,
        &[
            (Any, "I'm not much of a joker, I'm afraid. Ask me for something else?"),
            (Any, "I'd only spoil it. I leave jokes to those who can tell them."),
        ],
    ),
    (
        Riddle,
        &[
            (Any, "{riddle}"),
            (Any, "Listen well. {riddle}"),
            (Playful, "No peeking at the answer. {riddle}"),
        ],
    ),
    (
        RiddleAgain,
        &[(Any, "You still owe me an answer: {riddle}"), (Any, "One at a time! {riddle}")],
    ),
    (
        RiddleRight,
        &[
            (Any, "Yes! That's it. Well guessed, {person}."),
            (Any, "Right! You're quick."),
            (Playful, "Yes! Now I need harder riddles."),
        ],
    ),
    (
        RiddleWrong,
        &[
            (Any, "No, not that. Try again, or say that you give up."),
            (Any, "A good guess, but no. One more?"),
            (Any, "Not quite. Think around the corner."),
        ],
    ),
    (
        RiddleTold,
        &[(Any, "It was: {answer}."), (Any, "The answer is: {answer}. Next time you'll have it.")],
    ),
    (Story, &[(Any, "{story}"), (Any, "Sit down a while. {story}")]),
    (
        StoryNone,
        &[
            (Any, "I have no story ready. But I'd like to hear one of yours."),
            (Any, "My stories are short: once I stood here, and then you came. It's my favourite."),
        ],
    ),
    (
        Follow,
        &[
            (Any, "I'm right behind you."),
            (Any, "Lead the way, {person}."),
            (Any, "All right, I'm coming along."),
            (Shy, "If you don't walk too fast… all right."),
            (Bold, "Yes! Where to?"),
            (Playful, "I'll be your shadow, only better looking."),
        ],
    ),
    (FollowRefused, &[(Any, "I'd rather stay here for now."), (Any, "Not with you, not yet.")]),
    (
        Favour,
        &[
            (Any, "I don't feel like doing you favours just now."),
            (Any, "No. Be kind to me first."),
        ],
    ),
    (
        Stay,
        &[
            (Any, "I'll stay right here."),
            (Any, "All right, I've stopped."),
            (Any, "Not another step."),
            (Playful, "I'm a statue now. A talking one."),
        ],
    ),
    (
        Come,
        &[
            (Any, "I'm coming."),
            (Any, "On my way to you, {person}."),
            (Shy, "All right… here I come."),
            (Bold, "Coming!"),
        ],
    ),
    (
        Go,
        &[
            (Any, "I'm going to {thing}."),
            (Any, "To {thing}, then."),
            (Any, "All right: {thing}, here I come."),
        ],
    ),
    (Look, &[(Any, "I'm looking at {thing}."), (Any, "Yes, I see {thing}.")]),
    (
        Gesture,
        &[
            (Any, "Like this?"),
            (Any, "All right!"),
            (Any, "There you go."),
            (Shy, "If nobody else is watching…"),
            (Bold, "With pleasure!"),
            (Playful, "Watch and learn."),
        ],
    ),
    (
        Bring,
        &[
            (Any, "I'll bring {thing}."),
            (Any, "{thing}? I'll get it."),
            (Any, "Wait here, I'm fetching {thing}."),
            (Bold, "{thing}? Consider it done!"),
        ],
    ),
    (PickUp, &[(Any, "I'll pick up {thing}."), (Any, "All right, I'm taking {thing}.")]),
    (
        PutDown,
        &[
            (Any, "I'm putting it down."),
            (Any, "Down it goes."),
            (Any, "All right, I'll let go of it."),
        ],
    ),
    (
        Throw,
        &[
            (Any, "Careful, here it comes!"),
            (Any, "Ready? I'm throwing it."),
            (Playful, "Catch! Or duck, as you like."),
        ],
    ),
    (
        Several,
        &[(Any, "All right, one thing after the other."), (Any, "I'll do that, step by step.")],
    ),
    (
        NotSeen,
        &[
            (Any, "I don't see any “{thing}” here."),
            (Any, "“{thing}”? I can't see it from where I am."),
            (Any, "I looked, but there is no “{thing}” that I can see."),
        ],
    ),
    (Which, &[(Any, "Which one: {list}?"), (Any, "Do you mean {list}?")]),
    (
        NotPortable,
        &[
            (Any, "I can't lift {thing}."),
            (Any, "{thing} stays where it is, I'm afraid."),
            (Playful, "{thing}? I'm strong in spirit only."),
        ],
    ),
    (
        EmptyHanded,
        &[
            (Any, "My hands are empty; I have nothing to do that with."),
            (Any, "I'm not holding anything just now."),
        ],
    ),
    (
        NoPerson,
        &[
            (Any, "I can only do that for a person, and {thing} is none."),
            (Any, "{thing} isn't a person, so I can't."),
        ],
    ),
    (
        Leave,
        &[
            (Any, "All right. I'll leave you in peace."),
            (Any, "As you wish. You'll find me here if you want me."),
        ],
    ),
    (
        ItUnknown,
        &[
            (Any, "What do you mean? Tell me its name."),
            (Any, "Which thing do you mean? Say what it's called."),
        ],
    ),
];

pub(super) const RIDDLES: &[(&str, &str)] = &[
    ("What has a mouth, but never eats, and a bed, but never sleeps?", "a river"),
    ("The more you take, the more you leave behind. What are they?", "footsteps"),
    ("What goes up when the rain comes down?", "an umbrella"),
    ("What has many teeth, but cannot bite?", "a comb"),
    ("I speak without a mouth, and only after you. What am I?", "an echo"),
    ("What gets wetter the more it dries?", "a towel"),
    ("What belongs to you, but is used more by others?", "your name"),
    ("It follows you by day and leaves you at night. What is it?", "your shadow"),
];

pub(super) const JOKES: &[&str] = &[
    "Why did the tree go to sleep so early? It had a long day of standing around.",
    "I asked the pond what it was thinking. It said: nothing deep.",
    "A bench walks into a square. Everybody takes a seat.",
    "Why don't hills play hide and seek? They always peak.",
    "I would tell you the one about the echo, but you'd only hear it again.",
    "Two stones talk. Says the one: shall we move? Says the other: let's not rush things.",
];
