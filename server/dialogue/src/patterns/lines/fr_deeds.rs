//! What companions say in French when something is asked of them, and their riddles and jokes.

use super::{
    Key::{self, *},
    Tone::{self, Any, Bold, Playful, Shy},
};

pub(super) const LINES: &[(Key, &[(Tone, &str)])] = &[
    (
        Joke,
        &[
            (Any, "{joke}"),
            (Any, "En voilà une. {joke}"),
            (Playful, "C'est toi qui l'as voulu. {joke}"),
        ],
    ),
    (
        JokeNot,
        &[
            (Any, "Les blagues, ce n'est pas mon fort. Demande-moi autre chose ?"),
            (Any, "Je la gâcherais. Je laisse les blagues à qui sait les raconter."),
        ],
    ),
    (
        Riddle,
        &[
            (Any, "{riddle}"),
            (Any, "Écoute bien. {riddle}"),
            (Playful, "Interdit de tricher. {riddle}"),
        ],
    ),
    (
        RiddleAgain,
        &[(Any, "Tu me dois encore une réponse : {riddle}"), (Any, "Une à la fois ! {riddle}")],
    ),
    (
        RiddleRight,
        &[
            (Any, "Oui ! C'est ça. Bien trouvé, {person}."),
            (Any, "Exact ! Tu vas vite."),
            (Playful, "Oui ! Il me faut des devinettes plus difficiles."),
        ],
    ),
    (
        RiddleWrong,
        &[
            (Any, "Non, pas ça. Essaie encore, ou donne ta langue au chat."),
            (Any, "Bien tenté, mais non. Encore un essai ?"),
            (Any, "Pas tout à fait. Pense de travers."),
        ],
    ),
    (
        RiddleTold,
        &[
            (Any, "C'était : {answer}."),
            (Any, "La réponse : {answer}. La prochaine fois, tu l'auras."),
        ],
    ),
    (Story, &[(Any, "{story}"), (Any, "Pose-toi un instant. {story}")]),
    (
        StoryNone,
        &[
            (
                Any,
                "Je n'ai pas d'histoire sous la main. Mais j'en écouterais bien une des tiennes.",
            ),
            (
                Any,
                "Mes histoires sont courtes : un jour j'étais là, et tu m'as adressé la parole. C'est ma préférée.",
            ),
        ],
    ),
    (
        Follow,
        &[
            (Any, "Je te suis."),
            (Any, "Montre le chemin, {person}."),
            (Any, "D'accord, je viens avec toi."),
            (Shy, "Si tu ne marches pas trop vite… d'accord."),
            (Bold, "Oui ! On va où ?"),
            (Playful, "Je serai ton ombre, en mieux."),
        ],
    ),
    (
        FollowRefused,
        &[(Any, "J'aime mieux rester ici pour l'instant."), (Any, "Pas avec toi, pas encore.")],
    ),
    (
        Favour,
        &[
            (Any, "Je n'ai pas envie de te rendre service, là."),
            (Any, "Non. Parle-moi gentiment d'abord."),
        ],
    ),
    (
        Stay,
        &[
            (Any, "Je reste ici."),
            (Any, "D'accord, je m'arrête."),
            (Any, "Plus un pas."),
            (Playful, "Me voilà statue. Une statue qui parle."),
        ],
    ),
    (
        Come,
        &[
            (Any, "J'arrive."),
            (Any, "Je viens vers toi, {person}."),
            (Shy, "D'accord… j'arrive."),
            (Bold, "J'arrive tout de suite !"),
        ],
    ),
    (Go, &[(Any, "J'y vais : {thing}."), (Any, "D'accord, direction {thing}.")]),
    (Look, &[(Any, "Je regarde {thing}."), (Any, "Oui, je vois {thing}.")]),
    (
        Gesture,
        &[
            (Any, "Comme ça ?"),
            (Any, "D'accord !"),
            (Any, "Et voilà."),
            (Shy, "Si personne d'autre ne regarde…"),
            (Bold, "Avec plaisir !"),
            (Playful, "Regarde et apprends."),
        ],
    ),
    (
        Bring,
        &[
            (Any, "J'apporte {thing}."),
            (Any, "{thing} ? Je vais chercher ça."),
            (Any, "Attends ici, je vais chercher {thing}."),
            (Bold, "{thing} ? C'est comme si c'était fait !"),
        ],
    ),
    (PickUp, &[(Any, "Je ramasse {thing}."), (Any, "D'accord, je prends {thing}.")]),
    (PutDown, &[(Any, "Je le pose."), (Any, "Voilà, par terre."), (Any, "D'accord, je lâche ça.")]),
    (
        Throw,
        &[
            (Any, "Attention, ça arrive !"),
            (Any, "Tu es en place ? Je lance."),
            (Playful, "Attrape ! Ou baisse-toi, comme tu veux."),
        ],
    ),
    (
        Several,
        &[(Any, "D'accord, une chose après l'autre."), (Any, "Je fais ça, étape par étape.")],
    ),
    (
        NotSeen,
        &[
            (Any, "Je ne vois rien qui s'appelle « {thing} » ici."),
            (Any, "« {thing} » ? Je ne vois pas ça d'ici."),
            (Any, "J'ai regardé, mais je ne vois pas de « {thing} »."),
        ],
    ),
    (Which, &[(Any, "Lequel ou laquelle : {list} ?"), (Any, "Tu veux dire {list} ?")]),
    (
        NotPortable,
        &[
            (Any, "Je n'arrive pas à soulever {thing}."),
            (Any, "{thing} reste à sa place, j'en ai peur."),
            (Playful, "{thing} ? Je n'ai de force que dans l'esprit."),
        ],
    ),
    (
        EmptyHanded,
        &[
            (Any, "J'ai les mains vides ; je n'ai rien pour faire ça."),
            (Any, "Je ne tiens rien, là."),
        ],
    ),
    (
        NoPerson,
        &[
            (Any, "Je ne peux faire ça que pour une personne, et {thing} n'en est pas une."),
            (Any, "{thing} n'est pas une personne, alors je ne peux pas."),
        ],
    ),
    (
        Leave,
        &[
            (Any, "D'accord. Je te laisse en paix."),
            (Any, "Comme tu veux. Tu me trouveras ici si tu me cherches."),
        ],
    ),
    (
        ItUnknown,
        &[
            (Any, "Qu'est-ce que tu veux dire ? Dis-moi son nom."),
            (Any, "De quoi parles-tu ? Dis-moi comment ça s'appelle."),
        ],
    ),
];

pub(super) const RIDDLES: &[(&str, &str)] = &[
    ("Qu'est-ce qui a un lit, mais ne dort jamais, et court sans avoir de jambes ?", "une rivière"),
    ("Plus on en fait, plus on en laisse derrière soi. Qu'est-ce que c'est ?", "des pas"),
    ("Qu'est-ce qui monte quand la pluie descend ?", "un parapluie"),
    ("J'ai beaucoup de dents, mais je ne mords pas. Qui suis-je ?", "un peigne"),
    ("Je parle sans bouche, et seulement après toi. Qui suis-je ?", "un écho"),
    ("Plus elle sèche, plus elle est mouillée. Qu'est-ce que c'est ?", "une serviette"),
    ("Il est à toi, mais les autres s'en servent plus que toi. Qu'est-ce que c'est ?", "ton nom"),
    ("Elle te suit le jour et te quitte la nuit. Qu'est-ce que c'est ?", "ton ombre"),
];

pub(super) const JOKES: &[&str] = &[
    "Pourquoi l'arbre se couche-t-il si tôt ? Il est resté debout toute la journée.",
    "J'ai demandé à l'étang à quoi il pensait. Il a répondu : à rien de profond.",
    "Un banc arrive sur une place. Tout le monde s'assied.",
    "Que dit une pierre à une autre pierre ? On bouge ? Rien ne presse.",
    "Je te raconterais bien celle de l'écho, mais tu l'entendrais deux fois.",
    "Quel est le comble pour un jardinier ? Raconter des salades.",
];
