//! Ids. Each kind is a type of its own, so that one cannot be passed for another.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub struct $name(pub u32);
    };
}

id!(
    /// A visitor of this server, the same in every world while the session lasts.
    PersonId
);
id!(
    /// An object of a world document; given once, and never to another object of that world.
    ObjectId
);
