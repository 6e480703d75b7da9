//! Constants of the wire, taken from Rust by value.

use vivarium_protocol::{PROTOCOL_VERSION, frame, intent, limits, quantise};

use crate::{
    emit::{doc_comment, line},
    names::camel_from_snake,
    source::Docs,
};

/// A module of constants: its name and, by Rust name, their values as TypeScript.
pub struct Group {
    /// Name of the Rust module, and of the object in TypeScript.
    pub name: &'static str,
    /// Name and value of each constant.
    pub values: Vec<(&'static str, String)>,
}

macro_rules! group {
    ($path:path, $name:literal, $($constant:ident),+ $(,)?) => {{
        use $path as module;
        Group { name: $name, values: vec![$((stringify!($constant), module::$constant.to_string())),+] }
    }};
}

/// All modules of constants.
pub fn groups() -> Vec<Group> {
    vec![
        group!(
            limits,
            "limits",
            CLIENT_RELIABLE_BYTES_MAX,
            CLIENT_LATEST_BYTES_MAX,
            SERVER_RELIABLE_BYTES_MAX,
            FRAME_BYTES_MAX,
            ENTITIES_PER_FRAME_MAX,
            BASELINE_TICKS_MAX,
            INPUTS_PER_MESSAGE_MAX,
            INPUT_LEAD_TICKS_MAX,
            NAME_CHARS_MAX,
            CHAT_CHARS_MAX,
            WORLD_NAME_CHARS_MAX,
            PEOPLE_PER_WORLD_MAX,
            RESUME_WINDOW_S,
            RESUME_TOKEN_BYTES,
            TRACKED_REACH_MM_MAX,
        ),
        group!(frame::field, "field", POSITION, ROTATION, FLAGS, TRACKED, TRACKED_STRIDE),
        group!(
            frame::flags,
            "flags",
            GROUNDED,
            RUNNING,
            TRACKED_HEAD,
            TRACKED_LEFT,
            TRACKED_RIGHT,
            ASLEEP
        ),
        group!(intent::buttons, "buttons", JUMP, RUN),
        group!(frame::own, "own", GROUNDED, JUMP_HELD),
        group!(quantise, "quantise", POSITION_STEPS_PER_M, POSITION_M_MAX, ROTATION_STEPS),
    ]
}

/// The TypeScript of all constants.
pub fn emit(out: &mut String, docs: &Docs) {
    doc_comment(out, 0, Some("Version of the wire. Both ends must name the same one."));
    line(out, 0, &format!("export const PROTOCOL_VERSION = {PROTOCOL_VERSION};"));
    out.push('\n');
    doc_comment(out, 0, docs.get("intent::MAGIC"));
    let magic = intent::MAGIC.map(|byte| byte.to_string()).join(", ");
    line(out, 0, &format!("export const MAGIC: readonly number[] = [{magic}];"));
    out.push('\n');
    doc_comment(out, 0, docs.get("frame::FIELD_COUNT"));
    line(out, 0, &format!("export const FIELD_COUNT = {};", frame::FIELD_COUNT));
    for group in groups() {
        out.push('\n');
        line(out, 0, &format!("export const {} = {{", group.name));
        for (name, value) in &group.values {
            doc_comment(out, 2, docs.get(&format!("{}::{name}", group.name)));
            line(out, 2, &format!("{}: {value},", camel_from_snake(name)));
        }
        line(out, 0, "} as const;");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_constant_of_a_module_is_forgotten() {
        let docs = crate::source::protocol();
        for group in groups() {
            let mut emitted: Vec<_> = group.values.iter().map(|(name, _)| *name).collect();
            emitted.sort_unstable();
            let declared: Vec<_> = docs.constants(group.name).collect();
            assert_eq!(emitted, declared, "constants of `{}`", group.name);
        }
    }
}
