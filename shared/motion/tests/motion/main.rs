//! How avatars move, told as visitors' stories, and the golden recordings that the browser replays.

mod course;
mod edits;
mod golden;
mod hostile;
mod stories;
mod walker;
