//! Reading JSON of a stranger: every step may fail, with the path in the text.

use serde_json::Value;

use crate::intake::Refusal;

/// A list of the document; an absent one is empty.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// An entry of a list of the document.
pub(super) fn entry<'a>(root: &'a Value, name: &str, index: usize) -> Result<&'a Value, Refusal> {
    list(root, name)
        .get(index)
        .ok_or_else(|| Refusal::malformed(format!("the model has no {name}[{index}]")))
}

/// A whole number; an absent one is none.
pub(super) fn whole(value: &Value, name: &str) -> Result<Option<usize>, Refusal> {
    let Some(found) = value.get(name) else { return Ok(None) };
    let number = found.as_u64().and_then(|number| usize::try_from(number).ok());
    let wrong = || Refusal::malformed(format!("{name} of the model is no whole number"));
    number.map(Some).ok_or_else(wrong)
}

/// A whole number that must be there.
pub(super) fn needed(value: &Value, name: &str) -> Result<usize, Refusal> {
    let missing = || Refusal::malformed(format!("{name} is missing in the model"));
    whole(value, name)?.ok_or_else(missing)
}

/// Finite numbers; an absent list is none.
pub(super) fn numbers<const N: usize>(
    value: &Value,
    name: &str,
) -> Result<Option<[f32; N]>, Refusal> {
    let Some(found) = value.get(name) else { return Ok(None) };
    let parts = found.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut out = [0.0; N];
    let is_whole = parts.len() == N
        && parts.iter().zip(&mut out).all(|(part, out)| {
            *out = part.as_f64().unwrap_or(f64::NAN) as f32;
            out.is_finite()
        });
    let wrong = || Refusal::malformed(format!("{name} of the model is not {N} numbers"));
    is_whole.then_some(Some(out)).ok_or_else(wrong)
}

/// An extension of a value.
pub(super) fn extension<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.get("extensions")?.get(name)
}

/// A name for people, cut to a length that is bearable.
pub(super) fn name(value: &Value) -> String {
    const CHARS_MAX: usize = 64;
    let name = value.get("name").and_then(Value::as_str).unwrap_or_default();
    name.chars().filter(|c| !c.is_control()).take(CHARS_MAX).collect()
}
