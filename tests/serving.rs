//! The way of a visitor through a real server: in, about, through a portal, away and back.

use anyhow::Context;
use vivarium_protocol::{
    close::CloseReason,
    intent::{ClientMessage, Hello, Resume},
    limits::RESUME_TOKEN_BYTES,
    notice::ServerMessage,
    snapshot::{block::Identity, fields::avatar, schema::Facet},
    wire,
};

use crate::harness::{
    socket::{Client, Farewell, RELIABLE, get, hello, post, server},
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

#[tokio::test]
async fn who_is_cut_off_goes_on_with_the_visit_and_misses_nothing() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let mut bo = Client::enter(&server, "Bo").await?;
    let mut ana = Client::enter(&server, "Ana").await?;
    bo.told_of(|notice| matches!(notice, ServerMessage::Joined { .. })).await?;
    let (person, first_token) = (ana.person, ana.resume);
    ana.framed().await?;
    let lost = Client::connect(&server).await?;
    ana.exchange(lost).vanish();
    let changed = |present| {
        move |notice: &ServerMessage| {
            matches!(notice, ServerMessage::Changed { card }
                if card.person == person && card.present == present && card.name == "Ana")
        }
    };
    bo.told_of(changed(false)).await?;
    bo.send(&ClientMessage::Say { text: "are you there?".into() }).await?;
    bo.told_of(|notice| matches!(notice, ServerMessage::Heard { .. })).await?;

    assert_eq!(ana.come_back(&server).await?, 0);
    assert_ne!(ana.resume, first_token, "each connection gets a token of its own");
    bo.told_of(changed(true)).await?;
    ana.send(&ClientMessage::Say { text: "yes".into() }).await?;
    let mut told = Vec::new();
    while told.len() < 2 {
        match ana.told().await? {
            ServerMessage::Entered { .. } => panic!("she knows where she is"),
            ServerMessage::Heard { text, .. } => told.push(text),
            _ => {}
        }
    }
    assert_eq!(told, ["are you there?", "yes"], "what was said meanwhile, and once");
    ana.framed().await?;
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_token_that_nobody_has_makes_a_new_person_and_a_new_window_takes_over()
-> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Client::enter(&server, "Ana").await?;
    let forged = Some(Resume { token: [7; RESUME_TOKEN_BYTES], taken: None });
    let (stranger, resumed) =
        Client::join(&server, &Hello { resume: forged, ..hello("somebody else") }).await?;
    assert!(!resumed);
    assert_ne!(stranger.person, ana.person);

    // A page that was loaded again knows nothing but the token: it is told all.
    let again = Some(Resume { token: ana.resume, taken: None });
    let (mut second, resumed) =
        Client::join(&server, &Hello { resume: again, ..hello("somebody else") }).await?;
    assert!(resumed);
    assert_eq!(second.person, ana.person);
    second.told_of(|notice| matches!(notice, ServerMessage::Entered { .. })).await?;
    let Farewell { told, code } = ana.farewell().await?;
    assert_eq!(told.map(|(reason, _)| reason), Some(CloseReason::ResumedElsewhere));
    assert_eq!(code, Some(CloseReason::ResumedElsewhere.code()));
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn where_tickets_are_required_each_opens_the_door_once() -> anyhow::Result<()> {
    let server = server(|config| config.require_ticket = true).await?;
    let mut without = Client::connect(&server).await?;
    without.send_raw(RELIABLE, &wire::encode_hello(&hello("Bo"))).await?;
    let Farewell { told, .. } = without.farewell().await?;
    assert_eq!(told.map(|(reason, _)| reason), Some(CloseReason::BadTicket));

    let (status, body) = post(&server, "/api/tickets").await?;
    assert_eq!(status, 200);
    let answer: serde_json::Value = serde_json::from_str(&body)?;
    let digits = answer["ticket"].as_str().context("a ticket")?;
    let ticket: Vec<u8> = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16))
        .collect::<Result<_, _>>()?;
    let shown = Hello { ticket: Some(ticket[..].try_into()?), ..hello("Ana") };
    Client::join(&server, &shown).await?;
    let mut again = Client::connect(&server).await?;
    again.send_raw(RELIABLE, &wire::encode_hello(&shown)).await?;
    let Farewell { told, .. } = again.farewell().await?;
    assert_eq!(told.map(|(reason, _)| reason), Some(CloseReason::BadTicket));
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn goodbye_frees_the_avatar_at_once() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let mut watcher = Client::enter(&server, "Bo").await?;
    let mut ana = Client::enter(&server, "Ana").await?;
    let (person, token) = (ana.person, ana.resume);
    ana.send(&ClientMessage::Bye).await?;
    watcher.told_of(|notice| *notice == ServerMessage::Left { person }).await?;
    let again = Hello { resume: Some(Resume { token, taken: None }), ..hello("Ana") };
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
