//! Stories that visitors of a world would tell.
