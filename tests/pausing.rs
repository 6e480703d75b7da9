//! Physics that is paused, goes on, and is put back to how the document has it.

use serde_json::{Value, json};
use vivarium_contract::{
    Digest, WorldInput, WorldOutput,
    editing::{Change, EditRefusal, Role},
    saving::SavedPose,
};
use vivarium_host::{
    recording::Records,
    replay::{combined, replay},
    server::Server,
};
use vivarium_protocol::{
    ids::{ObjectId, PersonId},
    notice::ServerMessage,
    snapshot::{block::Identity, fields::object, schema::Facet},
};
use vivarium_scene::{
    document::{Settings, WorldDocument},
    operation::{Operation, PLACEHOLDERS},
};
use vivarium_world::Simulation;

use crate::{
    building::Builder,
    editing::{crate_at, editor},
    harness::{
        Scenario, document, floor_with,
        socket::{Client, server},
        towards, until,
    },
};

const BEAM: u32 = 2;
const FALLING: u32 = 3;
const LOPSIDED: u32 = 4;
const LIFTED: u32 = 7;

fn paused(is_paused: bool) -> Value {
    json!([{ "settings": { "physics_paused": is_paused } }])
}

/// A light beam in the way of whoever walks along x, things in the air, a seesaw, and a lift that goes up
/// where something lies on it.
fn yard() -> WorldDocument {
    let lopsided = json!({ "position_m": [0.3, 7.7, -9.1], "rotation": [0.1826, 0.3651, 0.5477, 0.7303],
        "properties": { "body": { "kind": "dynamic" }, "colliders": [
            { "shape": { "box": { "size_m": [1, 0.3, 0.2] } }, "offset_m": [0.7, 0.1, 0.3] },
            { "shape": { "ball": { "radius_m": 0.21 } }, "offset_m": [-0.33, 0, 0] }] } });
    let seesaw = json!({ "position_m": [0, 0.6, 9], "rotation": [0, 0, 0.0998, 0.995],
        "properties": { "body": { "kind": "dynamic" },
            "hinge": { "axis": [0, 0, 1], "limits_deg": [-20, 20] },
            "colliders": [{ "shape": { "box": { "size_m": [4, 0.1, 1] } }, "offset_m": [0.4, 0, 0] }] } });
    let lift = json!({ "position_m": [9, 0.1, 9], "properties": {
        "body": { "kind": "kinematic" },
        "mover": { "waypoints_m": [[0, 0, 0], [0, 3, 0]], "leg_ticks": 40 },
        "colliders": [{ "shape": { "box": { "size_m": [3, 0.2, 3] } } }] } });
    floor_with(&[
        json!({ "position_m": [2, 0.5, 0], "properties": { "body": { "kind": "dynamic" },
            "colliders": [{ "shape": { "box": { "size_m": [1, 1, 4] } }, "density_kgpm3": 5,
                "friction": 0.1 }] } }),
        crate_at([-3.0, 8.0, 0.0]),
        lopsided,
        seesaw,
        lift,
        crate_at([9.0, 0.7, 9.0]),
    ])
}

impl Scenario {
    fn pose(&self, object: u32) -> SavedPose {
        let found = self.world.poses().into_iter().find(|pose| pose.object == ObjectId(object));
        found.expect("the object is loose")
    }

    fn height_m(&self, object: u32) -> f32 {
        self.pose(object).position_m[1]
    }

    pub fn reset(&mut self, role: Role) -> Result<(), EditRefusal> {
        let editor = editor("ana", role);
        self.input(WorldInput::Edit { ask: 9, editor, change: Change::ResetPhysics });
        self.tick();
        let answer = std::mem::take(&mut self.travels).pop().expect("it is answered at once");
        match answer {
            WorldOutput::Done { ask: 9, .. } => Ok(()),
            WorldOutput::EditRefused { ask: 9, refusal } => Err(*refusal),
            other => panic!("{other:?}"),
        }
    }

    /// Where somebody sees an object (steps of the wire), and whether it lies still.
    fn sees(&mut self, person: PersonId, subject: u32) -> ([i32; 3], bool) {
        self.acknowledge(person);
        self.tick();
        let members = self.view(person).members();
        let (_, fields) = members[&Identity { facet: Facet::Object, subject }];
        let position = std::array::from_fn(|axis| fields[object::POSITION + axis]);
        (position, fields[object::REST] & object::ASLEEP != 0)
    }
}

#[test]
fn what_is_paused_stands_still_to_the_last_bit_and_goes_on() {
    let mut world = Scenario::of(yard());
    let ana = world.enter(1, "Ana");
    world.ticks(20);
    let falling = world.pose(FALLING);
    assert!(falling.linear_mps[1] < -3.0, "{falling:?}");
    world.build("ana", paused(true)).expect("builders may pause");
    let before = world.world.poses();
    assert!(
        before.iter().all(|pose| pose.linear_mps == [0.0; 3] && pose.angular_radps == [0.0; 3])
    );

    // Somebody walks against the beam, which is as a wall, and the lift goes through what lay on it.
    world.walk(ana, towards(127, 0), 90);
    assert!((1.0..1.3).contains(&world.position(ana)[0]), "{:?}", world.position(ana));
    world.ticks(400);
    assert_eq!(world.world.poses(), before);
    let (_, is_still) = world.sees(ana, FALLING);
    assert!(is_still, "pages do not believe that it goes on");

    world.build("ana", paused(false)).expect("builders let it go on");
    world.ticks(2);
    assert!(world.pose(FALLING).linear_mps[1] < 0.0, "it falls");
    world.walk(ana, towards(127, 0), 60);
    assert!(world.pose(BEAM).position_m[0] > 3.0, "it can be pushed");
    world.ticks(300);
    assert!((0.4..0.6).contains(&world.height_m(FALLING)), "{:?}", world.pose(FALLING));
    assert!(world.height_m(LOPSIDED) < 0.6, "{:?}", world.pose(LOPSIDED));
    assert!(world.height_m(LIFTED) > -0.1, "{:?}", world.pose(LIFTED));
    assert!(world.world.poses().iter().all(|pose| pose.linear_mps.iter().all(|v| v.abs() < 4.0)));
}

#[test]
fn a_pause_is_an_edit_that_can_be_undone() {
    let mut world = Scenario::of(yard());
    let ana = world.enter(1, "Ana");
    world.ticks(10);
    world.told(ana);
    world.build("ana", paused(true)).unwrap();
    let told = world.told(ana).into_iter().find_map(|notice| match notice {
        ServerMessage::Edited { operations, .. } => operations,
        _ => None,
    });
    let told: Vec<Operation> = serde_json::from_str(&told.expect("everyone is told")).unwrap();
    let expected = Settings { physics_paused: true, ..Settings::default() };
    assert_eq!(told, [Operation::Settings(expected)]);
    let height = world.height_m(FALLING);
    world.ticks(30);
    assert_eq!(world.height_m(FALLING), height);
    world.undo("ana").unwrap();
    world.ticks(10);
    assert!(world.height_m(FALLING) < height - 0.2);
    // Settings that say nothing of it let it go on, and are written without it.
    let json = serde_json::to_string(&Settings::default()).unwrap();
    assert!(!json.contains("physics_paused"), "{json}");
}

#[test]
fn what_is_put_somewhere_while_paused_stays_there() {
    let mut world = Scenario::of(yard());
    let ana = world.enter(1, "Ana");
    world.ticks(5);
    world.build("ana", paused(true)).unwrap();
    let create =
        json!([{ "create": { "object": PLACEHOLDERS, "value": crate_at([1.0, 6.0, -2.0]) } }]);
    let done = world.build("ana", create).unwrap();
    let new = done.created[0].1.0;
    // Below the floor of the world, too.
    let place = |object: u32, at: [f32; 3]| {
        json!([{ "place": { "object": object, "position_m": at, "rotation": [0, 0, 0, 1],
            "scale": [1, 1, 1] } }])
    };
    world.build("ana", place(FALLING, [-3.0, -50.0, 4.0])).unwrap();
    world.build("ana", json!([{ "set": { "object": 0, "property": { "body": null } } }])).unwrap();
    world.ticks(200);
    assert_eq!(world.pose(new).position_m, [1.0, 6.0, -2.0]);
    assert_eq!(world.pose(FALLING).position_m, [-3.0, -50.0, 4.0]);
    let (seen, is_still) = world.sees(ana, new);
    assert_eq!((seen, is_still), ([512, 6 * 512, -2 * 512], true));
    world.build("ana", place(FALLING, [-3.0, 5.0, 4.0])).unwrap();
    world.build("ana", paused(false)).unwrap();
    world.ticks(200);
    assert!(world.height_m(new) < 0.6 && world.height_m(FALLING) < 0.6);
}

#[test]
fn people_stand_on_what_is_paused_and_sensors_notice_them() {
    let mut world = Scenario::of(floor_with(&[
        crate_at([0.0, 2.0, 0.0]),
        json!({ "name": "gate", "position_m": [0, 4, 0], "properties": { "spawn": {} } }),
        json!({ "position_m": [0, 2, 0], "properties": { "sensor": { "size_m": [2, 2, 2] } } }),
    ]));
    world.build("ana", paused(true)).unwrap();
    let fallen_m = 2.0 - world.height_m(2);
    let ana = world.enter_at(1, "Ana", Some("gate"));
    world.ticks(90);
    let feet_m = world.position(ana)[1] - 0.85;
    assert!((feet_m + fallen_m - 2.5).abs() < 0.1, "stands at {feet_m}");
    let sensed: Vec<u16> = world
        .told(ana)
        .into_iter()
        .filter_map(|notice| match notice {
            ServerMessage::Sensed { object: ObjectId(4), inside } => Some(inside),
            _ => None,
        })
        .collect();
    assert_eq!(sensed.last(), Some(&2), "{sensed:?}");
}

#[test]
fn a_world_that_was_left_paused_is_opened_paused() {
    let mut json = serde_json::to_value(yard()).unwrap();
    json["settings"] = json!({ "physics_paused": true });
    let mut world = Scenario::of(document(&json));
    world.ticks(100);
    assert_eq!(world.pose(FALLING).position_m, [-3.0, 8.0, 0.0]);
    let left = SavedPose {
        object: ObjectId(FALLING),
        position_m: [-3.0, 5.5, 1.0],
        rotation: [0.0, 0.0, 0.0, 1.0],
        linear_mps: [1.0, -4.0, 0.0],
        angular_radps: [0.0, 2.0, 0.0],
    };
    world.input(WorldInput::Poses { poses: vec![left] });
    world.ticks(100);
    let still = SavedPose { linear_mps: [0.0; 3], angular_radps: [0.0; 3], ..left };
    assert_eq!(world.pose(FALLING), still);
}

#[test]
fn everything_loose_goes_back_to_the_document_at_rest() {
    let mut world = Scenario::of(yard());
    let ana = world.enter(1, "Ana");
    let begun = world.world.poses();
    world.walk(ana, towards(127, 0), 60);
    world.ticks(100);
    assert!(world.pose(BEAM).position_m[0] > 4.0, "{:?}", world.pose(BEAM));
    let place = json!([{ "place": { "object": FALLING, "position_m": [-3, 6, 0],
        "rotation": [0, 0, 0, 1], "scale": [1, 1, 1] } }]);
    world.build("ana", place).unwrap();
    world.ticks(60);
    let visitor = world.reset(Role::Visitor).unwrap_err();
    assert!(matches!(visitor, EditRefusal::Forbidden { .. }), "{visitor:?}");
    assert!(world.pose(BEAM).position_m[0] > 4.0);

    // Paused, so that it can be seen where everything is put.
    world.build("ana", paused(true)).unwrap();
    world.told(ana);
    world.reset(Role::Builder).unwrap();
    assert_eq!(world.told(ana), [], "no edit, and nobody is told of one");
    for pose in world.world.poses() {
        let begun = begun.iter().find(|begun| begun.object == pose.object).unwrap();
        let at = match pose.object {
            ObjectId(FALLING) => [-3.0, 6.0, 0.0],
            _ => begun.position_m,
        };
        // But for how a middle of mass beside the origin is rounded.
        let is_at = pose.position_m.iter().zip(at).all(|(is, was)| (is - was).abs() < 1e-6);
        assert!(is_at, "{pose:?} is not at {at:?}");
        assert_eq!(pose.rotation, begun.rotation);
        assert_eq!((pose.linear_mps, pose.angular_radps), ([0.0; 3], [0.0; 3]));
    }
    assert_eq!(world.sees(ana, BEAM), ([2 * 512, 256, 0], true));

    // While physics goes on they are let go at once.
    world.build("ana", paused(false)).unwrap();
    world.ticks(100);
    world.reset(Role::Owner).unwrap();
    assert!(world.height_m(FALLING) > 5.9);
    world.ticks(100);
    assert!(world.height_m(FALLING) < 0.6);
}

#[test]
fn pauses_and_resets_repeat_themselves_bit_for_bit() {
    let run = |pause_ticks: u32| -> Digest {
        let mut world = Scenario::of(yard());
        let ana = world.enter(1, "Ana");
        world.walk(ana, towards(127, 0), 35);
        world.build("ana", paused(true)).unwrap();
        world.walk(ana, towards(127, 30), pause_ticks);
        world.build("ana", paused(false)).unwrap();
        world.ticks(45);
        world.reset(Role::Builder).unwrap();
        world.walk(ana, towards(-127, 0), 60);
        world.digest()
    };
    assert_eq!(run(50), run(50));
    assert_ne!(run(50), run(51));
}

/// Where the ball is for whoever comes in now.
async fn ball(server: &Server) -> anyhow::Result<[f32; 3]> {
    let mut ana = Client::enter(server, "Ana").await?;
    loop {
        ana.framed().await?;
        if let Some((_, fields)) =
            ana.view.members().get(&Identity { facet: Facet::Object, subject: 3 })
        {
            return Ok(std::array::from_fn(|axis| fields[axis] as f32 / 512.0));
        }
    }
}

#[tokio::test]
async fn a_builder_pauses_and_resets_over_http_and_the_recording_repeats_it() -> anyhow::Result<()>
{
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("visit.recording");
    let server = server(|config| config.record = Some(file.clone())).await?;
    let ana = Builder::invited(&server, 1, Role::Builder).await?;
    let visitor = Builder::new(&server, 9);
    let reset = "/api/worlds/here/physics/reset";
    assert_eq!(visitor.ask(("POST", reset), "").await?.0, 403);
    // Everything slides away to the side.
    let windy = json!([{ "settings": { "gravity_mps2": [0, -9, -6] } }]);
    assert_eq!(ana.operations(windy).await?.0, 200);
    until("the ball has rolled", async || Ok(ball(&server).await?[2] <= -6.0)).await?;
    let stop = json!([{ "settings": { "gravity_mps2": [0, -9, -6], "physics_paused": true } }]);
    let (status, paused) = ana.operations(stop).await?;
    assert_eq!(status, 200, "{paused}");
    let stopped = ball(&server).await?;
    assert!(stopped[2] < -6.0 && ball(&server).await? == stopped);
    // A body as for an undo; the world stays at its revision, and nothing is to be undone.
    let (status, done) = ana.post(reset, &json!({ "name": "Ana" })).await?;
    assert_eq!(status, 200, "{done}");
    for same in ["number", "revision"] {
        assert_eq!(done[same], paused[same]);
    }
    let back = ball(&server).await?;
    assert!((back[2] + 3.0).abs() < 0.01, "{back:?}");
    assert_eq!(ana.post(reset, &json!({ "names": 1 })).await?.0, 400);
    let (_, history) = ana.ask(("GET", "/api/worlds/here/history"), "").await?;
    assert_eq!(history.as_array().map(Vec::len), Some(2), "{history}");
    // It goes on from there with an undo.
    assert_eq!(ana.post("/api/worlds/here/undo", &json!({})).await?.0, 200);
    until("the ball has rolled", async || Ok(ball(&server).await?[2] <= -6.0)).await?;
    let live = server.shutdown().await;
    let again = replay::<Simulation, _>(Records::open(&file)?, |_| ())?;
    assert_eq!(combined(&again.worlds), combined(&live.worlds));
    Ok(())
}
