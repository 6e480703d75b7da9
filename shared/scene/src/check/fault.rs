//! Where a field is, and what is wrong with it.

use std::fmt;

use crate::load::DocumentError;

/// What every check gives.
pub(crate) type Checked = Result<(), DocumentError>;

/// The way from the document to a field, kept as links on the stack so that it costs nothing until
/// there is a fault to tell.
#[derive(Clone, Copy)]
pub(crate) enum At<'a> {
    /// The whole document.
    Whole,
    /// A named field or entry.
    Field(&'a At<'a>, &'a str),
    /// An entry of a list.
    Entry(&'a At<'a>, usize),
}

impl At<'_> {
    /// A field of this.
    pub fn field<'a>(&'a self, name: &'a str) -> At<'a> {
        At::Field(self, name)
    }

    /// An entry of this list.
    pub fn entry(&self, index: usize) -> At<'_> {
        At::Entry(self, index)
    }

    /// A fault here.
    pub fn fault(&self, reason: impl fmt::Display) -> Checked {
        Err(DocumentError { path: self.to_string(), reason: reason.to_string() })
    }

    /// A fault here unless `holds`.
    pub fn require(&self, holds: bool, reason: impl fmt::Display) -> Checked {
        if holds { Ok(()) } else { self.fault(reason) }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("."),
            Self::Field(Self::Whole, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Entry(Self::Whole, index) => write!(f, "[{index}]"),
            Self::Entry(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}
