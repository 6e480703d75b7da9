//! Writes every generated file of the repository, and removes leftovers.

use std::{collections::BTreeSet, fs};

use anyhow::{Context, Result};
use vivarium_protocol_gen::{GENERATED_FOLDERS, outputs, repository};

fn main() -> Result<()> {
    let root = repository();
    let outputs = outputs();
    let mut wanted = BTreeSet::new();
    for output in &outputs {
        let path = root.join(&output.path);
        wanted.insert(path.clone());
        if fs::read(&path).is_ok_and(|bytes| bytes == output.bytes) {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        }
        fs::write(&path, &output.bytes).with_context(|| format!("writing {}", path.display()))?;
        println!("wrote {}", output.path);
    }
    for folder in GENERATED_FOLDERS {
        let folder = root.join(folder);
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if !wanted.contains(&path) {
                fs::remove_file(&path).with_context(|| path.display().to_string())?;
                println!("removed {}", path.display());
            }
        }
    }
    Ok(())
}
