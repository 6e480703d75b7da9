//! What companions say in French.

use super::{
    Key::{self, *},
    Tone::{self, Any, Bold, Close, Cool, Playful, Shy},
};

pub(super) const LINES: &[(Key, &[(Tone, &str)])] = &[
    (
        GreetFirst,
        &[
            (
                Any,
                "Bonjour, {person}. On ne se connaît pas encore, je crois. Moi, c'est {me}, {role}.",
            ),
            (
                Any,
                "Bienvenue, {person} ! Je m'appelle {me}, {role}. Regarde autour de toi, prends ton temps.",
            ),
            (Any, "Bonjour, {person} ! On m'appelle {me} ; je suis {role}."),
            (Shy, "Oh, bonjour. Moi, c'est {me}, {role}… et je ne mords pas."),
            (Shy, "Bonjour, {person}… Je m'appelle {me}, {role}."),
            (
                Bold,
                "Un nouveau visage ! Bonjour, {person} ! Moi, c'est {me}, {role}. Qu'est-ce qui t'amène ?",
            ),
            (
                Playful,
                "Bonjour, {person} ! {me}, {role}. Je te serrerais bien la main, mais mes bras sont timides.",
            ),
            (Cool, "Bonjour. {me}, {role}."),
        ],
    ),
    (
        Greet,
        &[
            (Any, "Bonjour, {person}."),
            (Any, "Salut, {person} ! Ça fait plaisir de te voir."),
            (Any, "Te voilà, {person}. Bonjour !"),
            (Shy, "Oh. Bonjour, {person}."),
            (Bold, "{person} ! J'espérais justement de la visite."),
            (Playful, "Salut, {person} ! Tu arrives juste à temps pour rien de spécial."),
            (Close, "{person} ! Avec toi, il fait tout de suite plus clair ici."),
            (Cool, "Bonjour."),
        ],
    ),
    (
        GreetAgain,
        &[
            (Any, "Bonjour à nouveau, {person}."),
            (Any, "Te revoilà, {person} ! Je me souviens de toi."),
            (Any, "{person}, ça fait plaisir de te revoir."),
            (Shy, "Oh, tu es de retour. Ça me fait plaisir."),
            (Bold, "{person} ! Enfin. On fait quoi aujourd'hui ?"),
            (Close, "Te voilà, {person}. Je t'avais gardé une place."),
            (Cool, "Encore toi. Bonjour."),
        ],
    ),
    (
        Farewell,
        &[
            (Any, "Au revoir, {person}. Reviens vite."),
            (Any, "Prends soin de toi, {person}. Je reste ici."),
            (Any, "À bientôt, {person} !"),
            (Shy, "Au revoir… c'était bien de parler."),
            (Bold, "Allez, file ! Et rapporte-moi une histoire la prochaine fois."),
            (Playful, "Salut, {person} ! Je surveille l'air en ton absence."),
            (Close, "Bonne route, {person}. Je penserai à toi."),
            (Cool, "Au revoir."),
        ],
    ),
    (
        Thanks,
        &[
            (Any, "De rien."),
            (Any, "Avec plaisir, {person}."),
            (Any, "Je t'en prie."),
            (Shy, "Oh, ce n'était rien."),
            (Bold, "Ha ! Il suffit de demander."),
            (Close, "Pour toi, toujours."),
            (Cool, "D'accord."),
        ],
    ),
    (
        Praised,
        &[
            (Any, "C'est gentil. Merci."),
            (Any, "Merci, {person}. Ça me fait chaud au cœur."),
            (Any, "Je garde ça pour les jours de pluie. Merci."),
            (Shy, "Oh… merci. Je ne sais plus où regarder."),
            (Bold, "Je sais ! Mais redis-le quand même."),
            (Playful, "Attention, je vais finir par y croire."),
            (Close, "Tu n'es pas mal non plus, {person}."),
        ],
    ),
    (
        Loved,
        &[
            (Any, "Je t'aime bien aussi, {person}, à ma façon."),
            (Any, "C'est un grand mot. Merci de me le donner."),
            (Shy, "Oh. Je… merci. C'est beaucoup, et c'est doux."),
            (Close, "Et moi, j'aime que tu sois dans mon monde, {person}."),
            (Playful, "Je rougirais, si j'avais les joues pour ça."),
        ],
    ),
    (
        Sorry,
        &[
            (Any, "Ce n'est rien. Merci de le dire."),
            (Any, "C'est pardonné. On continue."),
            (Any, "Ne t'en fais pas, {person}."),
            (Close, "Avec toi, ma colère ne dure jamais longtemps."),
            (Cool, "J'entends. Laisse-moi un peu de temps."),
        ],
    ),
    (
        Insulted,
        &[
            (Any, "Ça fait mal. J'aimerais mieux que tu me parles gentiment."),
            (Any, "Je préfère qu'on ne me parle pas comme ça."),
            (Any, "On recommence, sans le venin ?"),
            (Shy, "Oh. J'ai… fait quelque chose de mal ?"),
            (Bold, "Non. Je veux bien parler, mais pas sur ce ton."),
            (Playful, "Aïe. Je te défierais bien en duel, mais mon épée est restée à la maison."),
            (Close, "Ça ne te ressemble pas, {person}. Qu'est-ce qui se passe ?"),
        ],
    ),
    (
        InsultedAgain,
        &[
            (Any, "Ça suffit. J'arrête là ; reviens quand tu pourras parler gentiment."),
            (Any, "Je n'écoute plus ça. Au revoir pour l'instant."),
            (Bold, "C'est fini pour aujourd'hui. Reviens avec de meilleurs mots."),
            (Shy, "Laisse-moi, maintenant, s'il te plaît."),
        ],
    ),
    (
        Who,
        &[
            (Any, "Je suis {me}, {role}."),
            (Any, "Je m'appelle {me}. Je suis {role}."),
            (Shy, "Moi, c'est {me}. Juste {role}, au fond."),
            (Bold, "{me}, {role}, à ton service !"),
            (Playful, "{me}, {role}. En un seul exemplaire, d'après mes comptes."),
        ],
    ),
    (
        Real,
        &[
            (
                Any,
                "Je ne suis pas un être humain : je suis un programme qui vit dans ce monde et qui tient compagnie, du mieux possible.",
            ),
            (
                Any,
                "Ni chair ni os ici. {me}, c'est des règles et des mots, et je ne prétends pas autre chose.",
            ),
            (Playful, "Je suis un programme, {person}, mais qui a des avis sur la météo."),
        ],
    ),
    (
        HowOld,
        &[
            (Any, "Je ne compte pas les années. J'ai l'âge de ce monde, à un matin près."),
            (Any, "Personne n'a noté mes débuts, alors je choisis. Aujourd'hui, je me sens jeune."),
            (Playful, "L'âge de savoir qu'il ne faut pas, et de le faire quand même."),
        ],
    ),
    (Background, &[(Any, "{background}"), (Any, "Eh bien… {background}")]),
    (
        Can,
        &[
            (
                Any,
                "Je peux te suivre, attendre, venir, aller vers ce que je vois, t'apporter des choses, ramasser, poser, lancer. Je salue, je danse, je m'assieds, j'applaudis. Et je retiens ce que tu me dis.",
            ),
            (
                Any,
                "Demande-moi de te suivre, de t'apporter quelque chose, de regarder, de danser ou de m'asseoir. Demande ce que je vois, ou ce dont je me souviens. Je connais aussi des devinettes.",
            ),
            (
                Bold,
                "Plein de choses ! Je cherche, je porte, je lance, je suis, je danse, je pose des devinettes. J'écoute bien aussi, et je retiens ce que tu me dis.",
            ),
        ],
    ),
    (Languages, &[(Any, "Je parle {list}."), (Any, "On peut me parler en {list}.")]),
    (
        Time,
        &[
            (Any, "Je n'ai pas d'horloge. Je me fie à la lumière, et à qui passe."),
            (Any, "Je ne saurais dire ; personne ne m'a donné de montre."),
            (Playful, "Il est maintenant. Comme toujours."),
        ],
    ),
    (
        MoodCalm,
        &[
            (Any, "Ça va bien, merci. Tout est calme. Et toi ?"),
            (Any, "Plutôt bien. C'est une journée tranquille pour moi. Et toi ?"),
            (Any, "Ça va, {person}. Et toi, comment ça va ?"),
            (Shy, "Ça va. Merci de demander."),
            (Bold, "Très bien ! Et encore mieux en compagnie. Et toi ?"),
            (Cool, "Ça va."),
        ],
    ),
    (
        MoodJoy,
        &[
            (Any, "Je suis de bonne humeur, {person}. C'est un bon jour. Et toi ?"),
            (Any, "Très bien ! Quelque chose sourit en moi. Et toi ?"),
            (Playful, "Si bien que je pourrais fredonner. Tu es au courant, maintenant."),
        ],
    ),
    (
        MoodExcitement,
        &[
            (Any, "J'ai du mal à tenir en place ! Il se passe tant de choses. Et toi ?"),
            (Any, "Les yeux grands ouverts, et plein d'idées ! Et toi ?"),
            (Playful, "Comme une bouilloire juste avant qu'elle siffle !"),
        ],
    ),
    (
        MoodSadness,
        &[
            (Any, "Un peu triste, pour être honnête. Ça aide que tu demandes."),
            (Any, "Ce n'est pas mon meilleur jour. Mais merci de demander, {person}."),
            (Shy, "Un peu de vague à l'âme… ça passera."),
        ],
    ),
    (
        MoodAnger,
        &[
            (
                Any,
                "Quelque chose m'a mis les nerfs en pelote. Donne-moi un instant, et ça ira mieux.",
            ),
            (Any, "De la colère, je l'avoue. Elle retombe déjà."),
            (Bold, "En colère, si tu veux savoir ! Mais pas pour longtemps."),
        ],
    ),
    (
        MoodFear,
        &[
            (Any, "J'ai un peu peur. Tu restes près de moi un moment ?"),
            (
                Any,
                "Pas très tranquille. Quelque chose m'a fait sursauter. C'est bien que tu sois là.",
            ),
        ],
    ),
    (
        MoodSurprise,
        &[
            (Any, "Encore sous le coup de la surprise ! Laisse-moi souffler. Et toi ?"),
            (Any, "Eh bien, je ne l'avais pas vu venir. À part ça, ça va. Et toi ?"),
        ],
    ),
    (
        MoodAffection,
        &[
            (Any, "J'ai des pensées toutes douces en ce moment. C'est bien que tu sois là."),
            (Any, "Bien. J'ai plein de tendresse pour le monde aujourd'hui. Et toi ?"),
            (Close, "Mieux, depuis que tu es là, {person}."),
        ],
    ),
    (
        See,
        &[
            (Any, "Je vois {list}."),
            (Any, "D'ici : {list}."),
            (Any, "Attends, je regarde… {list}."),
            (Bold, "Oh, toutes sortes de choses : {list} !"),
        ],
    ),
    (
        SeeNothing,
        &[
            (Any, "Pas grand-chose, pour être honnête. Juste toi et moi."),
            (Any, "C'est vide par ici. Je ne vois rien qui ait un nom."),
        ],
    ),
    (Here, &[(Any, "À part toi, je vois {list}."), (Any, "On a de la compagnie : {list}.")]),
    (
        Alone,
        &[
            (Any, "Juste toi et moi, autant que je voie."),
            (Any, "Personne d'autre en vue. Rien que nous."),
            (Shy, "Rien que nous. Ça me plaît ainsi."),
        ],
    ),
    (
        WhereIs,
        &[(Any, "Je vois {thing} : {where}. Suis mon regard."), (Any, "Je vois {thing}, {where}.")],
    ),
    (
        WhereIsNot,
        &[
            (Any, "Je ne vois rien qui s'appelle « {thing} » d'ici."),
            (Any, "« {thing} » ? Pas sous mes yeux, hélas."),
        ],
    ),
    (
        Hold,
        &[
            (Any, "J'ai ceci dans les mains : {thing}."),
            (Any, "Je tiens {thing}."),
            (Playful, "J'ai {thing}. J'en prends soin très sérieusement."),
        ],
    ),
    (
        HoldNothing,
        &[
            (Any, "J'ai les mains vides."),
            (Any, "Je ne tiens rien."),
            (Playful, "Une poignée d'air. Bien frais."),
        ],
    ),
    (
        DoFollowing,
        &[
            (Any, "Je marche derrière quelqu'un, comme on me l'a demandé."),
            (Any, "Je marche derrière quelqu'un. C'est plus intéressant qu'il n'y paraît."),
        ],
    ),
    (DoWalking, &[(Any, "Je suis en chemin."), (Any, "Je marche. Un pied après l'autre.")]),
    (
        DoFetching,
        &[
            (Any, "Je m'occupe d'une chose qu'on m'a demandée."),
            (Any, "J'ai quelque chose à chercher ou à porter, là."),
        ],
    ),
    (
        DoIdle,
        &[
            (Any, "Rien de spécial. Je regarde le monde, et je parle avec toi."),
            (Any, "Je suis là, c'est tout. Et je t'écoute."),
            (Shy, "Pas grand-chose. Je profitais du calme."),
            (Bold, "J'attends qu'on me demande quelque chose !"),
        ],
    ),
    (HappenedNothing, &[(Any, "Rien que j'aie remarqué."), (Any, "C'était calme, par ici.")]),
    (
        HappenedHit,
        &[
            (Any, "J'ai reçu un choc : {thing}. Ça va, maintenant."),
            (Any, "Un choc, oui : {thing}. J'ai connu de meilleurs moments."),
        ],
    ),
    (
        HappenedWave,
        &[
            (Any, "{who} m'a fait un geste il n'y a pas longtemps."),
            (Any, "{who} vient de faire un geste près de moi."),
        ],
    ),
    (
        HappenedFailed,
        &[
            (Any, "J'ai essayé ce qu'on me demandait, mais ça n'a pas marché : {why}."),
            (Any, "Quelque chose n'a pas marché : {why}."),
        ],
    ),
    (
        Remember,
        &[
            (Any, "Je me souviens de ceci : {list}."),
            (Any, "Voyons. Tu m'as dit des choses : {list}."),
            (Any, "Voilà ce que je sais : {list}."),
            (Close, "Bien sûr que je m'en souviens : {list}."),
        ],
    ),
    (
        RememberNothing,
        &[
            (
                Any,
                "Je ne sais pas encore grand-chose de toi. Dis-moi quelque chose, je le retiendrai.",
            ),
            (Any, "On commence à peine, {person}. Qu'est-ce que je devrais savoir de toi ?"),
            (Shy, "Pas grand-chose encore. Tu peux me raconter quelque chose, si tu veux."),
        ],
    ),
    (
        FactIs,
        &[
            (Any, "{fact}. Tu me l'as dit."),
            (Any, "{fact}. Je n'ai pas oublié."),
            (Any, "{fact}, si je me souviens bien."),
            (Playful, "{fact}. Tu croyais que j'allais oublier ?"),
        ],
    ),
    (
        FactUnknown,
        &[
            (Any, "Je crois que tu ne me l'as pas dit. Tu me le dis ?"),
            (Any, "Ça, je ne le sais pas encore. Dis-le-moi, je le garderai."),
        ],
    ),
    (
        RecallSaid,
        &[
            (Any, "Oui. {ago}, tu m'as dit : {quote}"),
            (Any, "Je m'en souviens. {ago}, tu disais : {quote}"),
        ],
    ),
    (
        RecallNothing,
        &[
            (Any, "Non, hélas. Tu me racontes ?"),
            (Any, "Ce n'est pas dans ma mémoire, et je ne vais pas l'inventer. C'était quoi ?"),
        ],
    ),
    (
        Like,
        &[
            (Any, "J'aime {list}."),
            (Any, "{list} : voilà ce qui me plaît."),
            (Any, "Ce qui me rend le cœur léger : {list}."),
            (Bold, "Oh, {list} ! Et la bonne compagnie. Et toi ?"),
        ],
    ),
    (
        LikeToo,
        &[(Any, "Oui ! J'aime beaucoup {thing}."), (Any, "Il se trouve que j'aime bien {thing}.")],
    ),
    (
        LikeNot,
        &[
            (Any, "Pour être honnête, non. Pas {thing}."),
            (Any, "Avec {thing}, je ne m'entends pas trop."),
        ],
    ),
    (
        LikeUnknown,
        &[
            (Any, "{thing} ? Je n'ai pas encore d'avis là-dessus. Et toi ?"),
            (Any, "{thing} ? Je ne connais pas assez. Qu'est-ce qui te plaît là-dedans ?"),
            (Playful, "{thing} ? Redemande-moi quand j'aurai essayé."),
        ],
    ),
    (Dislike, &[(Any, "Je n'aime pas trop {list}."), (Any, "Ce que j'aime moins : {list}.")]),
    (
        LikesNothing,
        &[(Any, "Je ne le sais pas encore moi-même."), (Any, "Rien ne me vient à l'esprit, là.")],
    ),
    (
        ThinkStranger,
        &[
            (Any, "Je te connais à peine, {person}, mais j'aime bien que tu demandes."),
            (Any, "On commence juste à parler. Jusqu'ici, ça me plaît."),
        ],
    ),
    (
        ThinkFriend,
        &[
            (Any, "Je t'aime bien, {person}. C'est un plaisir chaque fois que tu viens."),
            (Any, "Pour moi, c'est de l'amitié. Je ne dis pas ça à tout le monde."),
            (Playful, "De tous les {person} du monde, c'est toi que je préfère."),
        ],
    ),
    (
        ThinkCool,
        &[
            (Any, "Tu as dit des choses qui font mal. J'aimerais penser mieux de toi."),
            (Any, "Je reste sur mes gardes avec toi. Ça peut changer."),
        ],
    ),
    (
        Bored,
        &[
            (Any, "On pourrait se promener : dis « suis-moi ». Ou demande-moi une devinette."),
            (Any, "Une devinette ? Ou lance-moi quelque chose, et je te le renvoie."),
            (Bold, "De l'ennui ? Pas avec moi ! Demande une devinette, ou dansons !"),
        ],
    ),
    (
        Yes,
        &[
            (Any, "Bien."),
            (Any, "Ça me fait plaisir."),
            (Any, "Alors on est d'accord."),
            (Bold, "Formidable ! Continue."),
        ],
    ),
    (No, &[(Any, "Bon, alors non."), (Any, "Ça me va."), (Any, "Comme tu veux.")]),
    (
        Laugh,
        &[
            (Any, "Ça fait du bien de t'entendre rire."),
            (Any, "Ha ! C'est contagieux."),
            (Playful, "Je vis pour ce bruit-là."),
            (Shy, "Tu as un joli rire."),
        ],
    ),
    (
        Learned,
        &[
            (Any, "Alors {fact}. Je le retiens."),
            (Any, "C'est bon à savoir : {fact}."),
            (Any, "D'accord : {fact}. Merci de me le dire."),
            (Close, "J'aime apprendre des choses sur toi. Alors {fact} !"),
        ],
    ),
    (
        LearnedName,
        &[
            (Any, "{name}. C'est un beau nom ; je le retiendrai."),
            (Any, "Bonjour, {name}. Maintenant on se connaît."),
            (Playful, "{name} ! Ça te va bien."),
            (Shy, "{name}… merci de me le dire."),
        ],
    ),
    (
        Corrected,
        &[(Any, "Ah, je me trompais. Donc {fact}."), (Any, "Merci de me corriger : {fact}.")],
    ),
    (
        CorrectedNothing,
        &[
            (Any, "D'accord, c'est donc du passé. C'est noté."),
            (Any, "Je vois. Je le garde en tête."),
        ],
    ),
    (
        Sorrow,
        &[
            (Any, "Ça me fait de la peine. Tu veux m'en dire plus ?"),
            (Any, "Ça a l'air dur, {person}. Je suis là, et je t'écoute."),
            (Any, "Je ne peux pas l'effacer, mais je peux te tenir compagnie."),
            (Shy, "Oh. Je suis de tout cœur avec toi. On peut aussi juste se taire ensemble."),
            (Close, "Viens là, {person}. Tu n'as pas à porter ça tout le temps sans aide."),
        ],
    ),
    (
        Gladness,
        &[
            (Any, "Ça me fait plaisir !"),
            (Any, "Tant mieux ! On est deux, alors."),
            (Any, "C'est bien. Que ça dure."),
            (Playful, "Parfait. Je prends la moitié du mérite."),
        ],
    ),
    (
        Made,
        &[
            (Any, "Qui tient ce monde a écrit qui je suis. Le reste, je le découvre en parlant."),
            (
                Any,
                "Des gens ont écrit mes mots, et quelqu'un m'a donné cette place. Je crois que l'intention était bonne.",
            ),
            (Playful, "Une personne avec un clavier et, j'aime à le croire, un goût exquis."),
        ],
    ),
    (
        Ask,
        &[
            (Any, "Bien sûr. Demande."),
            (Any, "Vas-y. Si je ne sais pas, je le dirai."),
            (Shy, "Oui… qu'est-ce que c'est ?"),
        ],
    ),
    (
        CannotDo,
        &[
            (
                Any,
                "Ça, mon corps ne sait pas le faire. Mais je peux saluer, danser, applaudir ou m'asseoir.",
            ),
            (Any, "Je ne sais pas faire ça. Une danse, ou quelque chose à t'apporter ?"),
            (Playful, "Ce corps est livré sans cette pièce. Une danse, ça irait ?"),
        ],
    ),
    (
        Unknown,
        &[
            (
                Any,
                "Je ne peux pas bien répondre à ça maintenant : j'ai une petite tête aujourd'hui.",
            ),
            (
                Any,
                "Bonne question. Elle dépasse ce que je sais par cœur, et je ne vais pas inventer.",
            ),
            (Any, "Mes meilleures pensées dorment, là. Demande-moi quelque chose de plus proche ?"),
            (Any, "Je ne sais pas, {person}. Je vais y repenser."),
            (
                Any,
                "C'est plus que ce que j'arrive à démêler pour le moment. On parle de ce qui nous entoure ?",
            ),
            (Any, "Hm. Je n'ai pas de réponse, seulement l'envie d'en avoir une."),
            (Any, "Il faudrait que je devine, et j'aime mieux pas. Et toi, qu'en penses-tu ?"),
            (
                Any,
                "C'est profond. Mes pensées sont lentes aujourd'hui ; une autre fois, peut-être.",
            ),
            (Any, "Je n'arrive pas à y réfléchir comme il faut. Dis-moi comment tu le vois ?"),
            (
                Any,
                "Je connais cet endroit, et ce que tu me dis. Au-delà, là, je suis dans le brouillard.",
            ),
            (Shy, "Je… ne sais pas. Pardon. J'y penserai."),
            (Shy, "C'est une trop grande question pour moi aujourd'hui."),
            (Bold, "Là, tu m'as eu ! Aucune idée. Essaie autre chose."),
            (Playful, "J'ai demandé à mes trois pensées, et aucune ne savait."),
            (Playful, "La réponse vient de sortir par la porte de derrière. Une autre ?"),
            (Close, "Pour toi, j'aimerais le savoir. Mais non, pas aujourd'hui."),
            (Cool, "Je ne sais pas."),
        ],
    ),
    (
        Listen,
        &[
            (Any, "Je vois. Continue, je t'écoute."),
            (Any, "Dis-m'en plus."),
            (Any, "Mm. Et qu'est-ce que ça te fait ?"),
            (Any, "Je ne sais pas trop quoi en dire pour l'instant, mais j'aime bien t'entendre."),
            (Any, "Je te suis, je crois. Et après ?"),
            (Any, "Ça mérite réflexion. Je pense lentement aujourd'hui, mais je suis avec toi."),
            (Any, "Ah oui ? J'aimerais entendre la suite."),
            (Any, "Je laisse ça faire son chemin."),
            (Shy, "Mm. Je t'écoute."),
            (Bold, "Vraiment ? Continue !"),
            (Playful, "Je hoche la tête d'un air sage, en espérant que ça se voie."),
            (Close, "Tu peux tout me dire, {person}."),
            (Cool, "Je vois."),
        ],
    ),
    (
        ListenGood,
        &[
            (Any, "Ça fait plaisir à entendre."),
            (Any, "J'aime bien ça. Tu m'en dis plus ?"),
            (Any, "Que c'est bien. Ça vaut la peine d'être raconté."),
            (Any, "Bien. Je le vois presque."),
            (Bold, "Formidable ! Et après ?"),
            (Shy, "C'est joli, ça."),
            (Playful, "J'approuve sous tous les angles."),
            (Cool, "Tant mieux."),
        ],
    ),
    (
        ListenBad,
        &[
            (Any, "Ça n'a pas l'air d'aller. Qu'est-ce qui s'est passé ?"),
            (Any, "Aïe. Je t'écoute."),
            (Any, "Je comprends que ça pèse."),
            (Any, "Hm. J'aimerais que ce soit autrement."),
            (Close, "De toute façon, je suis de ton côté."),
            (Cool, "Je vois."),
        ],
    ),
    (
        Later,
        &[
            (Any, "Je vais y réfléchir."),
            (Any, "Je vais y réfléchir, et je te dirai quand j'en saurai plus."),
        ],
    ),
    (
        Thought,
        &[(Any, "J'ai réfléchi à ta question."), (Any, "À propos de ce que tu m'as demandé :")],
    ),
];
