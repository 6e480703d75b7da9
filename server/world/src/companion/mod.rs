//! Companions: those who are moved by programs, with the body of an avatar.

#[cfg_attr(not(test), expect(dead_code, reason = "nobody walks yet"))]
pub(crate) mod nav;
