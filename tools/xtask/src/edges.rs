//! Which package may import which. See "The tree" in ARCHITECTURE.md.

use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

use crate::Violation;

/// The rooms around a world: they never import each other.
const SIBLINGS: [&str; 6] = [
    "vivarium-assets",
    "vivarium-world",
    "vivarium-link",
    "vivarium-store",
    "vivarium-dialogue",
    "vivarium-people",
];

/// Rooms in which nothing waits, reads a clock or draws lots.
const DETERMINISTIC: [&str; 5] = [
    "vivarium-protocol",
    "vivarium-scene",
    "vivarium-motion",
    "vivarium-contract",
    "vivarium-world",
];

/// What would bring waiting, clocks, sockets or foreign randomness into them.
const OUTSIDE_WORLD: [&str; 11] = [
    "async-std",
    "axum",
    "getrandom",
    "hyper",
    "mio",
    "rand",
    "reqwest",
    "rusqlite",
    "socket2",
    "tokio",
    "tokio-tungstenite",
];

/// A package of the workspace and what its manifest names.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its manifest, relative to the root.
    pub manifest: String,
    /// Names of normal, build and development dependencies.
    pub imports: Vec<Import>,
}

/// A dependency in a manifest.
#[derive(Clone, Debug)]
pub struct Import {
    /// Name of the package.
    pub name: String,
    /// Whether only tests and benches use it.
    pub development: bool,
    /// Whether it is a package of this workspace.
    pub own: bool,
}

/// The packages of the workspace at `root`.
pub fn of_workspace(root: &Path) -> Result<Vec<Package>> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("reading cargo metadata")?;
    let names: Vec<String> = metadata.packages.iter().map(|it| it.name.to_string()).collect();
    let packages = metadata.packages.iter().map(|package| {
        let manifest = package.manifest_path.as_std_path();
        let imports = package.dependencies.iter().map(|dependency| Import {
            name: dependency.name.clone(),
            development: dependency.kind == cargo_metadata::DependencyKind::Development,
            own: names.contains(&dependency.name),
        });
        Package {
            name: package.name.to_string(),
            manifest: manifest.strip_prefix(root).unwrap_or(manifest).display().to_string(),
            imports: imports.collect(),
        }
    });
    Ok(packages.collect())
}

/// How far up a package stands: it may import what stands lower. `None`: there is no rule for it.
fn level(name: &str) -> Option<u8> {
    Some(match name {
        "vivarium-protocol" => 0,
        "vivarium-scene" => 1,
        "vivarium-gltf" | "vivarium-motion" => 2,
        "vivarium-contract" => 3,
        sibling if SIBLINGS.contains(&sibling) => 4,
        "vivarium-host" => 5,
        "vivarium-bots" | "vivarium-codec" | "vivarium-protocol-gen" => 6,
        "vivarium-tests" | "vivarium-benches" => 7,
        _ => return None,
    })
}

/// Every edge that must not be.
pub fn check(packages: &[Package]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in packages {
        for import in &package.imports {
            if let Some(what) = forbidden(&package.name, import) {
                violations.push(Violation::new(&package.manifest, 0, what));
            }
        }
        if package.name != "xtask" && level(&package.name).is_none() {
            let what = format!("no rule says what {} may import: write one", package.name);
            violations.push(Violation::new("tools/xtask/src/edges.rs", 0, what));
        }
    }
    violations
}

fn forbidden(package: &str, import: &Import) -> Option<String> {
    if !import.own {
        let outside = DETERMINISTIC.contains(&package)
            && !import.development
            && OUTSIDE_WORLD.contains(&import.name.as_str());
        return outside.then(|| {
            format!("{package} must be deterministic and may not import {}", import.name)
        });
    }
    if package == "xtask" {
        return Some(format!("xtask imports no package of ours, not {}", import.name));
    }
    let (own, other) = (level(package)?, level(&import.name));
    match other {
        Some(other) if other < own => None,
        Some(other) if other == own => {
            Some(format!("{package} may not import {}: they are siblings", import.name))
        }
        _ => Some(format!("{package} may not import {}: imports run one way", import.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, imports: &[(&str, bool, bool)]) -> Vec<String> {
        let imports = imports
            .iter()
            .map(|(name, own, development)| Import {
                name: (*name).to_owned(),
                own: *own,
                development: *development,
            })
            .collect();
        let package = Package { name: name.into(), manifest: "x/Cargo.toml".into(), imports };
        check(&[package]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn imports_run_one_way() {
        let own = |name| (name, true, false);
        assert!(
            told("vivarium-world", &[own("vivarium-contract"), own("vivarium-motion")]).is_empty()
        );
        assert!(told("vivarium-host", &[own("vivarium-world"), own("vivarium-link")]).is_empty());
        assert_eq!(
            told("vivarium-protocol", &[own("vivarium-scene")]),
            ["x/Cargo.toml: vivarium-protocol may not import vivarium-scene: imports run one way"]
        );
        assert_eq!(
            told("vivarium-world", &[own("vivarium-link")]),
            ["x/Cargo.toml: vivarium-world may not import vivarium-link: they are siblings"]
        );
        assert_eq!(
            told("xtask", &[own("vivarium-protocol")]),
            ["x/Cargo.toml: xtask imports no package of ours, not vivarium-protocol"]
        );
    }

    #[test]
    fn siblings_do_not_meet_in_tests_either() {
        assert_eq!(told("vivarium-link", &[("vivarium-world", true, true)]).len(), 1);
    }

    #[test]
    fn the_simulation_knows_no_runtime() {
        assert_eq!(
            told("vivarium-world", &[("tokio", false, false)]),
            ["x/Cargo.toml: vivarium-world must be deterministic and may not import tokio"]
        );
        assert!(told("vivarium-link", &[("tokio", false, false)]).is_empty());
    }

    #[test]
    fn a_new_room_needs_a_rule() {
        assert_eq!(
            told("vivarium-shed", &[]),
            ["tools/xtask/src/edges.rs: no rule says what vivarium-shed may import: write one"]
        );
    }
}
