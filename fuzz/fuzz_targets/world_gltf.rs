//! A file is either refused with a place and a reason, or is a world that can be trusted, with
//! models that can be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vivarium_scene::load::validate;

fuzz_target!(|bytes: &[u8]| {
    match vivarium_gltf::import(bytes, &|path| path.len() % 2 == 0) {
        Err(error) => assert!(!error.place.is_empty() && !error.reason.is_empty()),
        Ok(imported) => {
            validate(&imported.document).expect("what is imported is valid");
            for (_, glb) in imported.models {
                assert!(glb.starts_with(b"glTF"));
            }
        }
    }
});
