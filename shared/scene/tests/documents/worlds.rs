//! The worlds that are shipped in `assets/worlds`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use vivarium_scene::{
    document::{BodyKind, ColliderShape, Properties, VisualShape, WorldDocument},
    load::from_json,
};

fn assets() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets")
}

fn worlds() -> BTreeMap<String, WorldDocument> {
    fs::read_dir(assets().join("worlds"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| {
            let document = from_json(&fs::read(&path).unwrap())
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(path.file_stem().unwrap().to_str(), Some(document.name.as_str()));
            (document.name.clone(), document)
        })
        .collect()
}

fn resolved(document: &WorldDocument) -> impl Iterator<Item = Properties> {
    document.objects.iter().map(|object| document.resolved(object))
}

fn count(document: &WorldDocument, kind: BodyKind) -> usize {
    resolved(document)
        .filter(|made| made.body.as_ref().is_some_and(|body| body.kind == kind))
        .count()
}

#[test]
fn both_load_and_are_small() {
    let worlds = worlds();
    assert_eq!(worlds.keys().collect::<Vec<_>>(), ["garden", "plaza"]);
    for (name, world) in &worlds {
        let size = fs::metadata(assets().join(format!("worlds/{name}.json"))).unwrap().len();
        assert!(size < 400_000, "{name}.json takes {size} bytes");
        assert_eq!((world.settings.ticks_per_s, world.settings.substeps), (30, 2));
    }
}

#[test]
fn plaza_has_what_it_promises() {
    let plaza = &worlds()["plaza"];
    assert_eq!(count(plaza, BodyKind::Dynamic), 200);
    assert_eq!(count(plaza, BodyKind::Kinematic), 2);
    assert_eq!(resolved(plaza).filter(|made| made.hinge.is_some()).count(), 1);
    let named = |name: &str| {
        plaza.objects.iter().find(|object| object.name.as_deref() == Some(name)).is_some()
    };
    for name in [
        "ball", "ball 1", "pin 10", "seesaw", "lane", "ferry", "lift", "stairs", "ramp 15",
        "ramp 30", "ramp 40", "gate",
    ] {
        assert!(named(name), "there is no {name}");
    }
}

#[test]
fn every_kind_of_collider_is_used() {
    let mut kinds = BTreeSet::new();
    for world in worlds().values() {
        for collider in resolved(world).filter_map(|made| made.colliders).flatten() {
            kinds.insert(match collider.shape {
                ColliderShape::Box { .. } => "box",
                ColliderShape::Ball { .. } => "ball",
                ColliderShape::Capsule { .. } => "capsule",
                ColliderShape::Cylinder { .. } => "cylinder",
                ColliderShape::Hull { .. } => "hull",
                ColliderShape::Mesh { .. } => "mesh",
                ColliderShape::Heightfield { .. } => "heightfield",
            });
        }
    }
    let all = ["ball", "box", "capsule", "cylinder", "heightfield", "hull", "mesh"];
    assert_eq!(kinds, BTreeSet::from(all));
}

#[test]
fn portals_lead_to_spawns_that_are_not_in_portals() {
    let worlds = worlds();
    for (name, world) in &worlds {
        let portals: Vec<_> = resolved(world).filter_map(|made| made.portal).collect();
        assert!(!portals.is_empty(), "{name} has no portal");
        for portal in portals {
            let target = worlds
                .get(&portal.world)
                .unwrap_or_else(|| panic!("{name} leads to {}, which is no world", portal.world));
            let spawn = portal.spawn.expect("portals name where people arrive");
            let place = target
                .objects
                .iter()
                .find(|object| object.name.as_ref() == Some(&spawn))
                .unwrap_or_else(|| panic!("{} has no {spawn}", target.name));
            let made = target.resolved(place).spawn.expect("it is a spawn");
            for object in &target.objects {
                let Some(other) = target.resolved(object).portal else { continue };
                let [dx, _, dz] =
                    [0, 1, 2].map(|axis| object.position_m[axis] - place.position_m[axis]);
                let room = dx.hypot(dz) - made.radius_m - other.size_m[0].max(other.size_m[2]);
                assert!(room > 0.0, "{spawn} in {} is too near a portal", target.name);
            }
        }
    }
}

#[test]
fn all_models_and_sounds_exist_and_are_small() {
    for (name, world) in worlds() {
        let mut paths = BTreeSet::new();
        for made in resolved(&world) {
            paths.extend(made.sound.map(|sound| sound.path));
            paths.extend(made.visuals.into_iter().flatten().filter_map(
                |visual| match visual.shape {
                    VisualShape::Model { path } => Some(path),
                    _ => None,
                },
            ));
        }
        assert!(paths.len() > 8, "{name} uses only {paths:?}");
        for path in paths {
            let bytes =
                fs::read(assets().join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
            assert!(bytes.len() < 150_000, "{path} takes {} bytes", bytes.len());
            let magic: &[u8] = if path.ends_with(".glb") { b"glTF" } else { b"RIFF" };
            assert!(bytes.starts_with(magic), "{path} is something else");
        }
    }
}
