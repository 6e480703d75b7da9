//! A client that only acknowledges.
//!
//! It shakes hands, answers pings and acknowledges every packet as `naia`'s own client does, but
//! does not decode what packets hold. A thousand decoding clients would take more time and memory
//! than the server that is measured.

use anyhow::{Result, ensure};
use naia_shared::{
    BitReader, BitWriter, GameInstant, PacketIndex, PacketType, PingIndex, ProtocolId, Serde,
    SerdeErr, StandardHeader, Tick, handshake::HandshakeHeader,
};

use super::link::Link;

/// Packets that one header acknowledges: the newest, and a bit for each of 32 before it.
const ACKS_PER_HEADER: usize = 33;

/// An acknowledging client.
pub struct Stub {
    client: usize,
    sent: PacketIndex,
}

impl Stub {
    /// Client number `client`, which still has to shake hands.
    pub fn new(client: usize) -> Self {
        Self { client, sent: 0 }
    }

    /// The first step, when the server has let it in: it shows its token.
    pub fn identify(&self, link: &Link, protocol: ProtocolId) -> Result<()> {
        let token = link.token(self.client);
        ensure!(token.is_some(), "client {} was not let in", self.client);
        let request = HandshakeHeader::ClientIdentifyRequest(protocol);
        link.send(self.client, handshake(&request, token.as_ref()));
        Ok(())
    }

    /// The second step: it asks to be connected.
    pub fn connect(&self, link: &Link) {
        link.send(self.client, handshake(&HandshakeHeader::ClientConnectRequest, None));
    }

    /// Takes what has arrived, answers pings, and acknowledges the rest.
    pub fn answer(&mut self, link: &Link) -> Result<()> {
        let mut arrived = Vec::new();
        for packet in link.take_arrived(self.client) {
            match read(&packet) {
                Ok(Some((index, ping))) => {
                    arrived.push(index);
                    if let Some(ping) = ping {
                        let mut writer = self.header(PacketType::Pong, index);
                        ping.ser(&mut writer);
                        link.send(self.client, writer.to_packet().slice().to_vec());
                    }
                }
                Ok(None) => {}
                Err(error) => anyhow::bail!("client {}: {error:?}", self.client),
            }
        }
        for part in arrived.chunks(ACKS_PER_HEADER) {
            if let Some(newest) = part.last() {
                let writer = self.header(PacketType::Heartbeat, *newest);
                link.send(self.client, writer.to_packet().slice().to_vec());
            }
        }
        Ok(())
    }

    /// The link loses nothing and keeps the order, so everything before `newest` has arrived.
    fn header(&mut self, kind: PacketType, newest: PacketIndex) -> BitWriter {
        let mut writer = BitWriter::new();
        StandardHeader::new(kind, self.sent, newest, u32::MAX).ser(&mut writer);
        self.sent = self.sent.wrapping_add(1);
        writer
    }
}

fn handshake(header: &HandshakeHeader, token: Option<&String>) -> Vec<u8> {
    let mut writer = BitWriter::new();
    StandardHeader::new(PacketType::Handshake, 0, 0, 0).ser(&mut writer);
    header.ser(&mut writer);
    if let Some(token) = token {
        token.ser(&mut writer);
    }
    writer.to_packet().slice().to_vec()
}

/// Index of a packet that is to be acknowledged, and the ping that it holds.
fn read(packet: &[u8]) -> Result<Option<(PacketIndex, Option<PingIndex>)>, SerdeErr> {
    let mut reader = BitReader::new(packet);
    let header = StandardHeader::de(&mut reader)?;
    Ok(match header.packet_type {
        PacketType::Handshake | PacketType::Pong => None,
        PacketType::Data | PacketType::Heartbeat => Some((header.sender_packet_index, None)),
        PacketType::Ping => {
            Tick::de(&mut reader)?;
            GameInstant::de(&mut reader)?;
            Some((header.sender_packet_index, Some(PingIndex::de(&mut reader)?)))
        }
    })
}
