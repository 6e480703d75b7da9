//! What is committed is what the Rust types give now.

use std::{collections::BTreeSet, fs};

use vivarium_protocol_gen::{GENERATED_FOLDERS, REGENERATE, outputs, repository};

#[test]
fn committed_files_are_what_the_rust_types_give() {
    let root = repository();
    let mut wrong = Vec::new();
    let mut wanted = BTreeSet::new();
    for output in outputs() {
        let path = root.join(&output.path);
        match fs::read(&path) {
            Ok(bytes) if bytes == output.bytes => {}
            Ok(_) => wrong.push(format!("{} is stale", output.path)),
            Err(error) => wrong.push(format!("{}: {error}", output.path)),
        }
        wanted.insert(path);
    }
    for folder in GENERATED_FOLDERS {
        for entry in fs::read_dir(root.join(folder)).expect("generated folders are committed") {
            let path = entry.expect("a folder of the repository can be listed").path();
            if !wanted.contains(&path) {
                wrong.push(format!("{} is left over", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "run `{REGENERATE}` and commit the result:\n{}", wrong.join("\n"));
}
