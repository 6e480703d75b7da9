//! Datagrams: one socket towards the server for each client.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use tokio::{net::UdpSocket, task::JoinSet};

use super::Network;

pub async fn open() -> std::io::Result<Arc<UdpSocket>> {
    Ok(Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?))
}

pub async fn serve(front: Arc<UdpSocket>, server: SocketAddr, network: Arc<Network>) {
    let mut clients: HashMap<SocketAddr, Arc<UdpSocket>> = HashMap::new();
    let mut returning = JoinSet::new();
    let mut buffer = vec![0; 65_536];
    loop {
        // Somebody who has gone may be reported here; the others go on.
        let Ok((size, client)) = front.recv_from(&mut buffer).await else { continue };
        let back = match clients.get(&client) {
            Some(back) => back.clone(),
            None => {
                let Ok(back) = open().await else { return };
                if back.connect(server).await.is_err() {
                    return;
                }
                clients.insert(client, back.clone());
                returning.spawn(answer(front.clone(), client, back.clone(), network.clone()));
                back
            }
        };
        pass(&network, true, &buffer[..size], move |datagram| {
            let back = back.clone();
            // What cannot be sent is lost, as on any network.
            async move { drop(back.send(&datagram).await) }
        });
    }
}

async fn answer(
    front: Arc<UdpSocket>,
    client: SocketAddr,
    back: Arc<UdpSocket>,
    network: Arc<Network>,
) {
    let mut buffer = vec![0; 65_536];
    loop {
        let Ok(size) = back.recv(&mut buffer).await else { continue };
        let front = front.clone();
        pass(&network, false, &buffer[..size], move |datagram| {
            let front = front.clone();
            async move { drop(front.send_to(&datagram, client).await) }
        });
    }
}

/// Sends each copy of a datagram when it is due.
fn pass<F: Future<Output = ()> + Send + 'static>(
    network: &Network,
    is_to_server: bool,
    datagram: &[u8],
    send: impl Fn(Vec<u8>) -> F,
) {
    if network.is_cut() {
        return;
    }
    let now = network.now();
    let copies = network.way(is_to_server).datagram(now, datagram.len());
    for due in copies.into_iter().flatten() {
        let due = network.began + due;
        let sent = send(datagram.to_vec());
        tokio::spawn(async move {
            tokio::time::sleep_until(due).await;
            sent.await;
        });
    }
}
