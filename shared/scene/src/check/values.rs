//! Single values: numbers, vectors, rotations, colours, names, texts and paths.

use vivarium_protocol::limits::WORLD_NAME_CHARS_MAX;

use super::fault::{At, Checked};
use crate::limits::{
    COORDINATE_M_MAX, NAME_CHARS_MAX, PATH_CHARS_MAX, SIZE_M_MAX, SIZE_M_MIN, TEXT_CHARS_MAX,
    UNIT_TOLERANCE,
};

/// A finite number within a range, ends included. NaN is in no range.
pub(super) fn within(at: At<'_>, value: f32, low: f32, high: f32) -> Checked {
    at.require(
        (low..=high).contains(&value),
        format_args!("{value} is not allowed: it must be from {low} to {high}"),
    )
}

pub(super) fn coordinate(at: At<'_>, value: f32) -> Checked {
    within(at, value, -COORDINATE_M_MAX, COORDINATE_M_MAX)
}

pub(super) fn position(at: At<'_>, position: &[f32; 3]) -> Checked {
    each(at, position, coordinate)
}

pub(super) fn size(at: At<'_>, value: f32) -> Checked {
    within(at, value, SIZE_M_MIN, SIZE_M_MAX)
}

pub(super) fn sizes(at: At<'_>, sizes: &[f32]) -> Checked {
    each(at, sizes, size)
}

/// Applies a check to every number of a list.
pub(super) fn each(at: At<'_>, values: &[f32], check: impl Fn(At<'_>, f32) -> Checked) -> Checked {
    values.iter().enumerate().try_for_each(|(index, value)| check(at.entry(index), *value))
}

/// Applies a check to every entry of a list.
pub(super) fn all<T>(at: At<'_>, entries: &[T], check: impl Fn(At<'_>, &T) -> Checked) -> Checked {
    entries.iter().enumerate().try_for_each(|(index, entry)| check(at.entry(index), entry))
}

pub(super) fn count(at: At<'_>, count: usize, low: usize, high: usize) -> Checked {
    at.require(
        (low..=high).contains(&count),
        format_args!("{count} entries are not allowed: there must be from {low} to {high}"),
    )
}

/// A direction of any length that is not (nearly) zero.
pub(super) fn direction(at: At<'_>, axis: &[f32; 3]) -> Checked {
    position(at, axis)?;
    at.require(
        length(axis) > f64::from(UNIT_TOLERANCE),
        "a direction must not be zero: at least 0.001 long",
    )
}

pub(super) fn rotation(at: At<'_>, rotation: &[f32; 4]) -> Checked {
    each(at, rotation, |at, value| within(at, value, -1.001, 1.001))?;
    let length = length(rotation);
    at.require(
        (length - 1.0).abs() <= f64::from(UNIT_TOLERANCE),
        format_args!("a rotation must be a quaternion x, y, z, w of length 1, not {length:.4}"),
    )
}

fn length(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(*value) * f64::from(*value)).sum::<f64>().sqrt()
}

pub(super) fn colour(at: At<'_>, colour: &str) -> Checked {
    let digits = colour.strip_prefix('#').unwrap_or_default();
    at.require(
        digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()),
        "a colour must be `#rrggbb` with six hexadecimal digits",
    )
}

/// The name of a world, as it stands in addresses.
pub(super) fn world_name(at: At<'_>, name: &str) -> Checked {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    at.require(
        (1..=WORLD_NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(allowed),
        format_args!(
            "a world's name must be 1 to {WORLD_NAME_CHARS_MAX} lower-case letters, digits and hyphens"
        ),
    )
}

/// The name of a blueprint or material, which stands in paths of errors.
pub(crate) fn key(at: At<'_>, name: &str) -> Checked {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    at.require(
        (1..=NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(allowed),
        format_args!(
            "a name must be 1 to {NAME_CHARS_MAX} lower-case letters, digits, hyphens and underscores"
        ),
    )
}

/// The name of an object.
pub(crate) fn object_name(at: At<'_>, name: &str) -> Checked {
    let count = name.chars().take(NAME_CHARS_MAX + 1).count();
    at.require(
        (1..=NAME_CHARS_MAX).contains(&count) && !name.chars().any(char::is_control),
        format_args!("a name must be 1 to {NAME_CHARS_MAX} characters without control characters"),
    )
}

/// Any text for people.
pub(super) fn text(at: At<'_>, text: &str, chars_min: usize) -> Checked {
    let count = text.chars().take(TEXT_CHARS_MAX + 1).count();
    at.require(
        (chars_min..=TEXT_CHARS_MAX).contains(&count) && !text.chars().any(char::is_control),
        format_args!(
            "a text must be {chars_min} to {TEXT_CHARS_MAX} characters without control characters"
        ),
    )
}

/// What pictures on surfaces may be.
pub(super) const IMAGE_ENDINGS: [&str; 4] = [".png", ".jpg", ".webp", ".ktx2"];

/// What pictures of the sky may be.
pub(super) const SKY_ENDINGS: [&str; 5] = [".hdr", ".png", ".jpg", ".webp", ".ktx2"];

/// A path below `assets/`: it can lead nowhere else, neither on a disk nor in an address.
pub(super) fn asset(at: At<'_>, path: &str, endings: &[&str]) -> Checked {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    at.require(
        path.len() <= PATH_CHARS_MAX && path.split('/').all(plain),
        format_args!(
            "a path must be at most {PATH_CHARS_MAX} characters, relative to `assets/`, its parts \
             of letters, digits, `-`, `_` and `.`, not beginning with `.`"
        ),
    )?;
    at.require(
        endings.iter().any(|ending| path.ends_with(ending)),
        format_args!("the path must end in {}", endings.join(" or ")),
    )
}
