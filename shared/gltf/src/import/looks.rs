//! Lamps and materials as a file has them, with what glTF leaves out filled in.

use serde_json::{Value, json};
use vivarium_scene::{
    document::Material,
    limits::{LAMP_CD_MAX, SUNLIGHT_MAX},
};

use super::ImportError;
use crate::{
    LIGHTS, SUN_LUX, colour,
    links::List,
    source::Source,
    values::{entry_place, extension, number, numbers, whole},
};

/// How far a number that came back may be off, relative to what it was.
const CHANGED: f32 = 1e-3;

fn differ(a: f32, b: f32) -> bool {
    (a - b).abs() > CHANGED * a.abs().max(b.abs()).max(1e-2)
}

/// A lamp or a sun.
pub struct Lamp {
    pub colour: String,
    pub intensity: f32,
    pub range_m: Option<f32>,
}

impl Lamp {
    /// Whether somebody has changed it.
    pub fn differs(&self, before: &Self) -> bool {
        let range = |lamp: &Self| lamp.range_m.unwrap_or(0.0);
        self.colour != before.colour
            || differ(self.intensity, before.intensity)
            || self.range_m.is_some() && differ(range(self), range(before))
    }
}

/// What a light of the list says.
pub fn lamp(light: &Value, place: &str) -> Result<Lamp, ImportError> {
    let linear = numbers::<3>(light, "color", place)?.unwrap_or([1.0; 3]);
    let intensity = number(light, "intensity", place)?.unwrap_or(1.0);
    let range_m = number(light, "range", place)?;
    Ok(Lamp { colour: colour::text(linear), intensity: intensity.clamp(0.0, LAMP_CD_MAX), range_m })
}

/// The light of a node, and how its place is called.
pub fn light_of(source: &Source, node: usize) -> Option<(&Value, String)> {
    let said = extension(source.entry(List::Nodes, node), LIGHTS)?;
    let light = whole(said, "light", "nodes").ok()??;
    Some((source.entry(List::Lights, light), entry_place(List::Lights, light)))
}

/// Strength of a sun of so many lux. Programs with real units have ten thousands of them: those
/// mean daylight.
pub fn sunlight(lux: f32) -> f32 {
    let intensity = lux / SUN_LUX;
    if intensity > SUNLIGHT_MAX { 1.0 } else { intensity.max(0.0) }
}

/// How a surface looks.
pub struct Surface {
    colour: String,
    opacity: f32,
    metalness: f32,
    roughness: f32,
    emissive: String,
}

/// What a material of the list says.
pub fn surface(material: &Value, place: &str) -> Result<Surface, ImportError> {
    let nothing = json!({});
    let pbr = material.get("pbrMetallicRoughness").unwrap_or(&nothing);
    let [r, g, b, opacity] = numbers(pbr, "baseColorFactor", place)?.unwrap_or([1.0; 4]);
    let part = |name| -> Result<f32, ImportError> {
        Ok(number(pbr, name, place)?.unwrap_or(1.0).clamp(0.0, 1.0))
    };
    let emissive = numbers(material, "emissiveFactor", place)?.unwrap_or([0.0; 3]);
    Ok(Surface {
        colour: colour::text([r, g, b]),
        opacity: opacity.clamp(0.0, 1.0),
        metalness: part("metallicFactor")?,
        roughness: part("roughnessFactor")?,
        emissive: colour::text(emissive),
    })
}

impl Surface {
    /// Changes of a material what somebody has changed in the file.
    pub fn change(self, before: &Self, material: &mut Material) {
        if self.colour != before.colour {
            material.colour = self.colour;
        }
        if self.emissive != before.emissive {
            material.emissive = Some(self.emissive);
        }
        let numbers = [
            (self.opacity, before.opacity, &mut material.opacity),
            (self.metalness, before.metalness, &mut material.metalness),
            (self.roughness, before.roughness, &mut material.roughness),
        ];
        for (now, before, number) in numbers {
            if differ(now, before) {
                *number = now;
            }
        }
    }
}
