//! Named maxima of the host. What happens on overflow is written where it happens.

use std::time::Duration;

use vivarium_link::limits::Rate;

/// People on this server, those included whose connection is lost and who may still come back.
/// Later ones are refused with `WorldFull`.
pub const PEOPLE_MAX: usize = 2_048;
/// TCP connections; later ones get a `503` and are closed.
pub const CONNECTIONS_MAX: u32 = 4_096;
/// TCP connections from one address (IPv6: from one /64 network); later ones get a `503` and are closed. Connections from this
/// machine are not counted: a reverse proxy stands for many people, and bots are our own.
pub const CONNECTIONS_PER_ADDRESS_MAX: u32 = 256;
/// Connections that are being told that there are too many; others are closed without a word.
pub const REFUSALS_MAX: usize = 64;
/// Bytes that the kernel may hold unsent for one connection: more would only make frames old.
pub const UNSENT_BYTES_MAX: u32 = 64 * 1_024;
/// How long a client may take to send the head of a request.
pub const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may take to send the body of a request.
pub const BODY_READ_TIMEOUT: Duration = Duration::from_secs(5);
/// TCP connections that one network (IPv4: /24, IPv6: /64) may open; more are closed at once, before
/// anything is computed for them.
pub const CONNECTIONS_PER_PREFIX: Rate = Rate { per_s: 40, burst: 400 };
/// Newcomers of one network; more are refused with `WorldFull`, and get no tickets. Whoever comes
/// back to a visit is none.
pub const NEWCOMERS_PER_PREFIX: Rate = Rate { per_s: 5, burst: 100 };
/// How long a client may take nothing of what it is sent: after that the connection is cut.
pub const WRITE_STALL_MAX: Duration = Duration::from_secs(30);
/// Bytes of the head of a request.
pub const REQUEST_HEAD_BYTES_MAX: usize = 16 * 1_024;
/// Messages that wait for a world. Beyond it latest-lane wishes are dropped, other wishes denied
/// and newcomers refused.
pub const INBOX_MESSAGES_MAX: usize = 8_192;
/// Tickets that were given out and not used; of more the oldest are void.
pub const TICKETS_MAX: usize = 4_096;
/// Ticks without a connection before a world is told that somebody is away: moving to another
/// network or transport is quicker than that, and concerns nobody else.
pub const AWAY_TICKS: u8 = 15;
/// Ticks for which wishes of somebody on the way between two worlds are passed on or wait.
pub const WAY_TICKS: u8 = 60;
/// Wishes that wait in one world for people who are not there yet; more are dropped.
pub const EARLY_WISHES_MAX: usize = 256;
/// How long a certificate for development is valid: browsers accept at most 14 days. It is replaced
/// after half of that.
pub const DEVELOPMENT_CERTIFICATE_LIFE: Duration = Duration::from_secs(13 * 24 * 3_600);
/// Time between two looks whether there is a new certificate.
pub const CERTIFICATE_CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// How long a TLS handshake may take over TCP.
pub const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// Ticks by which a world may be behind; what is beyond is dropped, so that it never spirals.
pub const BEHIND_TICKS_MAX: u32 = 5;
/// Operations that are done together.
pub const OPERATIONS_PER_BATCH_MAX: usize = 20_000;
/// Records that wait to be written to a recording; beyond it the recording ends.
pub const RECORDS_QUEUED_MAX: usize = 4_096;
/// Inputs in one record of a recording.
pub const INPUTS_PER_RECORD_MAX: usize = 256;
/// Bytes of one record of a recording.
pub const RECORD_BYTES_MAX: usize = 4 * 1_024 * 1_024;
/// Bytes of a world document in one record; longer documents take several.
pub const DOCUMENT_PART_BYTES_MAX: usize = 1_024 * 1_024;
/// Bytes of the body of a request that changes a world.
pub const EDIT_BODY_BYTES_MAX: usize = 1_024 * 1_024;
/// Operations of one change of a running world: as many as a tick has room for.
pub const EDIT_OPERATIONS_MAX: usize = 1_000;
/// Changes that wait for an answer, in one world; later ones are refused.
pub const ASKS_MAX: usize = 2_048;
/// Changes that wait until a world's thread takes them, in one world; later ones are refused.
pub const EDITS_QUEUED_MAX: usize = 2_048;
/// How long a world that has done edits between two ticks sleeps before it does more, so that it is
/// not woken for each of many.
pub const EARLY_EDITS_PAUSE: Duration = Duration::from_millis(2);
/// How often one account may change something.
pub const EDITS_PER_ACCOUNT: Rate = Rate { per_s: 100, burst: 400 };
/// Accounts whose rate is remembered; beyond it nobody can change anything until some were quiet.
pub const ACCOUNTS_MAX: usize = 65_536;
/// How long a change may take until it is on the disk; after it nobody waits any more.
pub const EDIT_ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Seconds for which an invitation may count: 30 days.
pub const INVITATION_LIFE_S_MAX: u64 = 30 * 24 * 3_600;
/// People with a role in one world; more get none.
pub const ROLES_PER_WORLD_MAX: usize = 1_000;
/// Entries that one look into a world's history gives.
pub const HISTORY_ENTRIES_MAX: u32 = 200;
/// Batches after which a world is kept as a whole when it is opened.
pub const SNAPSHOT_BATCHES: usize = 200;
/// Files that are being uploaded at the same time; more are refused.
pub const UPLOADS_AT_ONCE_MAX: usize = 8;
/// Those of one account.
pub const UPLOADS_OF_ONE_MAX: usize = 2;
/// Models whose textures are packed at the same time; more keep theirs as they are.
pub const PACKINGS_AT_ONCE_MAX: usize = 1;
/// Files that are looked at, at the same time, so that worlds keep their processors.
pub const INTAKES_AT_ONCE_MAX: usize = 1;
/// How long an upload may bring nothing; after that it is given up.
pub const UPLOAD_STALL_MAX: Duration = Duration::from_secs(15);
/// Bytes per second that an upload must bring in the long run; a slower one is given up after a
/// minute.
pub const UPLOAD_BYTES_PER_S_MIN: u64 = 32 * 1_024;
/// Characters of the name of an uploaded file; the rest is cut off.
pub const UPLOAD_NAME_CHARS_MAX: usize = 100;
/// Uploaded assets of one world.
pub const LIBRARY_ENTRIES_MAX: usize = 2_000;
/// MiB of uploaded assets of one world, unless the settings say something else.
pub const WORLD_ASSETS_MIB_MAX: u32 = 1_024;
/// MiB of assets that one account uploads, unless the settings say something else.
pub const ACCOUNT_ASSETS_MIB_MAX: u32 = 512;
/// Hours for which an uploaded asset is kept that nothing uses, unless the settings say something
/// else.
pub const ASSET_GRACE_HOURS: u32 = 7 * 24;
/// Time between two looks for assets that nothing uses.
pub const COLLECT_INTERVAL: Duration = Duration::from_secs(6 * 3_600);
/// Batches that are kept after the newest snapshot of a running world until there is another one.
pub const SNAPSHOT_BATCHES_RUNNING: u32 = 500;
/// Bytes of such batches until there is another snapshot.
pub const SNAPSHOT_LOG_BYTES: u64 = 8 * 1_024 * 1_024;
/// Time between two looks whether something is to be kept as a whole or to be forgotten.
pub const UPKEEP_INTERVAL: Duration = Duration::from_secs(1);
/// Batches that are deleted at once when the history is to end somewhere.
pub const EXPIRED_PER_STEP: u32 = 500;
/// Looks between two at what has become too old; while there is more, every look counts.
pub const LOOKS_PER_EXPIRY: u32 = 10;
/// Batches that are read at once when the history of a world is gone through.
pub const HISTORY_PAGE_BATCHES: u32 = 50;
/// Batches that are gone through at most to find out how a world was.
pub const HISTORY_WALK_BATCHES_MAX: u64 = 20_000;
/// Bytes of such batches.
pub const HISTORY_WALK_BYTES_MAX: usize = 64 * 1_024 * 1_024;
/// People who look at once at how worlds were; others wait.
pub const PASTS_AT_ONCE: usize = 2;
/// Characters of a version's name.
pub const VERSION_NAME_CHARS_MAX: usize = 80;
/// Files in a ZIP with a world.
pub const BUNDLE_FILES_MAX: usize = 4_096;
/// Bytes of all files of a ZIP with a world, unpacked.
pub const BUNDLE_BYTES_MAX: u64 = 512 << 20;
/// Bytes of a world that is brought in over HTTP; larger ones go by the command line.
pub const IMPORT_BODY_BYTES_MAX: usize = 256 << 20;
/// Worlds that are given out or brought in at the same time; more are refused.
pub const EXCHANGES_AT_ONCE_MAX: usize = 2;
/// Bytes of the file with which a running server tells how to reach it.
pub const RUNNING_BYTES_MAX: u64 = 64 * 1_024;
/// How long the command line waits for a connection to a server.
pub const REMOTE_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a server may say nothing to the command line.
pub const REMOTE_STALL_MAX: Duration = Duration::from_secs(60);
/// Bytes of an answer that is no file.
pub const REMOTE_ANSWER_BYTES_MAX: u64 = 4 << 20;
/// How often the command line asks for a change that the server has no time for.
pub const REMOTE_TRIES_MAX: u32 = 20;
/// Pause before it asks again.
pub const REMOTE_PAUSE: Duration = Duration::from_millis(500);
/// Drafts of one world.
pub const DRAFTS_PER_WORLD_MAX: usize = 8;
/// Drafts of all worlds: each ticks like any other world.
pub const DRAFTS_MAX: usize = 16;
/// Characters of a draft's title.
pub const DRAFT_TITLE_CHARS_MAX: usize = 60;
/// Operations with which a draft is published: as many as a world lets one batch count.
pub const PUBLISH_OPERATIONS_MAX: usize = 4_000;
/// How often publishing is tried while the world is changed meanwhile.
pub const PUBLISH_TRIES_MAX: u32 = 4;
/// Conflicts that are told one by one.
pub const CONFLICTS_TOLD_MAX: usize = 200;
/// How long the thread of a draft that has ended sends on what was on its way to it.
pub const FORWARD_FOR: Duration = Duration::from_secs(2);
/// Worlds of one recording.
pub const RECORDED_WORLDS_MAX: usize = 256;
/// Ticks between two checkpoints of a recording.
pub const CHECKPOINT_TICKS: u32 = 300;
/// A world whose tick has not advanced for this long is not alive.
pub const ALIVE_WITHIN: Duration = Duration::from_secs(5);
/// First pause before a world that failed is restarted; doubled each time.
pub const RESTART_PAUSE_MIN: Duration = Duration::from_secs(1);
/// Longest pause before a world that failed is restarted.
pub const RESTART_PAUSE_MAX: Duration = Duration::from_secs(30);
/// How long clients have, at shutdown, to read the reason and to hang up.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);
/// How long worlds and the recording have to end.
pub const END_TIMEOUT: Duration = Duration::from_secs(5);
/// How long, at its end, a server lets answers run on that it has models asked for by other servers.
pub const WORKER_GRACE: Duration = Duration::from_secs(3);
/// The process ends after this long, whatever happens.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(9);
/// After a signal to end, the same signal once more within this time is an echo of it.
pub const SIGNAL_ECHO_MAX: Duration = Duration::from_secs(1);
/// What worlds may have asked of minds and nobody has looked at yet; more is refused.
pub const MIND_CALLS_MAX: usize = 4_096;
/// Answers that are thought of at once; more asks are refused.
pub const THOUGHTS_MAX: usize = 512;
/// People who have come, of whom companions are asked at once what they think; of others it is known
/// with their first answer.
pub const MEETINGS_MAX: usize = 64;
/// Companions of a world that know of somebody who comes what they think of them; others know it with
/// their first answer.
pub const BONDS_PER_VISIT_MAX: usize = 32;
/// How often what was spent on answers is written to the disk, if it has changed.
pub const SPENDING_EVERY: Duration = Duration::from_secs(5);
/// Words of an answer that may be ahead of what its world has taken in.
pub const WORDS_AHEAD_MAX: usize = 16;
/// Characters of the name of a key.
pub const KEY_NAME_CHARS_MAX: usize = 80;
/// How often one key may ask for something; more is refused until later.
pub const KEY_REQUESTS: Rate = Rate { per_s: 5, burst: 60 };
/// Answers that are under way by one key; more asks are refused.
pub const CALLS_OF_KEY_MAX: usize = 4;
/// Answers that are under way by all keys; more asks are refused.
pub const CALLS_AT_ONCE_MAX: usize = 128;
/// Users of one key that are told apart in one process; more are refused.
pub const KEY_USERS_MAX: usize = 10_000;
/// Bytes of what tells a user of a key apart.
pub const KEY_USER_BYTES_MAX: usize = 256;
/// Bytes of the body of a request to a companion by a key.
pub const CALL_BODY_BYTES_MAX: usize = 256 * 1_024;
/// Messages of one such request.
pub const CALL_MESSAGES_MAX: usize = 512;
/// Characters of the message that is answered: as many as a model is told.
pub const CALL_TEXT_CHARS_MAX: usize = 600;
/// How long an answer to such a request may take in all.
pub const CALL_ANSWER_MAX: Duration = Duration::from_secs(120);
/// Bytes of the body of a request about companions: a persona and what is said beside it.
pub const COMPANION_BODY_BYTES_MAX: usize = 160 * 1_024;
/// Companions of one account; more are refused.
pub const COMPANIONS_PER_ACCOUNT_MAX: usize = 32;
/// People whom a companion knows that its owner is told of.
pub const PEOPLE_TOLD_MAX: u32 = 1_000;
/// How long a consent to a child counts.
pub const CONSENT_LIFE: Duration = Duration::from_secs(24 * 3_600);
/// Consents that wait to be used; more are refused.
pub const CONSENTS_MAX: usize = 4_096;
/// Those of one account.
pub const CONSENTS_OF_ONE_MAX: usize = 32;
/// Previews that are answered at once; more are busy.
pub const PREVIEWS_AT_ONCE_MAX: usize = 8;
/// Those of one account.
pub const PREVIEWS_OF_ONE_MAX: usize = 2;
/// How long a preview may take.
pub const PREVIEW_TIMEOUT: Duration = Duration::from_secs(120);
