//! Writes the TypeScript side of the wire and of world documents from the Rust types, and the
//! golden frames that keep both ends in step.
//!
//! Owns nothing that runs: only text and test data, all committed. A test fails when what is
//! committed differs from what the Rust types give now; `cargo run -p vivarium-protocol-gen`
//! writes it anew.

pub mod bad;
mod beliefs;
mod constants;
pub mod dice;
mod document;
mod edits;
mod emit;
mod enums;
mod facets;
pub mod golden;
pub mod json;
pub mod model;
mod names;
pub mod packets;
mod source;
pub mod streams;
mod wire_types;

use std::path::{Path, PathBuf};

/// How to bring generated files up to date; shown in their heads and by the failing test.
pub const REGENERATE: &str = "cargo run -p vivarium-protocol-gen";

/// One generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Where it goes, relative to the root of the repository, with `/`.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Output {
    fn text(path: &str, text: String) -> Self {
        Self { path: path.to_owned(), bytes: text.into_bytes() }
    }
}

/// Types and codec of the wire, as the text of `client-web/src/protocol/generated.ts`.
pub fn typescript() -> String {
    emit::module(&wire_types::registry(), &source::protocol())
}

/// Types of world documents, as the text of `client-web/src/protocol/document.ts`.
pub fn document_typescript() -> String {
    document::module(&source::document())
}

/// Types of operations, as the text of `client-web/src/protocol/operation.ts`.
pub fn operation_typescript() -> String {
    document::operations(&source::operations())
}

/// Everything that is generated.
pub fn outputs() -> Vec<Output> {
    let mut outputs = vec![
        Output::text("client-web/src/protocol/generated.ts", typescript()),
        Output::text("client-web/src/protocol/document.ts", document_typescript()),
        Output::text("client-web/src/protocol/operation.ts", operation_typescript()),
        Output::text(
            "client-web/src/protocol/snapshot/beliefs.ts",
            beliefs::module(&source::protocol()),
        ),
    ];
    outputs.push(edits::output());
    outputs.extend(golden::outputs());
    outputs.extend(bad::outputs());
    outputs.extend(packets::outputs());
    outputs.extend(streams::outputs());
    outputs
}

/// The root of the repository that this crate was built in.
pub fn repository() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).expect("this crate lies in tools/protocol-gen").to_path_buf()
}

/// Folders that hold generated files alone: a file in them that is not generated is a leftover.
pub const GENERATED_FOLDERS: [&str; 4] =
    ["tests/golden/frames", "tests/golden/bad", "tests/golden/packets", "tests/golden/streams"];
