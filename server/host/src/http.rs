//! Everything that is served over HTTP: the client, the assets, the worlds, and how the server is.

use std::{path::Path, sync::Arc, time::Instant};

use axum::{
    Extension, Json, Router,
    extract::{Path as UrlPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header, uri::Authority},
    middleware,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tower_http::services::{ServeDir, ServeFile};
use vivarium_dialogue::service::Dialogue;
use vivarium_link::{
    adapters::{
        quic,
        webrtc::{
            config::OFFER_BYTES_MAX,
            endpoint::{AnswerError, WebRtcEndpoint},
        },
        websocket::WebSocketTransport,
    },
    driver,
    limits::LinkLimits,
    prefix::PrefixBudget,
};

use vivarium_dialogue::queue::{JobId, SharedWords};
use vivarium_protocol::limits::TICKET_LIFE_S;
use vivarium_store::keeper::Keeper;

use crate::{
    building::{
        api::{self, EditBudget},
        people,
        roles::Roles,
        versions,
    },
    companions::{self, Companions},
    connections::Ticket,
    drafts::{self, Drafts},
    exchange::{self, Sources},
    keys::{self, Keys},
    library::{self, Library},
    limits::BODY_READ_TIMEOUT,
    links::{Links, receive_peer},
    metrics::Metrics,
    minds::openai,
    origin,
    routing::FrontDoor,
    tls::Certificates,
    worlds::Worlds,
};

/// What requests are answered from.
#[derive(Clone, Debug)]
pub struct Shared {
    /// All worlds.
    pub worlds: Arc<Worlds>,
    /// The door.
    pub door: Arc<FrontDoor>,
    /// What is measured.
    pub metrics: Arc<Metrics>,
    /// Counters of the transports.
    pub links: Links,
    /// Limits of each connection.
    pub link: LinkLimits,
    /// Origins that may connect besides our own.
    pub allow_origins: Arc<[String]>,
    /// Where QUIC and WebTransport are, if they are.
    pub udp_port: Option<u16>,
    /// The certificate.
    pub certificates: Arc<Certificates>,
    /// Where WebRTC is, if it is.
    pub webrtc: Option<Arc<WebRtcEndpoint>>,
    /// Tickets for each network.
    pub tickets: Arc<PrefixBudget>,
    /// Who may do what.
    pub roles: Arc<Roles>,
    /// What is kept.
    pub keeper: Keeper,
    /// How often worlds may be changed.
    pub edits: Arc<EditBudget>,
    /// How many may look at once at how worlds were.
    pub pasts: Arc<Semaphore>,
    /// Uploaded assets.
    pub library: Arc<Library>,
    /// Where the assets of worlds are.
    pub sources: Arc<Sources>,
    /// What begins and ends drafts.
    pub drafts: Arc<Drafts>,
    /// Companions that people make.
    pub companions: Arc<Companions>,
    /// Worlds that are given out or brought in.
    pub exchanges: Arc<Semaphore>,
    /// Who may talk to companions from elsewhere.
    pub keys: Arc<Keys>,
    /// What thinks for companions.
    pub dialogue: Arc<Dialogue>,
    /// Where companions' words come from, if not from themselves.
    pub models: Option<SharedWords>,
}

/// All routes.
pub fn router(shared: Shared, assets: &Path, client: &Path) -> Router {
    let index = client.join("index.html");
    let client_files = ServeDir::new(client).precompressed_br().precompressed_gzip();
    let routes = Router::new()
        .route("/connect", get(connect))
        .route("/api/worlds", get(list_worlds))
        .route("/api/tickets", post(ticket))
        .route("/api/roads", get(list_roads))
        .route("/api/rtc", post(answer_offer))
        .route("/api/dialogue/jobs/{id}", get(dialogue_job))
        .route("/worlds/{file}", get(world_document))
        .route("/metrics", get(metrics))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .merge(api::routes())
        .merge(people::routes())
        .merge(versions::routes())
        .merge(drafts::api::routes())
        .merge(library::api::routes())
        .merge(exchange::api::routes())
        .merge(keys::api::routes())
        .merge(openai::routes())
        .merge(companions::api::routes())
        // The client's build may have a folder of that name too.
        .nest_service(
            "/assets",
            ServeDir::new(assets).precompressed_br().precompressed_gzip().fallback(
                ServeDir::new(client.join("assets")).precompressed_br().precompressed_gzip(),
            ),
        );
    let routes = if index.is_file() {
        // Addresses of the client's own, such as /garden, are its index page; what looks like a
        // file and is not there is missing.
        let pages = Router::new()
            .fallback_service(ServeFile::new(index).precompressed_br().precompressed_gzip())
            .layer(middleware::from_fn(only_pages));
        routes.fallback_service(client_files.fallback(pages))
    } else {
        routes.fallback(client_is_missing)
    };
    routes.layer(middleware::map_response_with_state(shared.clone(), secured)).with_state(shared)
}

/// Where WebTransport is, as seen from the host that a request names.
fn webtransport_origin(shared: &Shared, headers: &HeaderMap) -> Option<String> {
    let authority = headers.get(header::HOST)?.to_str().ok()?.parse::<Authority>().ok()?;
    // What else an address may have in it would mean something in a policy.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    let host = Some(authority.host()).filter(|host| host.chars().all(is_plain))?;
    Some(format!("https://{host}:{}", shared.udp_port?))
}

/// Headers that every answer has.
async fn secured(
    State(shared): State<Shared>,
    uri: Uri,
    request_headers: HeaderMap,
    mut response: Response,
) -> Response {
    // The page's own origin covers WebTransport only while both have the same port.
    let webtransport = webtransport_origin(&shared, &request_headers).unwrap_or_default();
    let policy = format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
        style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
        connect-src 'self' data: blob: {webtransport}; media-src 'self' blob:; \
        worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'none'; \
        frame-ancestors 'self'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Files whose name has a hash never change; everything else is asked for again each time,
    // which costs one short answer when nothing changed.
    let caching = match is_hashed(uri.path()) && response.status().is_success() {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static(caching));
    response
}

/// Whether a path is a file of the client's build, such as `/assets/index-B1xQ9_aZ.js`.
fn is_hashed(path: &str) -> bool {
    let Some((folder, file)) = path.rsplit_once('/') else { return false };
    let Some((stem, extension)) = file.rsplit_once('.') else { return false };
    let is_built = matches!(extension, "js" | "css" | "wasm" | "map");
    let Some(at) = stem.len().checked_sub(9) else { return false };
    let hash = &stem.as_bytes()[at..];
    is_built
        && !folder.is_empty()
        && hash[0] == b'-'
        && hash[1..].iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

async fn only_pages(request: Request, next: middleware::Next) -> Response {
    let path = request.uri().path();
    if path.rsplit('/').next().is_some_and(|last| last.contains('.')) {
        return (StatusCode::NOT_FOUND, "there is no such file\n").into_response();
    }
    next.run(request).await
}

async fn client_is_missing() -> impl IntoResponse {
    let page = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Vivarium</title>\
        <h1>The server runs, but the browser client is not built</h1>\
        <p>Build it with <code>make run</code>, or with <code>npm ci &amp;&amp; npm run build</code> \
        in <code>client-web</code>, and start the server again. If it is built elsewhere, point \
        <code>--client</code> there.</p></html>";
    (StatusCode::SERVICE_UNAVAILABLE, Html(page))
}

#[derive(Debug, Serialize)]
struct WorldEntry<'a> {
    name: &'a str,
    title: String,
    description: String,
    people: u32,
    running: bool,
}

async fn list_worlds(State(shared): State<Shared>) -> Response {
    let worlds = shared.worlds.all();
    let entries: Vec<WorldEntry<'_>> = worlds
        .iter()
        .filter(|world| !world.is_draft())
        .map(|world| {
            let (title, description) = world.building.replica.titles();
            WorldEntry {
                name: world.name(),
                title,
                description,
                people: world.status.people(),
                running: world.status.is_running(),
            }
        })
        .collect();
    Json(entries).into_response()
}

/// How an answer that is asked for is. Whoever knows its id may know that, and nothing of its text.
async fn dialogue_job(State(shared): State<Shared>, UrlPath(id): UrlPath<String>) -> Response {
    let missing = || (StatusCode::NOT_FOUND, "there is no such job\n").into_response();
    let Ok(id) = id.parse::<JobId>() else { return missing() };
    let Some(models) = &shared.models else { return missing() };
    match models.status(id).await {
        Ok(Some(status)) => Json(status).into_response(),
        Ok(None) => missing(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response(),
    }
}

/// How sessions can be had here.
#[derive(Debug, Serialize)]
struct Roads {
    webtransport: Option<WebTransportRoad>,
    quic: Option<QuicRoad>,
    webrtc: Option<WebRtcRoad>,
    websocket: WebSocketRoad,
}

#[derive(Debug, Serialize)]
struct WebRtcRoad {
    /// Takes offers; relative to the page's origin.
    url: &'static str,
    ice_servers: Vec<IceServerEntry>,
}

/// As `RTCIceServer` wants it.
#[derive(Debug, Serialize)]
struct IceServerEntry {
    urls: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    credential: String,
}

#[derive(Debug, Serialize)]
struct WebTransportRoad {
    url: String,
    /// SHA-256 in hexadecimal digits; none when the certificate is trusted without them.
    certificate_hashes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct QuicRoad {
    port: u16,
    certificate_hashes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct WebSocketRoad {
    /// Relative to the page's origin.
    url: &'static str,
}

async fn list_roads(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let certificate_hashes: Vec<String> = shared
        .certificates
        .digests()
        .iter()
        .map(|digest| digest.iter().map(|byte| format!("{byte:02x}")).collect())
        .collect();
    let webtransport = webtransport_origin(&shared, &headers).map(|origin| WebTransportRoad {
        url: format!("{origin}{}", quic::PATH),
        certificate_hashes: certificate_hashes.clone(),
    });
    let quic = shared.udp_port.map(|port| QuicRoad { port, certificate_hashes });
    let webrtc = shared.webrtc.as_ref().map(|endpoint| {
        let ice_servers = endpoint.ice_servers().iter().map(|server| IceServerEntry {
            urls: server.urls.clone(),
            username: server.username.clone(),
            credential: server.credential.clone(),
        });
        WebRtcRoad { url: "/api/rtc", ice_servers: ice_servers.collect() }
    });
    let websocket = WebSocketRoad { url: "/connect" };
    Json(Roads { webtransport, quic, webrtc, websocket }).into_response()
}

/// Answers a WebRTC offer; both are SDP. Nothing more is needed to connect.
async fn answer_offer(
    State(shared): State<Shared>,
    Extension(ticket): Extension<Arc<Ticket>>,
    request: Request,
) -> Response {
    if !origin::may_connect(request.headers(), &shared.allow_origins) {
        return foreign(&shared);
    }
    let Some(endpoint) = &shared.webrtc else {
        return (StatusCode::NOT_FOUND, "there is no WebRTC here\n").into_response();
    };
    let busy = |text: String| {
        shared.metrics.connections_refused.inc();
        let retry = [(header::RETRY_AFTER, "5")];
        (StatusCode::SERVICE_UNAVAILABLE, retry, format!("{text}\n")).into_response()
    };
    let place = match ticket.address().map(|address| endpoint.admit(address)) {
        Some(None) => {
            return busy("too many offers from your network: try again in a while".to_owned());
        }
        place => place.flatten(),
    };
    let offer = match read_offer(request).await {
        Ok(offer) => offer,
        Err(refusal) => return refusal.into_response(),
    };
    let Some(ticket) = ticket.another() else {
        return busy("too many connections: try again in a while".to_owned());
    };
    match endpoint.answer(&offer).await {
        Ok((answer, pending)) => {
            let (door, stats) = (shared.door.clone(), shared.links.webrtc.clone());
            tokio::spawn(receive_peer(pending, door, shared.link, stats, ticket, place));
            ([(header::CONTENT_TYPE, "application/sdp")], answer).into_response()
        }
        Err(error @ (AnswerError::Offer(_) | AnswerError::Refused(_))) => {
            (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response()
        }
        Err(error) => busy(error.to_string()),
    }
}

/// Only so long and so much: a connection that waits for a body costs a client nothing.
async fn read_offer(request: Request) -> Result<String, (StatusCode, String)> {
    let body = axum::body::to_bytes(request.into_body(), OFFER_BYTES_MAX);
    let late = |_| (StatusCode::REQUEST_TIMEOUT, "the offer took too long\n".to_owned());
    let bytes = tokio::time::timeout(BODY_READ_TIMEOUT, body).await.map_err(late)?;
    let bytes = bytes.map_err(|_| {
        let text = format!("an offer has at most {OFFER_BYTES_MAX} bytes\n");
        (StatusCode::PAYLOAD_TOO_LARGE, text)
    })?;
    String::from_utf8(bytes.into())
        .map_err(|_| (StatusCode::BAD_REQUEST, "an offer is text (UTF-8)\n".to_owned()))
}

#[derive(Debug, Serialize)]
struct TicketAnswer {
    /// In hexadecimal digits.
    ticket: String,
    expires_in_s: u16,
}

/// A ticket for the handshake of whoever may connect.
async fn ticket(
    State(shared): State<Shared>,
    Extension(connection): Extension<Arc<Ticket>>,
    headers: HeaderMap,
) -> Response {
    if !origin::may_connect(&headers, &shared.allow_origins) {
        return foreign(&shared);
    }
    if connection.address().is_some_and(|address| !shared.tickets.allows(address)) {
        shared.metrics.connections_refused.inc();
        let retry = [(header::RETRY_AFTER, "5")];
        let text = "too many newcomers from your network: try again in a while\n";
        return (StatusCode::TOO_MANY_REQUESTS, retry, text).into_response();
    }
    let Some(ticket) = shared.door.tickets().issue(tokio::time::Instant::now().into_std()) else {
        return (StatusCode::SERVICE_UNAVAILABLE, "no tickets now: try again\n").into_response();
    };
    let ticket = ticket.iter().map(|byte| format!("{byte:02x}")).collect();
    let answer = TicketAnswer { ticket, expires_in_s: TICKET_LIFE_S };
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

fn foreign(shared: &Shared) -> Response {
    shared.metrics.origins_refused.inc();
    let text = "pages of this origin may not connect (see --allow-origin)\n";
    (StatusCode::FORBIDDEN, text).into_response()
}

async fn world_document(
    State(shared): State<Shared>,
    UrlPath(file): UrlPath<String>,
    headers: HeaderMap,
) -> Response {
    let name = file.strip_suffix(".json").filter(|name| !name.is_empty());
    let Some(world) = name.and_then(|name| shared.worlds.find(name)) else {
        return (StatusCode::NOT_FOUND, "there is no such world\n").into_response();
    };
    // Writing a large document takes a while.
    let served = tokio::task::spawn_blocking(move || world.building.replica.served()).await;
    let Ok(served) = served else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the document cannot be written\n")
            .into_response();
    };
    let edits = HeaderName::from_static("vivarium-edits");
    let head = [(header::ETAG, served.etag.clone()), (edits, served.edits.to_string())];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|one| one.trim() == served.etag)) {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (head, kind, served.json.clone()).into_response()
}

async fn metrics(State(shared): State<Shared>) -> Response {
    match shared.metrics.encode() {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "cannot write the metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Whether every world's tick advanced lately; names those whose did not.
async fn livez(State(shared): State<Shared>) -> Response {
    let now = Instant::now();
    let worlds = shared.worlds.all();
    let stuck: Vec<&str> = worlds
        .iter()
        .filter(|world| !world.status.is_alive(now))
        // Nobody is to find out the name of a draft.
        .map(|world| world.home().name())
        .collect();
    if stuck.is_empty() {
        return "ok\n".into_response();
    }
    let text = format!("not ticking: {}\n", stuck.join(", "));
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

/// Whether newcomers are welcome now.
async fn readyz(State(shared): State<Shared>) -> Response {
    if shared.door.is_shut() {
        return (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n").into_response();
    }
    // A damaged world needs somebody who looks after it; the others are well without it.
    let worlds = shared.worlds.all();
    // Nor does one draft keep people from all worlds.
    let mut opened = worlds.iter().filter(|world| !world.source.is_damaged && !world.is_draft());
    if !opened.all(|world| world.status.is_running()) {
        return (StatusCode::SERVICE_UNAVAILABLE, "a world is not running\n").into_response();
    }
    "ok\n".into_response()
}

/// The way in: upgrades to WebSocket and runs the session.
async fn connect(
    State(shared): State<Shared>,
    Extension(ticket): Extension<Arc<Ticket>>,
    mut request: Request,
) -> Response {
    let headers = request.headers();
    if !origin::may_connect(headers, &shared.allow_origins) {
        return foreign(&shared);
    }
    let has = |name: HeaderName, wanted: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.split(',').any(|one| one.trim().eq_ignore_ascii_case(wanted)))
    };
    if !has(header::CONNECTION, "upgrade")
        || !has(header::UPGRADE, "websocket")
        || !has(header::SEC_WEBSOCKET_VERSION, "13")
    {
        let text = "this address speaks WebSocket (RFC 6455, version 13) only\n";
        let answer = [(header::UPGRADE, "websocket"), (header::SEC_WEBSOCKET_VERSION, "13")];
        return (StatusCode::UPGRADE_REQUIRED, answer, text).into_response();
    }
    let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY) else {
        return (StatusCode::BAD_REQUEST, "Sec-WebSocket-Key is missing\n").into_response();
    };
    let accept = derive_accept_key(key.as_bytes());
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        match upgrade.await {
            Ok(upgraded) => {
                let transport = WebSocketTransport::after_upgrade(TokioIo::new(upgraded)).await;
                let stats = &shared.links.websocket;
                let door = shared.door.from(ticket.address());
                let departure = driver::drive(transport, &door, shared.link, stats).await;
                tracing::debug!(?departure, "a session ended");
            }
            Err(error) => tracing::debug!(%error, "a WebSocket upgrade failed"),
        }
        drop(ticket);
    });
    let answer = [
        (header::CONNECTION, "upgrade".to_owned()),
        (header::UPGRADE, "websocket".to_owned()),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, answer).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_with_a_hash_in_their_name_are_kept_for_ever() {
        for path in ["/assets/index-B1xQ9_aZ.js", "/build/rapier_wasm-0123abcd.wasm"] {
            assert!(is_hashed(path), "{path}");
        }
        for path in [
            "/",
            "/index.html",
            "/assets/models/oak-tree.glb",
            "/assets/worlds/a-12345678.json",
            "/sw.js",
            "/x-12345678.js",
            "/assets/short.js",
        ] {
            assert!(!is_hashed(path), "{path}");
        }
    }
}
