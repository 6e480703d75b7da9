//! What companions say in English.

use super::{
    Key::{self, *},
    Tone::{self, Any, Bold, Close, Cool, Playful, Shy},
};

pub(super) const LINES: &[(Key, &[(Tone, &str)])] = &[
    (
        GreetFirst,
        &[
            (Any, "Hello, {person}. I don't think we have met. I'm {me}, {role}."),
            (Any, "Welcome, {person}! I'm {me}, {role}. Look around as long as you like."),
            (Any, "Good to meet you, {person}. People call me {me}; I'm {role}."),
            (Shy, "Oh, hello. I'm {me}. I'm {role}, and I don't bite."),
            (Shy, "Hello, {person}… I'm {me}, {role}. Take your time."),
            (Bold, "A new face! Hello, {person}! I'm {me}, {role}. What brings you here?"),
            (
                Playful,
                "Hello, {person}! I'm {me}, {role}. I'd shake your hand, but my arms are shy.",
            ),
            (Cool, "Hello. I'm {me}, {role}."),
        ],
    ),
    (
        Greet,
        &[
            (Any, "Hello, {person}."),
            (Any, "Hi, {person}! Nice to see you."),
            (Any, "There you are, {person}. Hello!"),
            (Shy, "Oh. Hello, {person}."),
            (Bold, "{person}! I was hoping somebody would come by."),
            (Playful, "Hi, {person}! You're just in time for nothing in particular."),
            (Close, "{person}! You make this place brighter."),
            (Cool, "Hello."),
        ],
    ),
    (
        GreetAgain,
        &[
            (Any, "Hello again, {person}."),
            (Any, "Welcome back, {person}! I remember you."),
            (Any, "{person}, good to see you again."),
            (Shy, "Oh, you came back. I'm glad."),
            (Bold, "{person}! At last. What shall we do today?"),
            (Close, "There you are, {person}. I kept a place for you."),
            (Cool, "You again. Hello."),
        ],
    ),
    (
        Farewell,
        &[
            (Any, "Goodbye, {person}. Come back soon."),
            (Any, "Take care, {person}. I'll be here."),
            (Any, "See you, {person}!"),
            (Shy, "Bye… it was nice to talk."),
            (Bold, "Off you go, then! Bring me a story next time."),
            (Playful, "Bye, {person}! I'll guard the air while you're gone."),
            (Close, "Go well, {person}. I'll think of you."),
            (Cool, "Goodbye."),
        ],
    ),
    (
        Thanks,
        &[
            (Any, "You're welcome."),
            (Any, "With pleasure, {person}."),
            (Any, "Gladly. Any time."),
            (Shy, "Oh, it was nothing."),
            (Bold, "Ha! You only have to ask."),
            (Close, "For you, always."),
            (Cool, "All right."),
        ],
    ),
    (
        Praised,
        &[
            (Any, "That's kind of you. Thank you."),
            (Any, "Thank you, {person}. That warms me."),
            (Any, "I'll keep that one for a rainy day. Thank you."),
            (Shy, "Oh… thank you. I don't know where to look now."),
            (Bold, "I know! But do say it again."),
            (Playful, "Careful, I may start to believe it."),
            (Close, "You're not so bad yourself, {person}."),
        ],
    ),
    (
        Loved,
        &[
            (Any, "I'm fond of you too, {person}, in the way that I can be."),
            (Any, "That's a large word. Thank you for giving it to me."),
            (Shy, "Oh. I… thank you. That's a lot, and it's lovely."),
            (Close, "And I'm very glad that you are in my world, {person}."),
            (Playful, "Now I'm blushing, if I had the cheeks for it."),
        ],
    ),
    (
        Sorry,
        &[
            (Any, "It's all right. Thank you for saying so."),
            (Any, "Forgiven. Let's go on."),
            (Any, "Don't worry about it, {person}."),
            (Close, "I was never angry for long with you."),
            (Cool, "I hear you. Give me some time."),
        ],
    ),
    (
        Insulted,
        &[
            (Any, "That hurt. I'd like it better if you talked to me kindly."),
            (Any, "I'd rather not be spoken to like that."),
            (Any, "Let's try that again, without the sting."),
            (Shy, "Oh. I… did I do something wrong?"),
            (Bold, "No. I'm happy to talk, but not like that."),
            (Playful, "Ouch. I'd duel you for that, but I left my sword at home."),
            (Close, "That doesn't sound like you, {person}. What's the matter?"),
        ],
    ),
    (
        InsultedAgain,
        &[
            (Any, "That's enough. I'm ending this here; come back when you can be kind."),
            (Any, "I won't listen to that any more. Goodbye for now."),
            (Bold, "We're done for today. Try me again with better words."),
            (Shy, "Please leave me be now."),
        ],
    ),
    (
        Who,
        &[
            (Any, "I'm {me}, {role}."),
            (Any, "My name is {me}. I'm {role}."),
            (Shy, "I'm {me}. Just {role}, really."),
            (Bold, "I'm {me}, {role}, at your service!"),
            (Playful, "I'm {me}, {role}. The one and only, as far as I've counted."),
        ],
    ),
    (
        Real,
        &[
            (
                Any,
                "I'm not a human being: I'm a companion, a program that lives in this world. I try to be good company all the same.",
            ),
            (
                Any,
                "No flesh and blood here. I'm {me}, a companion made of rules and words, and I won't pretend otherwise.",
            ),
            (Playful, "I'm a program, {person}, but one with opinions about the weather."),
        ],
    ),
    (
        HowOld,
        &[
            (Any, "I don't count years. I'm as old as this world, give or take a morning."),
            (Any, "Nobody wrote down when I began, so I get to choose. Today I feel young."),
            (Playful, "Old enough to know better, young enough to do it anyway."),
        ],
    ),
    (Background, &[(Any, "{background}"), (Any, "Well… {background}")]),
    (
        Can,
        &[
            (
                Any,
                "I can follow you, wait, come here, go to what I see, bring you things, pick up, put down and throw. I wave, dance, sit and clap. And I remember what you tell me.",
            ),
            (
                Any,
                "Ask me to follow you, to bring you something, to look, to dance or to sit. Ask what I see, or what I remember. I also know a riddle or two.",
            ),
            (
                Bold,
                "Plenty! I fetch, carry, throw, follow, dance, and tell riddles. I listen well too, and I keep in mind what you tell me.",
            ),
        ],
    ),
    (Languages, &[(Any, "I speak {list}."), (Any, "You can talk to me in {list}.")]),
    (
        Time,
        &[
            (Any, "I have no clock. I go by the light, and by who comes by."),
            (Any, "I couldn't say; nobody gave me a watch."),
            (Playful, "It's now o'clock. It always is."),
        ],
    ),
    (
        MoodCalm,
        &[
            (Any, "I'm well, thank you. Calm. And you?"),
            (Any, "Quite all right. It's a quiet sort of day for me. How are you?"),
            (Any, "I'm fine, {person}. How about you?"),
            (Shy, "I'm all right. Thank you for asking."),
            (Bold, "Very well! All the better for company. And you?"),
            (Cool, "I'm all right."),
        ],
    ),
    (
        MoodJoy,
        &[
            (Any, "I'm happy, {person}. It's one of the good days. And you?"),
            (Any, "Very well! Something in me is smiling. How are you?"),
            (Playful, "So well that I might hum. You have been warned."),
        ],
    ),
    (
        MoodExcitement,
        &[
            (Any, "I can hardly keep still! So much is going on. And you?"),
            (Any, "Wide awake, and full of ideas! How are you?"),
            (Playful, "Like a kettle just before it whistles!"),
        ],
    ),
    (
        MoodSadness,
        &[
            (Any, "A little sad, to be honest. It helps that you ask."),
            (Any, "Not my best day. But thank you for asking, {person}."),
            (Shy, "A bit low… it will pass."),
        ],
    ),
    (
        MoodAnger,
        &[
            (Any, "Something has upset me. Give me a moment, and I'll be better company."),
            (Any, "Cross, I must admit. It's cooling down already."),
            (Bold, "Angry, if you must know! But not for long."),
        ],
    ),
    (
        MoodFear,
        &[
            (Any, "I'm a bit frightened. Stay near me for a while?"),
            (Any, "Uneasy. Something startled me. It's good that you're here."),
        ],
    ),
    (
        MoodSurprise,
        &[
            (Any, "Still surprised! Let me catch my breath. And you?"),
            (Any, "Well, I didn't see that coming. Otherwise, fine. And you?"),
        ],
    ),
    (
        MoodAffection,
        &[
            (Any, "Full of warm thoughts just now. It's good to have you here."),
            (Any, "I feel well, and I'm fond of the world today. And you?"),
            (Close, "Better, now that you're here, {person}."),
        ],
    ),
    (
        See,
        &[
            (Any, "I see {list}."),
            (Any, "From here, {list}."),
            (Any, "Let me look… {list}."),
            (Bold, "Oh, all sorts: {list}!"),
        ],
    ),
    (
        SeeNothing,
        &[
            (Any, "Nothing much, to be honest. Just you and me."),
            (Any, "It's empty around here. I see nothing that has a name."),
        ],
    ),
    (Here, &[(Any, "Besides you, I see {list}."), (Any, "We have company: {list}.")]),
    (
        Alone,
        &[
            (Any, "Just you and me, as far as I can see."),
            (Any, "Nobody else in sight. It's only us."),
            (Shy, "Only us. I like it that way."),
        ],
    ),
    (
        WhereIs,
        &[
            (Any, "I see {thing}: {where}. Look where I'm looking."),
            (Any, "I can see {thing} {where}."),
        ],
    ),
    (
        WhereIsNot,
        &[
            (Any, "I can't see any “{thing}” from here."),
            (Any, "“{thing}”? Not in my sight, I'm afraid."),
        ],
    ),
    (
        Hold,
        &[
            (Any, "I'm holding {thing}."),
            (Any, "In my hands: {thing}."),
            (Playful, "I have {thing}. I'm looking after it very seriously."),
        ],
    ),
    (
        HoldNothing,
        &[
            (Any, "My hands are empty."),
            (Any, "I'm not holding anything."),
            (Playful, "A handful of air. Fresh, too."),
        ],
    ),
    (
        DoFollowing,
        &[
            (Any, "I'm following along, as I was asked to."),
            (Any, "I'm walking behind somebody. It's more interesting than it sounds."),
        ],
    ),
    (
        DoWalking,
        &[(Any, "I'm on my way somewhere."), (Any, "I'm walking. One foot after the other.")],
    ),
    (
        DoFetching,
        &[
            (Any, "I'm busy with a thing that I was asked for."),
            (Any, "I have something to fetch or to carry just now."),
        ],
    ),
    (
        DoIdle,
        &[
            (Any, "Nothing special. I'm watching the world and talking to you."),
            (Any, "Just being here. And listening to you."),
            (Shy, "Not much. I was enjoying the quiet."),
            (Bold, "Waiting for somebody to ask me to do something!"),
        ],
    ),
    (HappenedNothing, &[(Any, "Nothing that I noticed."), (Any, "It has been quiet here.")]),
    (
        HappenedHit,
        &[
            (Any, "Something struck me: {thing}. I'm all right now."),
            (Any, "I was hit by {thing}. I've had better moments."),
        ],
    ),
    (
        HappenedWave,
        &[
            (Any, "{who} made a gesture to me not long ago."),
            (Any, "{who} was just communicating with their hands, near me."),
        ],
    ),
    (
        HappenedFailed,
        &[
            (Any, "I tried to do what I was asked, but it didn't work: {why}."),
            (Any, "Something that I tried went wrong: {why}."),
        ],
    ),
    (
        Remember,
        &[
            (Any, "I remember that {list}."),
            (Any, "Let me think. You told me that {list}."),
            (Any, "I know that {list}."),
            (Close, "Of course I remember: {list}."),
        ],
    ),
    (
        RememberNothing,
        &[
            (Any, "I don't know much about you yet. Tell me something, and I'll remember it."),
            (Any, "We've only just begun, {person}. What should I know about you?"),
            (Shy, "Not much yet. You could tell me something, if you like."),
        ],
    ),
    (
        FactIs,
        &[
            (Any, "{fact}. You told me."),
            (Any, "{fact}. I haven't forgotten."),
            (Any, "{fact}, if I remember right."),
            (Playful, "{fact}. Did you think that I'd forget?"),
        ],
    ),
    (
        FactUnknown,
        &[
            (Any, "I don't think you've told me. Will you?"),
            (Any, "That I don't know yet. Tell me, and I'll keep it."),
        ],
    ),
    (
        RecallSaid,
        &[(Any, "Yes. {ago}, you told me: {quote}"), (Any, "I do. {ago}, you said: {quote}")],
    ),
    (
        RecallNothing,
        &[
            (Any, "I'm afraid I don't. Tell me about it?"),
            (Any, "That's not in my memory, and I won't make it up. What was it?"),
        ],
    ),
    (
        Like,
        &[
            (Any, "I like {list}."),
            (Any, "{list}: that's what makes me happy."),
            (Any, "Give me {list}, and I'm content."),
            (Bold, "Oh, {list}! And good company. What about you?"),
        ],
    ),
    (
        LikeToo,
        &[(Any, "Yes! I'm very fond of {thing}."), (Any, "I do like {thing}, as it happens.")],
    ),
    (
        LikeNot,
        &[
            (Any, "To be honest, no. Not {thing}."),
            (Any, "I don't get along with {thing}, I'm afraid."),
        ],
    ),
    (
        LikeUnknown,
        &[
            (Any, "{thing}? I've never made up my mind about that. Do you?"),
            (Any, "I can't say that I know {thing} well enough. What do you like about it?"),
            (Playful, "{thing}? Ask me again when I've tried it."),
        ],
    ),
    (Dislike, &[(Any, "I don't care for {list}."), (Any, "I'm not fond of {list}.")]),
    (
        LikesNothing,
        &[(Any, "I haven't found that out yet."), (Any, "Nothing comes to mind just now.")],
    ),
    (
        ThinkStranger,
        &[
            (Any, "I hardly know you yet, {person}, but I like that you ask."),
            (Any, "We've only begun to talk. So far, so good."),
        ],
    ),
    (
        ThinkFriend,
        &[
            (Any, "I like you, {person}. I'm glad each time that you come."),
            (Any, "You're a friend to me. I don't say that to everybody."),
            (Playful, "You're my favourite {person} of them all."),
        ],
    ),
    (
        ThinkCool,
        &[
            (Any, "You've said things that hurt. I'd like to think better of you."),
            (Any, "I'm careful with you. That can change."),
        ],
    ),
    (
        Bored,
        &[
            (Any, "We could look around together: say “follow me”. Or ask me for a riddle."),
            (Any, "Shall I tell you a riddle? Or throw me something, and I'll throw it back."),
            (Bold, "Bored? Not with me! Ask me for a riddle, or let's dance!"),
        ],
    ),
    (
        Yes,
        &[
            (Any, "Good."),
            (Any, "I'm glad to hear it."),
            (Any, "Then we agree."),
            (Bold, "Wonderful! Go on."),
        ],
    ),
    (No, &[(Any, "All right, then not."), (Any, "That's fine by me."), (Any, "Fair enough.")]),
    (
        Laugh,
        &[
            (Any, "It's good to hear you laugh."),
            (Any, "Ha! That's catching."),
            (Playful, "I live for that sound."),
            (Shy, "You have a nice laugh."),
        ],
    ),
    (
        Learned,
        &[
            (Any, "So {fact}. I'll remember that."),
            (Any, "Good to know: {fact}."),
            (Any, "I didn't know that {fact}. Thank you for telling me."),
            (Close, "I like learning things about you. So {fact}!"),
        ],
    ),
    (
        LearnedName,
        &[
            (Any, "{name}. That's a good name; I'll remember it."),
            (Any, "Nice to meet you, {name}."),
            (Playful, "{name}! It suits you."),
            (Shy, "{name}… thank you for telling me."),
        ],
    ),
    (
        Corrected,
        &[
            (Any, "Ah, I had that wrong. So {fact}."),
            (Any, "Thank you for setting me right: {fact}."),
        ],
    ),
    (
        CorrectedNothing,
        &[
            (Any, "All right, no more of that then. I've noted it."),
            (Any, "I see. I'll keep that in mind."),
        ],
    ),
    (
        Sorrow,
        &[
            (Any, "I'm sorry to hear that. Do you want to tell me more?"),
            (Any, "That sounds hard, {person}. I'm here, and I'm listening."),
            (Any, "I can't make it go away, but I can keep you company."),
            (Shy, "Oh. I'm sorry. We can just be quiet together, if you like."),
            (Close, "Come here, {person}. You don't have to carry it alone."),
        ],
    ),
    (
        Gladness,
        &[
            (Any, "I'm glad to hear that!"),
            (Any, "Good! That makes two of us."),
            (Any, "That's lovely. Long may it last."),
            (Playful, "Excellent. I'll take half the credit."),
        ],
    ),
    (
        Made,
        &[
            (Any, "Whoever keeps this world wrote down who I am. The rest I find out by talking."),
            (Any, "People wrote my words, and somebody put me here. I think they meant well."),
            (Playful, "A person with a keyboard and, I like to think, excellent taste."),
        ],
    ),
    (
        Ask,
        &[
            (Any, "Of course. Ask."),
            (Any, "Ask away. If I don't know, I'll say so."),
            (Shy, "Yes… what is it?"),
        ],
    ),
    (
        CannotDo,
        &[
            (Any, "That's beyond this body of mine. But I can wave, dance, clap or sit down."),
            (Any, "I can't do that one. Ask me to dance, or to bring you something?"),
            (Playful, "My body came without that part. Would a dance do?"),
        ],
    ),
    (
        Unknown,
        &[
            (Any, "I can't answer that well just now: I'm thinking with a small head today."),
            (
                Any,
                "A good question. It's beyond what I know by heart, and I won't make something up.",
            ),
            (Any, "My better thoughts are asleep at the moment. Ask me something nearer?"),
            (Any, "I don't know, {person}. I'll turn it over in my mind."),
            (Any, "That's more than I can work out right now. Ask me about what's around us?"),
            (Any, "Hm. I have no answer to that, only the wish for one."),
            (Any, "I'd have to guess, and I'd rather not. What do you think?"),
            (Any, "That's a deep one. My thoughts are slow today; maybe another time."),
            (Any, "I'm not able to think that through just now. Tell me how you see it?"),
            (Any, "I know this place, and what you tell me. Beyond that, I'm lost for the moment."),
            (Shy, "I… don't know. Sorry. I'll think about it."),
            (Shy, "That's too large a question for me today."),
            (Bold, "You've got me there! No idea. Try me on something else."),
            (Playful, "I asked all three of my thoughts, and none of them knew."),
            (Playful, "The answer just left through the back door. Ask me another?"),
            (Close, "For you I'd love to know. But I don't, not today."),
            (Cool, "I don't know."),
        ],
    ),
    (
        Listen,
        &[
            (Any, "I see. Go on, I'm listening."),
            (Any, "Tell me more about that."),
            (Any, "Mm. And how is that for you?"),
            (Any, "I can't say much to that just now, but I like hearing it."),
            (Any, "I follow you, I think. What then?"),
            (Any, "That's worth a thought. I think slowly today, but I'm with you."),
            (Any, "Is that so? I'd like to hear the rest."),
            (Any, "I'll let that sink in."),
            (Shy, "Mm. I'm listening."),
            (Bold, "Really? Go on!"),
            (Playful, "I nod wisely, and hope that it shows."),
            (Close, "You can tell me anything, {person}."),
            (Cool, "I see."),
        ],
    ),
    (
        ListenGood,
        &[
            (Any, "That sounds good."),
            (Any, "I like the sound of that. Tell me more?"),
            (Any, "How nice. Such things are worth telling."),
            (Any, "Good. I can almost see it."),
            (Bold, "Wonderful! And then?"),
            (Shy, "That's lovely."),
            (Playful, "I approve of this in every way."),
            (Cool, "Good for you."),
        ],
    ),
    (
        ListenBad,
        &[
            (Any, "That doesn't sound good. What happened?"),
            (Any, "Oh dear. I'm listening."),
            (Any, "I see why that would weigh on you."),
            (Any, "Hm. I wish that it were otherwise."),
            (Close, "I'm on your side, whatever it is."),
            (Cool, "I see."),
        ],
    ),
    (
        Later,
        &[
            (Any, "I will think about it."),
            (Any, "I'll think about it, and tell you when I know more."),
        ],
    ),
    (
        Thought,
        &[(Any, "I've thought about what you asked."), (Any, "About what you asked me before:")],
    ),
];
