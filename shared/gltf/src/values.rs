//! Reading JSON of a stranger: every step may fail, with the place in the error.

use std::borrow::Cow;

use serde_json::Value;

use crate::import::ImportError;

/// A list; an absent one is empty.
pub fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A whole number; an absent one is none.
pub fn whole(value: &Value, name: &str, place: &str) -> Result<Option<usize>, ImportError> {
    let Some(found) = value.get(name) else { return Ok(None) };
    let number = found.as_u64().and_then(|number| usize::try_from(number).ok());
    let wrong = || ImportError::new(format!("{place}.{name}"), "a whole number is needed here");
    number.map(Some).ok_or_else(wrong)
}

/// A whole number that must be there.
pub fn needed(value: &Value, name: &str, place: &str) -> Result<usize, ImportError> {
    let missing = || ImportError::new(place, format!("`{name}` is missing"));
    whole(value, name, place)?.ok_or_else(missing)
}

/// An index of an entry that is there.
pub fn index(
    value: &Value,
    name: &str,
    count: usize,
    place: &str,
) -> Result<Option<usize>, ImportError> {
    let Some(index) = whole(value, name, place)? else { return Ok(None) };
    let missing = || {
        ImportError::new(format!("{place}.{name}"), format!("{index} is not one of the {count}"))
    };
    (index < count).then_some(Some(index)).ok_or_else(missing)
}

/// Numbers that 32 bits can hold, but with all their digits; an absent list is none.
pub fn wide_numbers<const N: usize>(
    value: &Value,
    name: &str,
    place: &str,
) -> Result<Option<[f64; N]>, ImportError> {
    let Some(found) = value.get(name) else { return Ok(None) };
    let parts = found.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut out = [0.0; N];
    let is_whole = parts.len() == N
        && parts.iter().zip(&mut out).all(|(part, out)| {
            *out = part.as_f64().unwrap_or(f64::NAN);
            (*out as f32).is_finite()
        });
    let wrong =
        || ImportError::new(format!("{place}.{name}"), format!("{N} finite numbers are needed"));
    is_whole.then_some(Some(out)).ok_or_else(wrong)
}

/// Finite numbers; an absent list is none.
pub fn numbers<const N: usize>(
    value: &Value,
    name: &str,
    place: &str,
) -> Result<Option<[f32; N]>, ImportError> {
    let wide = wide_numbers(value, name, place)?;
    Ok(wide.map(|wide| wide.map(|part| part as f32)))
}

/// A finite number; an absent one is none.
pub fn number(value: &Value, name: &str, place: &str) -> Result<Option<f32>, ImportError> {
    let Some(found) = value.get(name) else { return Ok(None) };
    let number = found.as_f64().map(|number| number as f32).filter(|number| number.is_finite());
    let wrong = || ImportError::new(format!("{place}.{name}"), "a finite number is needed here");
    number.map(Some).ok_or_else(wrong)
}

/// An extension of a value.
pub fn extension<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.get("extensions")?.get(name)
}

/// Our own extras of a value.
pub fn own(value: &Value) -> Option<&Value> {
    value.get("extras")?.get(crate::OWN)
}

/// What stands in extras as JSON within a text: other programs keep texts as they are, but not
/// lists in lists, nothing and yes or no. What was taken out of the text is read as well.
pub fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// How an entry of a list is called in errors.
pub fn entry_place(list: crate::links::List, index: usize) -> String {
    format!("{}[{index}]", list.name())
}
