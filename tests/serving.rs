//! The way of a visitor through a real server: in, about, through a portal, away and back.

use vivarium_host::server::Server;
use vivarium_protocol::{
    close::CloseReason,
    intent::{ClientMessage, Hello},
    notice::ServerMessage,
    snapshot::{block::Identity, fields::avatar, schema::Facet},
};

use crate::harness::{
    socket::{Client, Farewell, get, hello, server},
    towards,
};

#[tokio::test]
async fn two_visitors_meet_walk_and_talk() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let mut ana = Client::enter(&server, "Ana").await?;
    let mut bo = Client::enter(&server, "Bo").await?;
    let bo_id = bo.person;
    let ServerMessage::Joined { card } =
        ana.told_of(|notice| matches!(notice, ServerMessage::Joined { .. })).await?
    else {
        panic!("Ana is told that Bo came");
    };
    assert_eq!((card.person, card.name.as_str()), (bo_id, "Bo"));
    let place = |client: &Client| {
        let bo = Identity { facet: Facet::Avatar, subject: bo_id.0 };
        client.view.members().get(&bo).map(|(_, fields)| fields[avatar::POSITION])
    };
    ana.framed().await?;
    let before = loop {
        match place(&ana) {
            Some(x) => break x,
            None => ana.framed().await?,
        };
    };
    // Away from the portal.
    while place(&ana).is_some_and(|x| x > before - 512) {
        bo.framed().await?;
        bo.steer(towards(-127, 0)).await?;
        ana.framed().await?;
        ana.steer(towards(0, 0)).await?;
    }
    bo.send(&ClientMessage::Say { text: "here I am".into() }).await?;
    let heard = ana.told_of(|notice| matches!(notice, ServerMessage::Heard { .. })).await?;
    assert_eq!(heard, ServerMessage::Heard { person: bo_id, text: "here I am".into() });
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_portal_leads_to_the_other_world_in_the_same_session() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let mut ana = Client::enter(&server, "Ana").await?;
    let mut bo = Client::enter(&server, "Bo").await?;
    bo.framed().await?;
    let entered = loop {
        // Notices and packets come in the order in which they were sent.
        ana.steer(towards(127, 0)).await?;
        match tokio::time::timeout(std::time::Duration::from_millis(20), ana.told()).await {
            Ok(Ok(ServerMessage::Entered { world, people, .. })) => break (world, people),
            Ok(other) => drop(other?),
            Err(_) => {}
        }
    };
    assert_eq!(entered.0, "there");
    assert_eq!(entered.1.len(), 1);
    assert_eq!(entered.1[0].person, ana.person, "the person is the same in every world");
    ana.framed().await?;
    let seen: Vec<Identity> = ana.view.members().into_keys().collect();
    let ball = Identity { facet: Facet::Object, subject: 3 };
    let herself = Identity { facet: Facet::Avatar, subject: ana.person.0 };
    assert_eq!(seen, [herself, ball], "nothing of the old world is in the new one");
    bo.told_of(|notice| *notice == ServerMessage::Left { person: ana.person }).await?;
    server.shutdown().await;
    Ok(())
}

async fn resumed(server: &Server, client: &Client) -> anyhow::Result<(Client, bool)> {
    let hello = Hello { resume: Some(client.resume), ..hello("somebody else") };
    Client::join(server, &hello).await
}

#[tokio::test]
async fn who_is_cut_off_comes_back_to_the_same_avatar() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let mut watcher = Client::enter(&server, "Bo").await?;
    let ana = Client::enter(&server, "Ana").await?;
    let (person, resume) = (ana.person, ana.resume);
    ana.vanish();
    let changed = |present| {
        move |notice: &ServerMessage| {
            matches!(notice, ServerMessage::Changed { card }
                if card.person == person && card.present == present && card.name == "Ana")
        }
    };
    watcher.told_of(changed(false)).await?;
    let again = Hello { resume: Some(resume), ..hello("somebody else") };
    let (mut ana, resumed_session) = Client::join(&server, &again).await?;
    assert!(resumed_session);
    assert_eq!(ana.person, person);
    assert_eq!(ana.resume, resume, "the token holds as long as the visit");
    watcher.told_of(changed(true)).await?;
    ana.framed().await?;

    // A token that nobody was given makes a new person.
    let forged = Hello { resume: Some([7; 16]), ..hello("somebody else") };
    let (stranger, resumed_session) = Client::join(&server, &forged).await?;
    assert!(!resumed_session);
    assert_ne!(stranger.person, person);

    // A second window takes over, and the first is told why.
    let (_second, resumed_session) = resumed(&server, &ana).await?;
    assert!(resumed_session);
    let Farewell { told, code } = ana.farewell().await?;
    assert_eq!(told.map(|(reason, _)| reason), Some(CloseReason::ResumedElsewhere));
    assert_eq!(code, Some(CloseReason::ResumedElsewhere.code()));
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn goodbye_frees_the_avatar_at_once() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let mut watcher = Client::enter(&server, "Bo").await?;
    let mut ana = Client::enter(&server, "Ana").await?;
    let (person, resume) = (ana.person, ana.resume);
    ana.send(&ClientMessage::Bye).await?;
    watcher.told_of(|notice| *notice == ServerMessage::Left { person }).await?;
    let again = Hello { resume: Some(resume), ..hello("Ana") };
    assert!(!Client::join(&server, &again).await?.1);
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_server_that_stops_says_so_and_ends() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Client::enter(&server, "Ana").await?;
    let (farewell, ended) = tokio::join!(ana.farewell(), server.shutdown());
    let farewell = farewell?;
    assert_eq!(farewell.told.map(|(reason, _)| reason), Some(CloseReason::ShuttingDown));
    assert_eq!(farewell.code, Some(CloseReason::ShuttingDown.code()));
    assert_eq!(ended.worlds.len(), 2);
    Ok(())
}

#[tokio::test]
async fn operators_see_how_the_server_is() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let mut ana = Client::enter(&server, "Ana").await?;
    ana.framed().await?;
    let (status, body) = get(&server, "/livez").await?;
    assert_eq!(status, 200, "{body}");
    assert_eq!(get(&server, "/readyz").await?.0, 200);
    let (status, worlds) = get(&server, "/api/worlds").await?;
    assert_eq!(status, 200);
    assert!(worlds.contains("\"here\"") && worlds.contains("\"there\""), "{worlds}");
    let (status, metrics) = get(&server, "/metrics").await?;
    assert_eq!(status, 200);
    for wanted in ["phase=\"simulate\"", "world=\"here\"", "late_ticks", "# EOF"] {
        assert!(metrics.contains(wanted), "no {wanted} in\n{metrics}");
    }
    assert!(!metrics.contains("Ana"), "metrics hold no personal data");
    let (status, document) = get(&server, "/worlds/here.json").await?;
    assert_eq!(status, 200);
    vivarium_scene::load::from_json(document.as_bytes())?;
    assert_eq!(get(&server, "/worlds/nowhere.json").await?.0, 404);
    assert_eq!(get(&server, "/worlds/..%2F..%2FCargo.toml").await?.0, 404);
    assert_eq!(get(&server, "/assets/..%2f..%2fCargo.toml").await?.0, 404);
    server.shutdown().await;
    Ok(())
}
