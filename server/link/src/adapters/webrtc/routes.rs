//! Which peer a datagram of the shared port belongs to, and where a peer can be reached.
//!
//! Pure: datagrams in, effects out. The rules:
//!
//! - A source address belongs to a peer only after a Binding request from there that is signed
//!   with the password of that peer's session. Everything else is dropped and counted.
//! - An address that another peer uses already, or that is not the first of a peer, must answer a
//!   check of ours before anything but Binding responses is sent there. So nobody can point our
//!   traffic at a third party, nor take an address away from a peer by forging its source.
//! - The last nominated address that has answered is the one that the peer is reached at; one that
//!   is not nominated takes over when the former has fallen silent. A peer that moves (another
//!   network, a new mapping of its NAT) therefore stays connected.
//!
//! Never does it send anything to an address merely because a message names it: candidates in an
//! offer are not even read.

use std::{collections::HashMap, net::SocketAddr};

use super::{
    config::PATHS_PER_PEER_MAX,
    dtls,
    stun::{self, Key, Kind, Message, TransactionId},
};

/// Signed requests of a peer from other addresses after which its current one counts as silent.
const SILENT_AFTER_REQUESTS: u64 = 2;

/// One peer of this endpoint. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerKey(u64);

/// The ICE names and passwords of both ends of a session.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Our fragment of the user name.
    pub local_ufrag: String,
    /// Our password: it signs what the peer asks of us.
    pub local_pwd: String,
    /// The peer's fragment of the user name.
    pub remote_ufrag: String,
    /// The peer's password: it signs what we ask of the peer.
    pub remote_pwd: String,
}

/// Why a datagram went nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// Not STUN, and from an address that belongs to nobody.
    UnknownSource,
    /// STUN that names no session of ours, or the wrong one.
    UnknownUser,
    /// STUN whose signature is missing or wrong, or DTLS that only a forger sends.
    NotAuthentic,
    /// Malformed, or of a kind that nobody here needs.
    Unhandled,
}

/// What is to be done about a datagram. Filled by [`Routes::inbound`], reused between calls.
#[derive(Debug, Default)]
pub struct Effects {
    /// For the protocol stack of a peer, in this order.
    pub deliver: Option<PeerKey>,
    /// Delivered after the datagram itself, to the same peer.
    pub deliver_after: Option<Vec<u8>>,
    /// To be sent.
    pub replies: Vec<(SocketAddr, Vec<u8>)>,
    /// A peer is now reached at this address.
    pub moved: Option<(PeerKey, SocketAddr)>,
}

impl Effects {
    fn clear(&mut self) {
        self.deliver = None;
        self.deliver_after = None;
        self.replies.clear();
        self.moved = None;
    }
}

/// An address that a peer has sent signed requests from.
#[derive(Debug)]
struct Path {
    address: SocketAddr,
    /// Has answered a check of ours.
    verified: bool,
    /// The check of ours that waits for its answer.
    check: Option<TransactionId>,
    /// When it was last heard from, in datagrams of this peer.
    heard_at: u64,
}

#[derive(Debug)]
struct Peer {
    local_ufrag: String,
    remote_ufrag: String,
    /// USERNAME of our checks.
    check_username: String,
    local_key: Key,
    remote_key: Key,
    paths: Vec<Path>,
    current: Option<SocketAddr>,
    /// The address that the client nominated last.
    wanted: Option<SocketAddr>,
    /// The last nominating request on the current path. The ICE agent forgets a nomination that
    /// comes before its own check has been answered, so it is told again afterwards.
    nomination: Option<Vec<u8>>,
    heard: u64,
}

impl Peer {
    /// Whether nothing came from the current address while others were asked from.
    fn is_silent(&self) -> bool {
        let current = self.paths.iter().find(|path| Some(path.address) == self.current);
        current.is_none_or(|path| self.heard - path.heard_at >= SILENT_AFTER_REQUESTS)
    }
}

/// The table of all peers of one port.
#[derive(Debug)]
pub struct Routes {
    tie_breaker: u64,
    next_key: u64,
    peers: HashMap<PeerKey, Peer>,
    by_ufrag: HashMap<String, PeerKey>,
    by_address: HashMap<SocketAddr, PeerKey>,
    by_check: HashMap<TransactionId, PeerKey>,
}

impl Routes {
    /// An empty table.
    pub fn new() -> Self {
        let mut routes = Self {
            tie_breaker: 0,
            next_key: 0,
            peers: HashMap::new(),
            by_ufrag: HashMap::new(),
            by_address: HashMap::new(),
            by_check: HashMap::new(),
        };
        let [a, b, c, d, e, f, g, h, ..] = Self::transaction();
        routes.tie_breaker = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        routes
    }

    /// Adds a peer. `None` when its user name is taken, which random names exclude.
    pub fn add(&mut self, credentials: &Credentials) -> Option<PeerKey> {
        if self.by_ufrag.contains_key(&credentials.local_ufrag) {
            return None;
        }
        let key = PeerKey(self.next_key);
        self.next_key += 1;
        self.by_ufrag.insert(credentials.local_ufrag.clone(), key);
        self.peers.insert(
            key,
            Peer {
                local_ufrag: credentials.local_ufrag.clone(),
                remote_ufrag: credentials.remote_ufrag.clone(),
                check_username: format!("{}:{}", credentials.remote_ufrag, credentials.local_ufrag),
                local_key: Key::new(&credentials.local_pwd),
                remote_key: Key::new(&credentials.remote_pwd),
                paths: Vec::new(),
                current: None,
                wanted: None,
                nomination: None,
                heard: 0,
            },
        );
        Some(key)
    }

    /// Forgets a peer and all its addresses.
    pub fn remove(&mut self, key: PeerKey) {
        let Some(peer) = self.peers.remove(&key) else { return };
        self.by_ufrag.remove(&peer.local_ufrag);
        for path in &peer.paths {
            self.forget_path(key, path);
        }
    }

    /// Peers, addresses and checks under way.
    pub fn sizes(&self) -> (usize, usize, usize) {
        (self.peers.len(), self.by_address.len(), self.by_check.len())
    }

    /// Decides what becomes of a datagram.
    ///
    /// # Errors
    ///
    /// It is to be dropped, for the reason given.
    pub fn inbound(
        &mut self,
        from: SocketAddr,
        datagram: &[u8],
        effects: &mut Effects,
    ) -> Result<(), Dropped> {
        effects.clear();
        if !stun::claims_to_be_stun(datagram) {
            let key = self.by_address.get(&from).ok_or(Dropped::UnknownSource)?;
            if dtls::is_forged(datagram) {
                return Err(Dropped::NotAuthentic);
            }
            // Nobody listens to voices yet, and the library keeps hundreds of packets of each that
            // is not read. RFC 7983 tells RTP and RTCP by their first byte.
            if datagram.first().is_some_and(|first| (128..192).contains(first)) {
                return Err(Dropped::Unhandled);
            }
            effects.deliver = Some(*key);
            return Ok(());
        }
        let mut message = Message::read(datagram).ok_or(Dropped::Unhandled)?;
        match message.kind {
            Kind::Request => self.request(from, datagram, &mut message, effects),
            Kind::Success => self.success(from, &mut message, effects),
            Kind::Indication | Kind::Error => Err(Dropped::Unhandled),
        }
    }

    fn request(
        &mut self,
        from: SocketAddr,
        datagram: &[u8],
        message: &mut Message,
        effects: &mut Effects,
    ) -> Result<(), Dropped> {
        let (local, remote) = message.username.as_ref().ok_or(Dropped::UnknownUser)?;
        let key = *self.by_ufrag.get(local).ok_or(Dropped::UnknownUser)?;
        let peer = self.peers.get(&key).ok_or(Dropped::UnknownUser)?;
        if peer.remote_ufrag != *remote {
            return Err(Dropped::UnknownUser);
        }
        if !message.is_authentic(&peer.local_key) {
            return Err(Dropped::NotAuthentic);
        }
        let answer = stun::success_response(message.transaction, from, &peer.local_key);
        effects.replies.push((from, answer));
        self.hear(key, from);
        self.choose(key, from, message.nominates, effects);
        let Some(peer) = self.peers.get_mut(&key) else { return Ok(()) };
        if peer.current == Some(from) {
            effects.deliver = Some(key);
            if message.nominates {
                peer.nomination = Some(datagram.to_vec());
            }
        }
        Ok(())
    }

    /// Notes that a signed request came from an address, and makes room for it.
    fn hear(&mut self, key: PeerKey, from: SocketAddr) {
        let Some(peer) = self.peers.get_mut(&key) else { return };
        peer.heard += 1;
        let heard_at = peer.heard;
        if let Some(path) = peer.paths.iter_mut().find(|path| path.address == from) {
            path.heard_at = heard_at;
        } else {
            let mut forgotten = None;
            if peer.paths.len() >= PATHS_PER_PEER_MAX {
                let current = peer.current;
                let oldest = (0..peer.paths.len())
                    .filter(|index| Some(peer.paths[*index].address) != current)
                    .min_by_key(|index| peer.paths[*index].heard_at);
                forgotten = oldest.map(|index| peer.paths.swap_remove(index));
            }
            peer.paths.push(Path { address: from, verified: false, check: None, heard_at });
            if let Some(path) = forgotten {
                self.forget_path(key, &path);
            }
        }
        // Somebody else's address is taken over only when it has answered a check.
        self.by_address.entry(from).or_insert(key);
    }

    /// The peer asked from an address: uses it, checks it, or does nothing about it.
    fn choose(&mut self, key: PeerKey, from: SocketAddr, nominates: bool, effects: &mut Effects) {
        let transaction = Self::transaction();
        let owns = self.by_address.get(&from) == Some(&key);
        let tie_breaker = self.tie_breaker;
        let Some(peer) = self.peers.get_mut(&key) else { return };
        if nominates {
            peer.wanted = Some(from);
        }
        if peer.current.is_none() && owns {
            // The agent checks this one itself before it sends anything but checks.
            peer.current = Some(from);
            effects.moved = Some((key, from));
        }
        if peer.current == Some(from) {
            return;
        }
        let is_silent = peer.is_silent();
        let Some(path) = peer.paths.iter_mut().find(|path| path.address == from) else { return };
        if path.verified && owns {
            if nominates || is_silent {
                peer.current = Some(from);
                effects.moved = Some((key, from));
            }
            return;
        }
        if let Some(old) = path.check.replace(transaction) {
            self.by_check.remove(&old);
        }
        self.by_check.insert(transaction, key);
        let check = stun::check(transaction, &peer.check_username, tie_breaker, &peer.remote_key);
        effects.replies.push((from, check));
    }

    fn success(
        &mut self,
        from: SocketAddr,
        message: &mut Message,
        effects: &mut Effects,
    ) -> Result<(), Dropped> {
        if let Some(key) = self.by_check.get(&message.transaction).copied() {
            return self.check_answered(key, from, message, effects);
        }
        let key = *self.by_address.get(&from).ok_or(Dropped::UnknownSource)?;
        let peer = self.peers.get_mut(&key).ok_or(Dropped::UnknownSource)?;
        if peer.current != Some(from) {
            return Err(Dropped::Unhandled);
        }
        let heard = peer.heard;
        if let Some(path) = peer.paths.iter_mut().find(|path| path.address == from) {
            path.heard_at = heard;
        }
        effects.deliver = Some(key);
        effects.deliver_after = peer.nomination.take();
        Ok(())
    }

    fn check_answered(
        &mut self,
        key: PeerKey,
        from: SocketAddr,
        message: &mut Message,
        effects: &mut Effects,
    ) -> Result<(), Dropped> {
        let peer = self.peers.get_mut(&key).ok_or(Dropped::UnknownUser)?;
        if !message.is_authentic(&peer.remote_key) {
            return Err(Dropped::NotAuthentic);
        }
        let path = peer
            .paths
            .iter_mut()
            .find(|path| path.address == from && path.check == Some(message.transaction))
            .ok_or(Dropped::UnknownSource)?;
        path.check = None;
        path.verified = true;
        if peer.current.is_none() || peer.wanted == Some(from) {
            peer.current = Some(from);
            effects.moved = Some((key, from));
        }
        self.by_check.remove(&message.transaction);
        if let Some(former) = self.by_address.insert(from, key)
            && former != key
            && let Some(former) = self.peers.get_mut(&former)
        {
            // It proved nothing there lately, or the address changed hands.
            for path in former.paths.iter_mut().filter(|path| path.address == from) {
                path.verified = false;
            }
        }
        Ok(())
    }

    fn forget_path(&mut self, key: PeerKey, path: &Path) {
        if self.by_address.get(&path.address) == Some(&key) {
            self.by_address.remove(&path.address);
        }
        if let Some(check) = path.check {
            self.by_check.remove(&check);
        }
    }

    fn transaction() -> TransactionId {
        let mut transaction = TransactionId::default();
        getrandom::fill(&mut transaction).expect("the operating system gives random bytes");
        transaction
    }
}

impl Default for Routes {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
#[path = "routes_tests.rs"]
mod tests;
