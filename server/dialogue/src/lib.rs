//! Companions' minds: who they are, what they remember and feel, and where their words come from.
//!
//! `persona` is what one is; `memory`, `bond` and `patterns` are how it thinks by itself;
//! `provider` and `gateway` ask language models for words; `budget` says whether they may, and
//! `cache` spares them what was answered before. Nothing here knows worlds: what a companion
//! perceives comes as data, and what it wants leaves as data.

pub mod actions;
pub mod bond;
pub mod budget;
pub mod cache;
pub mod feeling;
pub mod gateway;
pub mod hearing;
pub mod manner;
pub mod memory;
pub mod patterns;
pub mod persona;
pub mod prompt;
pub mod provider;
pub mod queue;
pub mod redis;
pub mod safety;
pub mod service;
pub mod target;
pub mod turn;
