//! Peers made with the WebRTC library itself against the endpoint, over real sockets on loopback.

mod client;
mod hostile;
mod lanes;
mod moving;
mod relay;
pub(crate) mod session;
mod voices;

use std::{future::Future, time::Duration};

use crate::adapters::webrtc::{
    config::WebRtcConfig, connection::WebRtcConnection, endpoint::WebRtcEndpoint,
};

use client::Client;

/// A condition that does not come true within this time never will.
const DEADLINE: Duration = Duration::from_secs(20);

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(value) => value,
        Err(_) => panic!("not within {DEADLINE:?}: {what}"),
    }
}

/// Waits until a condition is true.
async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    within(what, async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

fn endpoint(config: WebRtcConfig) -> WebRtcEndpoint {
    WebRtcEndpoint::bind("127.0.0.1:0".parse().unwrap(), config).unwrap()
}

/// A client and the server's end of its connection.
async fn connected(endpoint: &WebRtcEndpoint) -> (Client, WebRtcConnection) {
    let mut client = Client::new().await;
    let offer = client.offer().await;
    let (answer, pending) = endpoint.answer(&offer).await.unwrap();
    client.accept(&answer).await;
    let connection = within("connected", pending.connected()).await.unwrap();
    within("both channels", client.lanes()).await;
    (client, connection)
}
