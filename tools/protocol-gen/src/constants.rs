//! Constants of the wire, taken from Rust by value.

use vivarium_protocol::{
    PROTOCOL_VERSION, intent, limits, quantise,
    snapshot::{
        block, fields,
        packet::{self, Ack},
        schema,
    },
};

use crate::{
    emit::{doc_comment, line},
    names::camel_from_snake,
    source::Docs,
};

/// A module of constants: its name and, by Rust name, their values as TypeScript.
pub struct Group {
    /// Name of the Rust module.
    pub name: &'static str,
    /// Name of the object in TypeScript.
    pub export: &'static str,
    /// Name and value of each constant.
    pub values: Vec<(&'static str, String)>,
}

macro_rules! group {
    ($path:path, $name:literal, $export:literal, $($constant:ident),+ $(,)?) => {{
        use $path as module;
        Group {
            name: $name,
            export: $export,
            values: vec![$((stringify!($constant), module::$constant.to_string())),+],
        }
    }};
}

/// All modules of constants.
pub fn groups() -> Vec<Group> {
    vec![
        group!(
            limits,
            "limits",
            "limits",
            CLIENT_RELIABLE_BYTES_MAX,
            CLIENT_LATEST_BYTES_MAX,
            SERVER_RELIABLE_BYTES_MAX,
            FRAME_BYTES_MAX,
            BLOCK_BYTES_MAX,
            DATAGRAM_BYTES_MAX,
            BLOCKS_PER_PACKET_MAX,
            LEAVES_MAX,
            BASELINE_TICKS_MAX,
            OVERTAKEN_TICKS_MAX,
            INPUTS_PER_MESSAGE_MAX,
            INPUT_LEAD_TICKS_MAX,
            NAME_CHARS_MAX,
            CHAT_CHARS_MAX,
            WORLD_NAME_CHARS_MAX,
            PEOPLE_PER_WORLD_MAX,
            RESUME_WINDOW_S,
            RESUME_TOKEN_BYTES,
            TICKET_BYTES,
            DEVICE_KEY_BYTES,
            EDIT_BYTES_MAX,
            SELECTED_OBJECTS_MAX,
            TICKET_LIFE_S,
            UNTAKEN_MESSAGES_MAX,
            CLIENT_UNTAKEN_MESSAGES_MAX,
            TRACKED_REACH_MM_MAX,
        ),
        group!(
            fields::avatar,
            "avatar",
            "avatarFields",
            POSITION,
            YAW,
            PITCH,
            STANCE,
            GROUNDED,
            RUNNING
        ),
        group!(fields::object, "object", "objectFields", POSITION, ROTATION, REST, ASLEEP),
        group!(fields::tracked, "tracked", "trackedFields", STRIDE, POSES, HEAD, LEFT, RIGHT),
        group!(intent::buttons, "buttons", "buttons", JUMP, RUN),
        group!(packet::own, "own", "own", GROUNDED, JUMP_HELD),
        group!(
            quantise,
            "quantise",
            "quantise",
            POSITION_STEPS_PER_M,
            POSITION_M_MAX,
            ROTATION_STEPS
        ),
    ]
}

/// Constants that stand alone: their name in TypeScript, where their documentation is, their value.
fn single() -> [(&'static str, &'static str, usize); 4] {
    [
        ("SLOTS", "block::SLOTS", block::SLOTS),
        ("LEVELS", "schema::LEVELS", schema::LEVELS),
        ("FIELDS_MAX", "schema::FIELDS_MAX", schema::FIELDS_MAX),
        ("ACK_BEFORE", "Ack::BEFORE", Ack::BEFORE as usize),
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
    for (name, path, value) in single() {
        doc_comment(out, 0, docs.get(path));
        line(out, 0, &format!("export const {name} = {value};"));
    }
    for group in groups() {
        out.push('\n');
        line(out, 0, &format!("export const {} = {{", group.export));
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
