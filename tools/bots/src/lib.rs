//! Walks many real protocol clients through a world and measures what they see.
