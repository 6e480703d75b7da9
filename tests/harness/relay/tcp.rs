//! Streams: piece by piece, with little room in the kernel's own buffers.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    task::JoinSet,
    time::Instant,
};

use super::Network;

/// Bytes that pass at once, as in a packet.
const PIECE_BYTES: usize = 1_400;
/// Bytes of the kernel's buffers, which no queue of a [`super::Way`] sees.
const KERNEL_BYTES: u32 = 4 * 1024;
/// Pieces that are on their way; a throttled way stands still long before.
const PIECES_MAX: usize = 4_096;

pub fn open() -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_send_buffer_size(KERNEL_BYTES)?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    socket.listen(64)
}

pub async fn serve(listener: TcpListener, server: SocketAddr, network: Arc<Network>) {
    let mut streams = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        streams.spawn(connect(client, server, network.clone()));
    }
}

async fn connect(client: TcpStream, server: SocketAddr, network: Arc<Network>) -> io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(KERNEL_BYTES)?;
    let back = socket.connect(server).await?;
    client.set_nodelay(true)?;
    back.set_nodelay(true)?;
    let ((from_client, to_client), (from_server, to_server)) =
        (client.into_split(), back.into_split());
    let there = pass(from_client, to_server, network.clone(), true);
    let back = pass(from_server, to_client, network, false);
    tokio::try_join!(there, back).map(drop)
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    network: Arc<Network>,
    is_to_server: bool,
) -> io::Result<()> {
    let way = network.clone();
    let (put_in, mut comes_out) = mpsc::channel::<(Instant, Bytes)>(PIECES_MAX);
    let reading = async move {
        let mut buffer = [0; PIECE_BYTES];
        loop {
            stand_still_while(|| way.is_cut()).await;
            let size = from.read(&mut buffer).await?;
            if size == 0 {
                return io::Result::Ok(());
            }
            let mut due = None;
            stand_still_while(|| {
                due = way.way(is_to_server).piece(way.now(), size);
                due.is_none()
            })
            .await;
            let due = way.began + due.unwrap_or_default();
            let piece = Bytes::copy_from_slice(&buffer[..size]);
            if put_in.send((due, piece)).await.is_err() {
                return Ok(());
            }
        }
    };
    let writing = async {
        while let Some((due, piece)) = comes_out.recv().await {
            tokio::time::sleep_until(due).await;
            stand_still_while(|| network.is_cut()).await;
            to.write_all(&piece).await?;
        }
        to.shutdown().await
    };
    // What is on its way still arrives after the end was read.
    tokio::try_join!(reading, writing).map(drop)
}

/// Looks again and again, as often as matters here.
async fn stand_still_while(mut stands: impl FnMut() -> bool) {
    while stands() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
