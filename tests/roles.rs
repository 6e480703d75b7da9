//! Who may do what in a world: seen and changed by its owners, kept like everything else.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use vivarium_contract::editing::Role;
use vivarium_host::{config::ServerConfig, kept::Kept, server::Server};
use vivarium_protocol::{
    ids::ObjectId,
    intent::{ClientMessage, Hello},
    notice::{Denial, ServerMessage},
};
use vivarium_scene::operation::{Operation, PLACEHOLDERS};

use crate::{
    building::{Builder, account, document, post_at},
    harness::{
        changes::{field, kinds},
        socket::{Client, hello, server, worlds},
    },
    versions::{ok, refused, status},
};

const ROLES: &str = "/api/worlds/here/roles";
const HISTORY: &str = "/api/worlds/here/history";

fn permission(number: u8, from: &str, to: &str) -> Value {
    json!({ "permission": {
        "account": account(number), "name": format!("P{number}"), "from": from, "to": to } })
}

/// Accounts by their numbers, and their roles.
async fn told_roles(owner: &Builder) -> anyhow::Result<Vec<(u8, String)>> {
    let (status, told) = owner.ask(("GET", ROLES), "").await?;
    ensure!(status == 200, "{told}");
    let list = told.as_array().context("a list")?;
    let people = list.iter().map(|person| {
        let number = (1..20).find(|number| person["account"] == json!(account(*number)));
        Some((number?, person["role"].as_str()?.to_owned()))
    });
    let mut people: Vec<_> = people.collect::<Option<_>>().with_context(|| told.to_string())?;
    people.sort();
    Ok(people)
}

fn person(number: u8, role: &str) -> (u8, String) {
    (number, role.to_owned())
}

#[tokio::test]
async fn owners_see_who_may_do_what_and_change_it() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Builder::invited(&server, 1, Role::Owner).await?;
    let bo = Builder::invited(&server, 2, Role::Builder).await?;
    let visitor = Builder::new(&server, 3);
    assert_eq!(visitor.ask(("GET", ROLES), "").await?.0, 403);
    assert_eq!(bo.ask(("GET", ROLES), "").await?.0, 403);
    assert_eq!(told_roles(&ana).await?, [person(1, "owner"), person(2, "builder")]);

    // Bo is inside, chooses something, and is then a visitor.
    let mut key = [0; 32];
    key[31] = 2;
    let (mut inside, _) = Client::join(&server, &Hello { key: Some(key), ..hello("Bo") }).await?;
    let mut other = Client::enter(&server, "Vi").await?;
    inside.send(&ClientMessage::Select { objects: vec![ObjectId(3)] }).await?;
    other.told_of(|told| matches!(told, ServerMessage::Selected { .. })).await?;
    assert_eq!(bo.operations(post_at(1.0, "a")).await?.0, 200);
    for nobody in [&visitor, &bo] {
        let taken = nobody.operations(json!([permission(2, "builder", "owner")])).await?;
        assert_eq!((taken.0, &taken.1["error"]), (403, &json!("forbidden")), "{}", taken.1);
    }
    let (status, done) = ana.operations(json!([permission(2, "builder", "visitor")])).await?;
    assert_eq!((status, &done["revision"]), (200, &json!(2)), "{done}");
    // Everyone hears of it.
    other.told_of(|told| matches!(told, ServerMessage::Edited { number: 2, .. })).await?;
    assert_eq!(bo.operations(post_at(2.0, "b")).await?.0, 403);
    assert_eq!(bo.ask(("GET", HISTORY), "").await?.0, 403);
    inside.send(&ClientMessage::Select { objects: vec![ObjectId(3)] }).await?;
    let denied = inside.told_of(|told| matches!(told, ServerMessage::Denied { .. })).await?;
    assert_eq!(denied, ServerMessage::Denied { denial: Denial::NotAllowed });
    inside.send(&ClientMessage::Select { objects: Vec::new() }).await?;
    let told = other.told_of(|told| matches!(told, ServerMessage::Selected { .. })).await?;
    assert_eq!(told, ServerMessage::Selected { person: inside.person, objects: Vec::new() });

    // And is an owner.
    let gives = json!([permission(2, "visitor", "builder"), permission(2, "builder", "owner")]);
    assert_eq!(ana.operations(gives).await?.0, 200);
    assert_eq!(told_roles(&bo).await?, [person(1, "owner"), person(2, "owner")]);
    let (_, told) = bo.ask(("GET", ROLES), "").await?;
    let named = |name: &str, number: u8, you: bool| {
        json!({ "account": account(number), "name": name, "role": "owner", "everywhere": false,
            "you": you })
    };
    assert!(told.as_array().context("a list")?.contains(&named("P2", 2, true)), "{told}");
    // Whoever changes something is known by the name that they use.
    assert!(told.as_array().context("a list")?.contains(&named("Ana", 1, false)), "{told}");

    // It is in the log, and in nobody's undo.
    let (_, history) = bo.ask(("GET", HISTORY), "").await?;
    assert_eq!(history[1]["operations"], json!([permission(2, "builder", "visitor")]));
    assert_eq!(history[1]["name"], "Ana");
    let (status, nothing) = ana.post("/api/worlds/here/undo", &json!({})).await?;
    assert_eq!((status, &nothing["error"]), (409, &json!("nothing")), "{nothing}");
    let restore = json!({ "revision": 1, "name": "Ana" });
    let (_, nothing) = ana.post("/api/worlds/here/restore", &restore).await?;
    assert_eq!(nothing["error"], "nothing", "the world is as it was: {nothing}");
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn roles_that_are_otherwise_by_now_stay_as_they_are() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Builder::invited(&server, 1, Role::Owner).await?;
    Builder::invited(&server, 2, Role::Builder).await?;
    let roles = server.roles().clone();
    let everywhere = tokio::task::spawn_blocking(move || {
        let secret = roles.invite(None, Role::Builder, 60)?;
        roles.redeem(&secret, &account(3), "Cy")
    });
    everywhere.await??.context("the invitation counts")?;
    for (operations, code, index) in [
        (json!([permission(2, "visitor", "owner")]), "other_role", 0),
        (
            json!([permission(4, "visitor", "builder"), permission(4, "visitor", "owner")]),
            "other_role",
            1,
        ),
        (json!([permission(3, "builder", "visitor")]), "everywhere", 0),
        (json!([permission(1, "owner", "builder")]), "last_owner", 0),
    ] {
        let (status, refused) = ana.operations(operations).await?;
        assert_eq!((status, &refused["error"]), (409, &json!(code)), "{refused}");
        assert_eq!(refused["operation"], json!(index), "{refused}");
        let current = if code == "other_role" { json!("builder") } else { Value::Null };
        assert_eq!(refused["current"], current, "{refused}");
    }
    let strange = json!([{ "permission": {
        "account": "ana", "name": "Ana", "from": "visitor", "to": "builder" } }]);
    let (status, refused) = ana.operations(strange).await?;
    assert_eq!(status, 422, "{refused}");
    assert!(refused["text"].as_str().unwrap_or_default().contains("account"), "{refused}");
    let all = [person(1, "owner"), person(2, "builder"), person(3, "builder")];
    assert_eq!(told_roles(&ana).await?, all);
    let (_, listed) = ana.ask(("GET", ROLES), "").await?;
    let is_everywhere = |person: &&Value| person["everywhere"] == json!(true);
    let everywhere: Vec<_> =
        listed.as_array().context("a list")?.iter().filter(is_everywhere).collect();
    assert_eq!((everywhere.len(), &everywhere[0]["name"]), (1, &json!("Cy")));
    // Whoever builds everywhere may own one world besides.
    assert_eq!(ana.operations(json!([permission(3, "builder", "owner")])).await?.0, 200);
    assert_eq!(ana.operations(json!([permission(1, "owner", "visitor")])).await?.0, 200);
    assert_eq!(ana.ask(("GET", ROLES), "").await?.0, 403);
    server.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn owners_who_take_each_others_role_leave_one_of_them() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Builder::invited(&server, 1, Role::Owner).await?;
    let bo = Builder::invited(&server, 2, Role::Owner).await?;
    for _ in 0..10 {
        let (takes, taken) = (
            json!([permission(2, "owner", "visitor")]),
            json!([permission(1, "owner", "visitor")]),
        );
        let (ana_did, bo_did) = tokio::join!(ana.operations(takes), bo.operations(taken));
        let (ana_did, bo_did) = (ana_did?, bo_did?);
        let mut statuses = [ana_did.0, bo_did.0];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 403], "{} {}", ana_did.1, bo_did.1);
        let (left, gone) = if ana_did.0 == 200 { (&ana, 2) } else { (&bo, 1) };
        assert_eq!(told_roles(left).await?.len(), 1);
        assert_eq!(left.operations(json!([permission(gone, "visitor", "owner")])).await?.0, 200);
    }
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn whoever_redeems_an_invitation_is_in_the_log_and_known_by_name() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Builder::invited(&server, 1, Role::Owner).await?;
    let mut visitor = Client::enter(&server, "Vi").await?;
    let invite = json!({ "role": "builder", "expires_in_s": 60 });
    let (_, invited) = ana.post("/api/worlds/here/invitations", &invite).await?;
    let bo = Builder::new(&server, 2);
    let shown = json!({ "invitation": invited["invitation"], "name": " Bo\u{202E} " });
    let (status, redeemed) = bo.post("/api/invitations", &shown).await?;
    assert_eq!((status, redeemed), (200, json!({ "world": "here", "role": "builder" })));
    assert_eq!(bo.post("/api/invitations", &shown).await?.0, 404, "it counts once");
    visitor.told_of(|told| matches!(told, ServerMessage::Edited { number: 1, .. })).await?;
    let (_, history) = bo.ask(("GET", HISTORY), "").await?;
    let said = json!({ "permission": {
        "account": account(2), "name": "Bo", "from": "visitor", "to": "builder" } });
    assert_eq!((&history[0]["operations"], &history[0]["name"]), (&json!([said]), &json!("Bo")));
    let (_, told) = ana.ask(("GET", ROLES), "").await?;
    assert_eq!((&told[1]["name"], &told[1]["role"]), (&json!("Bo"), &json!("builder")), "{told}");
    // An invitation that gives nothing more is no news, and so is one for everything.
    let (_, invited) = ana.post("/api/worlds/here/invitations", &invite).await?;
    let shown = json!({ "invitation": invited["invitation"], "name": "Bob" });
    assert_eq!(bo.post("/api/invitations", &shown).await?.0, 200);
    assert_eq!(ana.ask(("GET", HISTORY), "").await?.1.as_array().map(Vec::len), Some(1));
    assert_eq!(ana.ask(("GET", ROLES), "").await?.1[1]["name"], "Bob");
    // And so is what somebody calls themselves at the door.
    let mut key = [0; 32];
    key[31] = 2;
    let robert = Hello { key: Some(key), ..hello(" Robert ") };
    Client::join(&server, &robert).await?;
    assert_eq!(ana.ask(("GET", ROLES), "").await?.1[1]["name"], "Robert");
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn an_invitation_counts_as_long_as_who_has_made_it_owns_the_world() -> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let ana = Builder::invited(&server, 1, Role::Owner).await?;
    let bo = Builder::invited(&server, 2, Role::Owner).await?;
    let invite = json!({ "role": "owner", "expires_in_s": 60 });
    let mut shown = Vec::new();
    for owner in [&bo, &bo, &ana] {
        let (status, invited) = owner.post("/api/worlds/here/invitations", &invite).await?;
        ensure!(status == 200, "{invited}");
        shown.push(json!({ "invitation": invited["invitation"] }));
    }
    assert_eq!(Builder::new(&server, 3).post("/api/invitations", &shown[0]).await?.0, 200);
    let (status, done) = ana.operations(json!([permission(2, "owner", "visitor")])).await?;
    ensure!(status == 200, "{done}");
    // What they have made for themselves, while they might.
    for number in [2, 4] {
        let late = Builder::new(&server, number);
        let (status, told) = late.post("/api/invitations", &shown[1]).await?;
        assert_eq!((status, &told["error"]), (404, &json!("void")), "{told}");
    }
    assert_eq!(told_roles(&ana).await?, [person(1, "owner"), person(3, "owner")]);
    // Nobody puts another's name to it.
    let made = |at: usize| shown[at]["invitation"].as_str().unwrap_or_default();
    let forged = json!({ "invitation": format!("{}{}", &made(1)[..32], &made(2)[32..]) });
    assert_eq!(bo.post("/api/invitations", &forged).await?.0, 404);
    assert_eq!(Builder::new(&server, 5).post("/api/invitations", &shown[2]).await?.0, 200);
    server.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn roles_are_as_they_were_left_and_files_of_operations_change_them_too() -> anyhow::Result<()>
{
    let data = tempfile::tempdir()?;
    let open = || -> anyhow::Result<_> {
        let mut kept = Kept::open(data.path())?;
        let sources = worlds().into_iter().map(|source| kept.restored(source));
        let sources = sources.collect::<Result<Vec<_>, _>>()?;
        Ok((sources, kept))
    };
    let start = async || -> anyhow::Result<Server> {
        let (sources, kept) = open()?;
        let config = ServerConfig { data: data.path().to_owned(), ..ServerConfig::on_free_port() };
        Ok(Server::start_kept(config, sources, kept.into_store()).await?)
    };
    let first = start().await?;
    let ana = Builder::invited(&first, 1, Role::Owner).await?;
    assert_eq!(ana.operations(json!([permission(2, "visitor", "builder")])).await?.0, 200);
    assert_eq!(ana.operations(json!([permission(4, "visitor", "owner")])).await?.0, 200);
    assert_eq!(ana.operations(json!([permission(4, "owner", "visitor")])).await?.0, 200);
    first.shutdown().await;

    let (sources, mut kept) = open()?;
    let operations = |json: Value| serde_json::from_value::<Vec<Operation>>(json);
    let takes = operations(json!([
        permission(2, "builder", "visitor"),
        permission(3, "visitor", "owner")
    ]))?;
    assert_eq!(kept.apply(&sources[0], "ana", takes.clone())?, 4);
    let refused = kept.apply(&sources[0], "ana", takes).unwrap_err().to_string();
    assert!(refused.contains("operations[0]") && refused.contains("Visitor"), "{refused}");
    drop(kept);

    let second = start().await?;
    let ana = Builder::new(&second, 1);
    assert_eq!(told_roles(&ana).await?, [person(1, "owner"), person(3, "owner")]);
    second.shutdown().await;
    Ok(())
}

/// One operation of every kind, and some more: those that client and server agree on.
fn golden_operations() -> anyhow::Result<Vec<Value>> {
    let golden: Value = serde_json::from_str(include_str!("golden/edits.json"))?;
    let cases = golden["cases"].as_array().context("cases")?.iter();
    let operations: Vec<Value> =
        cases.filter_map(|case| case["operations"].as_array().cloned()).flatten().collect();
    let found = operations.iter().map(|operation| field(operation).to_owned()).collect();
    ensure!(kinds() == found, "there is something of {found:?} alone");
    Ok(operations)
}

#[tokio::test]
async fn whatever_is_forged_by_those_who_may_not_build_here_is_refused_and_changes_nothing()
-> anyhow::Result<()> {
    let server = server(|_| {}).await?;
    let builder = Builder::invited(&server, 1, Role::Builder).await?;
    let forgers = [
        Builder::new(&server, 2),
        Builder::invited_to(&server, "there", 3, Role::Builder).await?,
        Builder::invited_to(&server, "there", 4, Role::Owner).await?,
    ];
    for elsewhere in &forgers[1..] {
        let there = json!({ "operations": post_at(1.0, &elsewhere.key) });
        ok(elsewhere.post("/api/worlds/there/operations", &there)).await?;
    }
    let before = document(server.address()).await?;
    for operation in golden_operations()? {
        for forger in &forgers {
            let answer = refused(forger.operations(json!([operation]))).await?;
            assert_eq!(answer, status(403, "forbidden"), "{operation}");
        }
        assert_eq!(document(server.address()).await?, before, "{operation}");
    }
    for (way, what) in [
        ("POST", "undo"),
        ("POST", "redo"),
        ("POST", "restore"),
        ("POST", "physics/reset"),
        ("POST", "versions"),
        ("POST", "drafts"),
        ("POST", "invitations"),
        ("POST", "assets"),
        ("GET", "assets"),
        ("GET", "history"),
        ("GET", "diff?from=0"),
        ("GET", "roles"),
        ("GET", "versions"),
        ("GET", "drafts"),
    ] {
        for forger in &forgers {
            let path = format!("/api/worlds/here/{what}");
            let answer = refused(forger.ask((way, &path), "{}")).await?;
            assert_eq!(answer, status(403, "forbidden"), "{way} {what}");
        }
    }
    // Whoever builds here says neither what is locked nor who may do what.
    let me = json!({ "permission": {
        "account": account(1), "name": "Ana", "from": "builder", "to": "owner" } });
    let locked = json!({ "create": {
        "object": PLACEHOLDERS, "value": { "locked": true } } });
    let lock = json!({ "lock": { "object": 3, "locked": true } });
    for operation in [me, locked, lock] {
        let answer = refused(builder.operations(json!([operation]))).await?;
        assert_eq!(answer, status(403, "forbidden"), "{operation}");
        // Not behind something that is allowed either.
        let hidden = json!([{ "rename": { "object": 3, "name": "sphere" } }, operation]);
        let answer = refused(builder.operations(hidden)).await?;
        assert_eq!(answer, status(403, "forbidden"), "{operation}");
    }
    assert_eq!(document(server.address()).await?, before);
    assert_eq!(ok(builder.ask(("GET", HISTORY), "")).await?, json!([]));
    for forger in &forgers {
        let role = ok(forger.ask(("GET", "/api/worlds/here/role"), "")).await?;
        assert_eq!(role, json!({ "role": "visitor" }));
    }
    let done = ok(builder.operations(post_at(1.0, "post"))).await?;
    assert_eq!((&done["number"], &done["revision"]), (&json!(1), &json!(1)));
    server.shutdown().await;
    Ok(())
}
