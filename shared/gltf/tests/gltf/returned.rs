//! Worlds that come back as they were, and with what others changed of them.

use crate::files::{exported, shipped};

#[test]
fn shipped_worlds_come_back_equal() {
    for name in ["plaza", "garden"] {
        let document = shipped(name);
        let back = vivarium_gltf::import(&exported(&document), &|_| true).unwrap();
        assert_eq!(back.warnings, Vec::<String>::new());
        assert_eq!(back.models, Vec::new());
        assert_eq!(back.document, document);
    }
}
