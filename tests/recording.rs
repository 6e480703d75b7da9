//! A world is a recording: what was played is played again, to the same state.

use vivarium_host::{
    recording::Records,
    replay::{combined, replay},
};
use vivarium_protocol::intent::ClientMessage;
use vivarium_world::Simulation;

use crate::harness::{
    socket::{Client, server},
    towards,
};

#[tokio::test]
async fn a_recorded_visit_replays_to_the_live_digest_every_time() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("visit.recording");
    let server = server(|config| config.record = Some(file.clone())).await?;
    let mut ana = Client::enter(&server, "Ana").await?;
    let mut bo = Client::enter(&server, "Bo").await?;
    for step in 0..60 {
        // Bo pushes the ball, Ana walks through the portal, both talk.
        bo.framed().await?;
        bo.steer(towards(0, -127)).await?;
        ana.steer(towards(127, 0)).await?;
        if step % 20 == 0 {
            ana.send(&ClientMessage::Say { text: format!("step {step}") }).await?;
        }
    }
    ana.vanish();
    let live = server.shutdown().await;
    assert!(live.is_recorded);
    assert_eq!(live.worlds.len(), 2);
    for _ in 0..3 {
        let again = replay::<Simulation, _>(Records::open(&file)?, |_| ())?;
        assert!(again.is_complete);
        assert_eq!(combined(&again.worlds), combined(&live.worlds));
        for (live, again) in live.worlds.iter().zip(&again.worlds) {
            assert_eq!(
                (&live.name, live.tick, live.digest),
                (&again.name, again.tick, again.digest)
            );
            assert!(live.tick > 30, "{} ran for {} ticks only", live.name, live.tick);
        }
    }

    // A crash leaves half a record: everything before it still replays.
    let bytes = std::fs::read(&file)?;
    std::fs::write(&file, &bytes[..bytes.len() * 2 / 3])?;
    let partial = replay::<Simulation, _>(Records::open(&file)?, |_| ())?;
    assert!(!partial.is_complete);
    assert!(partial.worlds.iter().any(|world| world.tick > 0), "nothing was left to replay");
    for (live, partial) in live.worlds.iter().zip(&partial.worlds) {
        assert!(partial.tick < live.tick, "the end was cut off");
    }
    Ok(())
}
