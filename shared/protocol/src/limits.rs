//! Named maxima of the wire, each with its unit in its name.
//! What happens on overflow is written where it happens.

/// A reliable message of a client: longer ones close the session with `Oversized`.
pub const CLIENT_RELIABLE_BYTES_MAX: usize = 4 * 1024;
/// A latest-lane message of a client: longer ones close the session with `Oversized`.
pub const CLIENT_LATEST_BYTES_MAX: usize = 1_150;
/// A reliable message of the server (a full roster of [`PEOPLE_PER_WORLD_MAX`] fits).
pub const SERVER_RELIABLE_BYTES_MAX: usize = 256 * 1024;
/// A packet on a reliable transport. Leaves that do not fit wait for a later one, by urgency.
pub const FRAME_BYTES_MAX: usize = 48 * 1024;
/// One part of a block: with a packet's head it fits into a datagram.
pub const BLOCK_BYTES_MAX: usize = 1_080;
/// A packet for a transport of datagrams.
pub const DATAGRAM_BYTES_MAX: usize = 1_150;
/// Blocks in one packet; a client refuses more.
pub const BLOCKS_PER_PACKET_MAX: usize = 2_048;
/// Leaves that a client knows at once; a client refuses more.
pub const LEAVES_MAX: usize = 8_192;
/// Ticks of quantised state that the server keeps as baselines.
pub const BASELINE_TICKS_MAX: usize = 64;
/// Ticks that a packet may be overtaken by others and still find the states that it builds on.
pub const OVERTAKEN_TICKS_MAX: usize = 16;
/// Inputs that one latest-lane message may repeat.
pub const INPUTS_PER_MESSAGE_MAX: usize = 8;
/// How far in the future (ticks) an input may lie; later ones are dropped.
pub const INPUT_LEAD_TICKS_MAX: u32 = 30;
/// Characters (Unicode scalar values) of a name after cleaning.
pub const NAME_CHARS_MAX: usize = 24;
/// Characters (Unicode scalar values) of one chat message after cleaning.
pub const CHAT_CHARS_MAX: usize = 280;
/// Characters of a world's name.
pub const WORLD_NAME_CHARS_MAX: usize = 32;
/// People in one world; later ones are refused with `WorldFull`.
pub const PEOPLE_PER_WORLD_MAX: usize = 1_024;
/// Seconds that a person's avatar waits for the return of a lost connection.
pub const RESUME_WINDOW_S: u16 = 30;
/// Bytes of a resume token, drawn from the operating system's random source.
pub const RESUME_TOKEN_BYTES: usize = 16;
/// Bytes of a ticket, drawn from the operating system's random source.
pub const TICKET_BYTES: usize = 16;
/// Bytes of the secret by which a device is known, drawn from a random source of its own.
pub const DEVICE_KEY_BYTES: usize = 32;
/// Bytes of an edit's operations (JSON) in a message; larger edits are told by the document.
pub const EDIT_BYTES_MAX: usize = 64 * 1024;
/// Objects that one person may show as chosen; more are cut off.
pub const SELECTED_OBJECTS_MAX: usize = 64;
/// Seconds within which a ticket must be used.
pub const TICKET_LIFE_S: u16 = 30;
/// Numbered messages that one end takes in before it says so at the latest.
pub const UNTAKEN_MESSAGES_MAX: u32 = 32;
/// Numbered messages of a client that wait to be taken in; a client makes no more before.
pub const CLIENT_UNTAKEN_MESSAGES_MAX: usize = 64;
/// How far (millimetres) a tracked head or hand may be from the top of the avatar's spine.
pub const TRACKED_REACH_MM_MAX: i32 = 1_400;
