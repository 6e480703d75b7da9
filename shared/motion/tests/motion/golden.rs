//! Recordings of five-minute walks. `cargo test` and vitest replay the same files and compare the
//! bits of every tick. `UPDATE_GOLDEN=1 cargo test -p vivarium-motion` writes them anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use serde::{Deserialize, Serialize};
use vivarium_motion::{AvatarState, Proxy, QueryWorld, consts};
use vivarium_protocol::{ids::ObjectId, intent::Input};
use vivarium_scene::{document::WorldDocument, load};

use crate::{
    course::course,
    walker::{Dice, Stop, Walker, loose_nearby},
};

/// Five minutes.
const TICKS: u32 = 9_000;
/// Ticks between full states.
const STATE_TICKS: u32 = 100;
/// Ticks in which loose bodies are near, in the course.
const LOOSE_TICKS: std::ops::Range<u32> = 6_000..7_500;
/// Ticks between changes of the loose bodies.
const LOOSE_STEP_TICKS: u32 = 20;

/// The file that both languages read.
#[derive(Serialize, Deserialize)]
struct Recording {
    /// Numbers of [`consts`] by name.
    constants: BTreeMap<String, f32>,
    /// The world; absent: `assets/worlds/<world>.json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<WorldDocument>,
    /// Name of the world.
    world: String,
    /// FNV-1a of the document's file, to tell a changed world from a broken step.
    document_hash: u32,
    /// Centre of the capsule before the first tick, and again after a fall below the floor.
    start_m: [f32; 3],
    /// Ticks, move_x, move_z, buttons; one after another.
    inputs: Vec<(u32, i8, i8, u8)>,
    /// From which tick on which loose bodies are near.
    loose: Vec<(u32, Vec<Near>)>,
    /// Every hundredth state, as bits.
    states: Vec<(u32, [u32; 8])>,
    /// Four hexadecimal digits per tick; see [`digest`].
    digests: String,
}

#[derive(Serialize, Deserialize)]
struct Near {
    object: u32,
    position_m: [f32; 3],
    rotation: [f32; 4],
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn fnv(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// FNV-1a over the words of a state, folded to 16 bits.
fn digest(state: &AvatarState) -> u16 {
    let hash = state
        .bits()
        .iter()
        .fold(0x811c_9dc5, |hash: u32, word| (hash ^ word).wrapping_mul(0x0100_0193));
    (hash >> 16) as u16 ^ hash as u16
}

fn constants() -> BTreeMap<String, f32> {
    let named: [(&str, f32); 26] = [
        ("CAPSULE_RADIUS_M", consts::CAPSULE_RADIUS_M),
        ("CAPSULE_HEIGHT_M", consts::CAPSULE_HEIGHT_M),
        ("CAPSULE_HALF_SEGMENT_M", consts::CAPSULE_HALF_SEGMENT_M),
        ("WALK_MPS", consts::WALK_MPS),
        ("RUN_MPS", consts::RUN_MPS),
        ("JUMP_MPS", consts::JUMP_MPS),
        ("GROUND_ACCELERATION_MPS2", consts::GROUND_ACCELERATION_MPS2),
        ("AIR_ACCELERATION_MPS2", consts::AIR_ACCELERATION_MPS2),
        ("TERMINAL_MPS", consts::TERMINAL_MPS),
        ("FALL_EXCESS_MPS", consts::FALL_EXCESS_MPS),
        ("STEP_HEIGHT_M", consts::STEP_HEIGHT_M),
        ("STEP_WIDTH_M", consts::STEP_WIDTH_M),
        ("SLOPE_MAX_RAD", consts::SLOPE_MAX_RAD),
        ("SLOPE_NORMAL_Y_MIN", consts::SLOPE_NORMAL_Y_MIN),
        ("SNAP_M", consts::SNAP_M),
        ("OFFSET_M", consts::OFFSET_M),
        ("NORMAL_NUDGE", consts::NORMAL_NUDGE),
        ("RIDE_M", consts::RIDE_M),
        ("RIDE_NORMAL_Y_MIN", consts::RIDE_NORMAL_Y_MIN),
        ("COYOTE_TICKS", f32::from(consts::COYOTE_TICKS)),
        ("WEDGE_TRIAL_M", consts::WEDGE_TRIAL_M),
        ("WEDGE_SLIP_M", consts::WEDGE_SLIP_M),
        ("COORDINATE_M_MAX", consts::COORDINATE_M_MAX),
        ("PROXY_SLOTS", consts::PROXY_SLOTS as f32),
        ("PROXY_COLLIDER_SLOTS", consts::PROXY_COLLIDER_SLOTS as f32),
        ("AVATAR_MASS_KG", consts::AVATAR_MASS_KG),
    ];
    named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What the replay of a recording passes through: the state after each tick.
fn replay(
    recording: &Recording,
    document: &WorldDocument,
    mut seen: impl FnMut(u32, &AvatarState),
) {
    let mut world = QueryWorld::new(document).expect("the geometry is good");
    let mut state = AvatarState::at(recording.start_m);
    let mut loose = recording.loose.iter().peekable();
    let mut tick = 0;
    for (ticks, move_x, move_z, buttons) in &recording.inputs {
        let input =
            Input { move_x: *move_x, move_z: *move_z, buttons: *buttons, ..Input::default() };
        for _ in 0..*ticks {
            tick += 1;
            world.begin_tick(tick);
            if let Some((_, near)) = loose.next_if(|(from, _)| *from == tick) {
                let proxies: Vec<Proxy> = near.iter().map(proxy).collect();
                world.set_proxies(&proxies);
            }
            state = world.step(&state, &input).state;
            if state.position_m[1] < document.settings.floor_m {
                state = AvatarState::at(recording.start_m);
            }
            seen(tick, &state);
        }
    }
}

fn proxy(near: &Near) -> Proxy {
    Proxy { object: ObjectId(near.object), position_m: near.position_m, rotation: near.rotation }
}

fn record(
    document: &WorldDocument,
    document_hash: u32,
    embed: bool,
    start_m: [f32; 3],
    tour: Vec<Stop>,
) -> Recording {
    let mut recording = Recording {
        constants: constants(),
        document: embed.then(|| document.clone()),
        world: document.name.clone(),
        document_hash,
        start_m,
        inputs: Vec::new(),
        loose: Vec::new(),
        states: Vec::new(),
        digests: String::new(),
    };
    let mut world = QueryWorld::new(document).expect("the geometry is good");
    let mut state = AvatarState::at(start_m);
    let mut walker = Walker::new(0x5eed_1234, tour);
    let mut dice = Dice::new(0xb0d1_e555);
    for tick in 1..=TICKS {
        world.begin_tick(tick);
        let busy = embed && LOOSE_TICKS.contains(&tick);
        if busy && tick.is_multiple_of(LOOSE_STEP_TICKS) {
            let near = loose_nearby(&mut dice, document, &state);
            world.set_proxies(&near);
            recording.loose.push((tick, near.iter().map(noted).collect()));
        } else if embed && tick == LOOSE_TICKS.end {
            world.set_proxies(&[]);
            recording.loose.push((tick, Vec::new()));
        }
        let input = walker.input(tick, document, &state);
        state = world.step(&state, &input).state;
        if state.position_m[1] < document.settings.floor_m {
            state = AvatarState::at(start_m);
        }
        let held = (input.move_x, input.move_z, input.buttons);
        match recording.inputs.last_mut() {
            Some(last) if (last.1, last.2, last.3) == held => last.0 += 1,
            _ => recording.inputs.push((1, held.0, held.1, held.2)),
        }
        if tick.is_multiple_of(STATE_TICKS) {
            recording.states.push((tick, state.bits()));
        }
        recording.digests.push_str(&format!("{:04x}", digest(&state)));
    }
    recording
}

fn noted(proxy: &Proxy) -> Near {
    Near { object: proxy.object.0, position_m: proxy.position_m, rotation: proxy.rotation }
}

/// Writes the recording when asked to, reads it, and replays it.
fn check(
    name: &str,
    document: &WorldDocument,
    document_hash: u32,
    embed: bool,
    start_m: [f32; 3],
    tour: Vec<Stop>,
) -> Vec<AvatarState> {
    let path = root().join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let recording = record(document, document_hash, embed, start_m, tour);
        let text = serde_json::to_string(&recording).expect("a recording is plain data");
        fs::create_dir_all(path.parent().expect("the path has a folder")).expect("writable");
        fs::write(&path, text).expect("the golden folder is writable");
    }
    let again = "run: UPDATE_GOLDEN=1 cargo test -p vivarium-motion";
    let text = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{name} is missing; {again}"));
    let recording: Recording = serde_json::from_str(&text).expect("the recording is readable");
    assert_eq!(recording.document_hash, document_hash, "the world of {name} changed; {again}");
    assert_eq!(recording.constants, constants(), "constants changed; {again}");
    let document = recording.document.as_ref().unwrap_or(document);
    let mut states = Vec::new();
    let mut wrong = Vec::new();
    replay(&recording, document, |tick, state| {
        let at = (tick as usize - 1) * 4;
        if recording.digests[at..at + 4] != format!("{:04x}", digest(state)) {
            wrong.push(tick);
        }
        let full = recording.states.iter().find(|(at, _)| *at == tick);
        if full.is_some_and(|(_, bits)| *bits != state.bits()) {
            wrong.push(tick);
        }
        states.push(*state);
    });
    assert_eq!(states.len() as u32, TICKS);
    assert_eq!(wrong.len(), 0, "{name} goes another way from tick {:?} on; {again}", wrong.first());
    states
}

fn stop(x: f32, z: f32, wait_ticks: u32, runs: bool) -> Stop {
    Stop { x, z, wait_ticks, runs, leaves_every: 0 }
}

/// Waits for a platform that is at rest here in the ticks that `period` divides.
fn pier(x: f32, z: f32, period: u32) -> Stop {
    Stop { x, z, wait_ticks: 5, runs: false, leaves_every: period }
}

/// Once around everything in the course.
fn tour() -> Vec<Stop> {
    let mut tour = vec![stop(7.0, 0.0, 0, false), stop(14.6, 0.0, 20, false)];
    tour.push(stop(7.0, 0.0, 0, true));
    for ramp in 0..5 {
        let z = -8.0 - 6.0 * ramp as f32;
        tour.extend([stop(3.0, z, 0, false), stop(8.5, z, 10, ramp % 2 == 0)]);
        tour.push(stop(3.0, z, 0, true));
    }
    tour.extend([stop(0.0, 10.0, 0, true), stop(4.0, 15.0, 0, true), stop(-6.0, 5.0, 0, false)]);
    tour.extend([stop(-6.0, 8.0, 0, true), stop(-10.0, 2.0, 10, false)]);
    tour.extend([
        stop(16.0, 16.0, 0, true),
        stop(20.0, 20.0, 15, true),
        stop(21.5, 21.5, 0, false),
    ]);
    tour.extend([stop(10.0, 24.0, 0, false), stop(3.0, 22.0, 0, false), stop(-2.0, 20.5, 0, true)]);
    tour.extend([
        stop(-4.0, 24.0, 0, true),
        stop(-8.0, 22.0, 10, true),
        stop(-14.0, 20.0, 0, false),
    ]);
    tour.extend([pier(-20.0, -3.0, 390), stop(-20.0, 0.0, 500, false)]);
    tour.extend([pier(-26.0, -3.0, 300), stop(-26.0, 0.0, 500, false)]);
    tour.extend([pier(-32.0, 1.0, 380), stop(-32.0, 4.0, 500, false)]);
    tour.extend([stop(-30.0, -16.0, 0, true), stop(-30.0, -30.0, 10, true)]);
    tour
}

#[test]
fn the_course_is_walked_as_recorded() {
    let states = check("motion.json", &course(), 0, true, [0.0, 2.0, 0.0], tour());

    // The recording is worth something only if the walk came everywhere.
    let highest = |x: [f32; 2], z: [f32; 2]| {
        let inside = |state: &&AvatarState| {
            let [px, _, pz] = state.position_m;
            state.grounded && px > x[0] && px < x[1] && pz > z[0] && pz < z[1]
        };
        let heights = states.iter().filter(inside).map(|state| state.position_m[1]);
        heights.fold(f32::MIN, f32::max)
    };
    assert!(highest([13.0, 16.0], [-1.5, 1.5]) > 2.8, "stands on top of the stairs");
    assert!(highest([5.0, 11.0], [-22.0, -18.0]) > 3.0, "walks up 45 degrees");
    assert!(highest([-28.0, -24.0], [-2.0, 2.0]) > 4.5, "rides the lift");
    assert!(highest([-22.0, -18.0], [10.0, 16.0]) > 1.1, "rides the ferry");
    assert!(highest([-40.0, -36.0], [8.0, 12.0]) > 2.0, "rides around the corner");
    assert!(highest([-33.0, -27.0], [-33.0, -27.0]) > 4.0, "stands on the hill");
    assert!(highest([18.0, 22.0], [18.0, 22.0]) > 1.8, "stands on the mesh");
    assert!(highest([2.0, 4.0], [21.0, 23.0]) > 1.1, "stands on the cylinder");
    let jumps = states.windows(2).filter(|pair| pair[0].grounded && pair[1].velocity_mps[1] > 4.0);
    assert!(jumps.count() > 60, "jumps often");
}

/// The worlds that are shipped.
#[test]
fn the_shipped_worlds_are_walked_as_recorded() {
    for world in ["plaza", "garden"] {
        let path = root().join("assets/worlds").join(format!("{world}.json"));
        let json = fs::read(&path).expect("the world is shipped");
        let document = load::from_json(&json).expect("a shipped world is valid");
        let spawns = document.objects.iter();
        let spawn = spawns.clone().find(|object| document.resolved(object).spawn.is_some());
        let [x, y, z] = spawn.expect("a shipped world has a spawn point").position_m;
        let states = check(
            &format!("motion-{world}.json"),
            &document,
            fnv(&json),
            false,
            [x, y + 1.0, z],
            Vec::new(),
        );
        let grounded = states.iter().filter(|state| state.grounded).count();
        assert!(grounded > states.len() / 4, "{world}: on the ground for {grounded} ticks");
        let cell = |state: &AvatarState| {
            let [x, _, z] = state.position_m;
            ((x / 4.0) as i32, (z / 4.0) as i32)
        };
        let cells: BTreeSet<(i32, i32)> = states.iter().map(cell).collect();
        assert!(cells.len() > 60, "{world}: came through {} squares of 4 m", cells.len());
    }
}
