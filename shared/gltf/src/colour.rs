//! Colours: `#rrggbb` (sRGB) here, linear factors in glTF.

use serde_json::{Value, json};

/// Linear red, green and blue. What is no colour is white: documents are checked elsewhere.
pub fn linear(colour: &str) -> [f64; 3] {
    let digits = colour.strip_prefix('#').unwrap_or_default();
    [0, 2, 4].map(|at| {
        let part = digits.get(at..at + 2).and_then(|part| u8::from_str_radix(part, 16).ok());
        let value = f64::from(part.unwrap_or(u8::MAX)) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    })
}

/// As factors, short enough to read and exact enough to come back as the same colour.
pub fn factors(colour: &str) -> Value {
    json!(linear(colour).map(|part| (part * 1e6).round() / 1e6))
}

/// The colour of linear factors; those brighter than white are white.
pub fn text(linear: [f32; 3]) -> String {
    let [r, g, b] = linear.map(|part| {
        let part = f64::from(part).clamp(0.0, 1.0);
        let value =
            if part <= 0.003_130_8 { part * 12.92 } else { 1.055 * part.powf(1.0 / 2.4) - 0.055 };
        (value * 255.0).round() as u8
    });
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shade_comes_back() {
        for shade in 0..=u8::MAX {
            let colour = format!("#{shade:02x}{:02x}80", 255 - shade);
            let parts: Vec<f32> = serde_json::from_value(factors(&colour)).unwrap();
            assert_eq!(text([parts[0], parts[1], parts[2]]), colour);
        }
    }
}
