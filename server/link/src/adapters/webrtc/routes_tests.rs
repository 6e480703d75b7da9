use proptest::prelude::*;

use super::*;

const HOME: &str = "10.0.0.1:1000";
const ELSEWHERE: &str = "10.0.0.2:2000";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn credentials(name: &str) -> Credentials {
    Credentials {
        local_ufrag: format!("{name}-local"),
        local_pwd: format!("{name}-local-password-of-22"),
        remote_ufrag: format!("{name}-remote"),
        remote_pwd: format!("{name}-remote-password-of-22"),
    }
}

/// A client that signs what it sends.
struct Client {
    credentials: Credentials,
    key: PeerKey,
}

impl Client {
    fn joins(routes: &mut Routes, name: &str) -> Self {
        let credentials = credentials(name);
        let key = routes.add(&credentials).unwrap();
        Self { credentials, key }
    }

    fn request(&self) -> Vec<u8> {
        self.asks(true)
    }

    fn asks(&self, nominates: bool) -> Vec<u8> {
        let username =
            format!("{}:{}", self.credentials.local_ufrag, self.credentials.remote_ufrag);
        let key = stun::Key::new(&self.credentials.local_pwd);
        stun::client_check([1; 12], &username, nominates, &key)
    }

    /// The answer to a check that was sent to this client.
    fn answer(&self, check: &[u8]) -> Vec<u8> {
        let mut check = Message::read(check).unwrap();
        let key = stun::Key::new(&self.credentials.remote_pwd);
        assert!(check.is_authentic(&key), "we sign our checks with the client's password");
        stun::success_response(check.transaction, address(HOME), &key)
    }
}

fn hears(routes: &mut Routes, from: &str, datagram: &[u8]) -> Result<Effects, Dropped> {
    let mut effects = Effects::default();
    routes.inbound(address(from), datagram, &mut effects).map(|()| effects)
}

const DTLS: &[u8] = &[22, 254, 253, 0];

#[test]
fn a_signed_request_opens_the_way_for_everything_else() {
    let mut routes = Routes::new();
    let ana = Client::joins(&mut routes, "ana");
    assert_eq!(hears(&mut routes, HOME, DTLS).unwrap_err(), Dropped::UnknownSource);

    let effects = hears(&mut routes, HOME, &ana.request()).unwrap();
    assert_eq!(effects.deliver, Some(ana.key));
    assert_eq!(effects.moved, Some((ana.key, address(HOME))));
    let [(to, answer)] = &effects.replies[..] else { panic!("one answer") };
    assert_eq!((*to, stun::kind_of(answer)), (address(HOME), Some(Kind::Success)));

    assert_eq!(hears(&mut routes, HOME, DTLS).unwrap().deliver, Some(ana.key));
    // Voices, which nobody takes yet, and what belongs to them.
    for first in [128, 144, 191] {
        let voice = hears(&mut routes, HOME, &[first, 111, 0, 1]);
        assert_eq!(voice.unwrap_err(), Dropped::Unhandled);
    }
    routes.remove(ana.key);
    assert_eq!(routes.sizes(), (0, 0, 0));
    assert_eq!(hears(&mut routes, HOME, DTLS).unwrap_err(), Dropped::UnknownSource);
}

#[test]
fn a_known_name_with_a_wrong_signature_changes_nothing() {
    let mut routes = Routes::new();
    let ana = Client::joins(&mut routes, "ana");
    hears(&mut routes, HOME, &ana.request()).unwrap();

    let forger = Client {
        credentials: Credentials {
            local_pwd: "guessed-password-of-22-or-more".to_owned(),
            ..ana.credentials.clone()
        },
        key: ana.key,
    };
    for from in [HOME, ELSEWHERE] {
        assert_eq!(hears(&mut routes, from, &forger.request()).unwrap_err(), Dropped::NotAuthentic);
    }
    assert_eq!(hears(&mut routes, ELSEWHERE, DTLS).unwrap_err(), Dropped::UnknownSource);
    assert_eq!(hears(&mut routes, HOME, DTLS).unwrap().deliver, Some(ana.key));
    assert_eq!(routes.sizes(), (1, 1, 0));
}

#[test]
fn who_moves_is_followed_after_answering_a_check() {
    let mut routes = Routes::new();
    let ana = Client::joins(&mut routes, "ana");
    hears(&mut routes, HOME, &ana.request()).unwrap();

    let effects = hears(&mut routes, ELSEWHERE, &ana.request()).unwrap();
    assert_eq!((effects.deliver, effects.moved), (None, None), "not before it has answered");
    let [_, (to, check)] = &effects.replies[..] else { panic!("an answer and a check") };
    assert_eq!(*to, address(ELSEWHERE));

    let effects = hears(&mut routes, ELSEWHERE, &ana.answer(check)).unwrap();
    assert_eq!(effects.moved, Some((ana.key, address(ELSEWHERE))));
    let effects = hears(&mut routes, ELSEWHERE, &ana.request()).unwrap();
    assert_eq!(effects.deliver, Some(ana.key));
}

#[test]
fn who_moves_without_nominating_is_followed_when_home_is_silent() {
    let mut routes = Routes::new();
    let ana = Client::joins(&mut routes, "ana");
    hears(&mut routes, HOME, &ana.request()).unwrap();
    let effects = hears(&mut routes, ELSEWHERE, &ana.asks(false)).unwrap();
    let check = effects.replies[1].1.clone();
    assert_eq!(hears(&mut routes, ELSEWHERE, &ana.answer(&check)).unwrap().moved, None);

    // As long as home is heard of, it stays.
    hears(&mut routes, HOME, &ana.asks(false)).unwrap();
    assert_eq!(hears(&mut routes, ELSEWHERE, &ana.asks(false)).unwrap().moved, None);
    hears(&mut routes, HOME, &ana.asks(false)).unwrap();
    assert_eq!(hears(&mut routes, ELSEWHERE, &ana.asks(false)).unwrap().moved, None);
    let effects = hears(&mut routes, ELSEWHERE, &ana.asks(false)).unwrap();
    assert_eq!(effects.moved, Some((ana.key, address(ELSEWHERE))));
    assert_eq!(effects.deliver, Some(ana.key));
}

#[test]
fn an_answer_from_another_address_or_forged_proves_nothing() {
    let mut routes = Routes::new();
    let ana = Client::joins(&mut routes, "ana");
    hears(&mut routes, HOME, &ana.request()).unwrap();
    let effects = hears(&mut routes, ELSEWHERE, &ana.request()).unwrap();
    let check = effects.replies[1].1.clone();

    // The check went to the forged source; its sender sits at home and did not see it. Even if
    // it had: an answer must come from where the check went.
    assert!(hears(&mut routes, HOME, &ana.answer(&check)).is_err());
    let bo = Client::joins(&mut routes, "bo");
    let transaction = Message::read(&check).unwrap().transaction;
    let forged = stun::success_response(
        transaction,
        address(HOME),
        &stun::Key::new(&bo.credentials.remote_pwd),
    );
    assert_eq!(hears(&mut routes, ELSEWHERE, &forged).unwrap_err(), Dropped::NotAuthentic);
}

#[test]
fn an_address_in_use_is_not_taken_by_forging_it() {
    let mut routes = Routes::new();
    let ana = Client::joins(&mut routes, "ana");
    hears(&mut routes, HOME, &ana.request()).unwrap();

    // Mallory has a session too, and forges Ana's source address.
    let mallory = Client::joins(&mut routes, "mallory");
    let effects = hears(&mut routes, HOME, &mallory.request()).unwrap();
    assert_eq!((effects.deliver, effects.moved), (None, None));
    assert_eq!(hears(&mut routes, HOME, DTLS).unwrap().deliver, Some(ana.key));

    // Whoever answers from there has it, though: the NAT gave the port to somebody else.
    let check = effects.replies[1].1.clone();
    let effects = hears(&mut routes, HOME, &mallory.answer(&check)).unwrap();
    assert_eq!(effects.moved, Some((mallory.key, address(HOME))));
    assert_eq!(hears(&mut routes, HOME, DTLS).unwrap().deliver, Some(mallory.key));
    routes.remove(ana.key);
    assert_eq!(hears(&mut routes, HOME, DTLS).unwrap().deliver, Some(mallory.key));
}

#[test]
fn a_peer_that_sprays_addresses_holds_few_of_them() {
    let mut routes = Routes::new();
    let ana = Client::joins(&mut routes, "ana");
    hears(&mut routes, HOME, &ana.request()).unwrap();
    for port in 1..2_000 {
        hears(&mut routes, &format!("10.9.9.9:{port}"), &ana.request()).unwrap();
    }
    let (_, addresses, checks) = routes.sizes();
    assert!(addresses <= PATHS_PER_PEER_MAX && checks <= PATHS_PER_PEER_MAX);
    assert_eq!(hears(&mut routes, HOME, DTLS).unwrap().deliver, Some(ana.key), "home is kept");
}

#[test]
fn a_nomination_is_told_again_after_the_agents_check() {
    let mut routes = Routes::new();
    let ana = Client::joins(&mut routes, "ana");
    hears(&mut routes, HOME, &ana.request()).unwrap();
    // The answer to a check of the agent, which this table knows nothing about.
    let key = stun::Key::new(&ana.credentials.remote_pwd);
    let answer = stun::success_response([9; 12], address(HOME), &key);
    let effects = hears(&mut routes, HOME, &answer).unwrap();
    assert_eq!(effects.deliver, Some(ana.key));
    assert_eq!(effects.deliver_after, Some(ana.request()));
    assert_eq!(hears(&mut routes, HOME, &answer).unwrap().deliver_after, None);
}

proptest! {
    #[test]
    fn garbage_is_dropped(
        from in 0u16..4,
        datagram in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut routes = Routes::new();
        Client::joins(&mut routes, "ana");
        let mut effects = Effects::default();
        let from = SocketAddr::from(([10, 0, 0, 1], 1000 + from));
        prop_assert!(routes.inbound(from, &datagram, &mut effects).is_err());
        prop_assert!(effects.replies.is_empty());
    }

    /// Whatever order things come in: the table stays bounded and forgets everything at the end.
    #[test]
    fn the_table_stays_consistent(
        steps in proptest::collection::vec((0usize..3, 0u16..12, 0u8..3), 1..120),
    ) {
        let mut routes = Routes::new();
        let clients: Vec<Client> =
            ["ana", "bo", "cy"].map(|name| Client::joins(&mut routes, name)).into();
        let mut checks: Vec<(usize, SocketAddr, Vec<u8>)> = Vec::new();
        for (who, port, what) in steps {
            let from = SocketAddr::from(([10, 0, 0, 1], 1000 + port));
            let mut effects = Effects::default();
            let datagram = match (what, checks.pop()) {
                (0, _) => clients[who].request(),
                (1, Some((asked, at, check))) => {
                    let answer = clients[asked].answer(&check);
                    let mut effects = Effects::default();
                    let _ = routes.inbound(at, &answer, &mut effects);
                    continue;
                }
                _ => DTLS.to_vec(),
            };
            if routes.inbound(from, &datagram, &mut effects).is_ok() {
                for (to, reply) in effects.replies {
                    prop_assert_eq!(to, from, "only where the request came from");
                    if stun::kind_of(&reply) == Some(Kind::Request) {
                        checks.push((who, to, reply));
                    }
                }
            }
            let (_, addresses, checks) = routes.sizes();
            prop_assert!(addresses <= 3 * PATHS_PER_PEER_MAX && checks <= 3 * PATHS_PER_PEER_MAX);
        }
        for client in &clients {
            routes.remove(client.key);
        }
        prop_assert_eq!(routes.sizes(), (0, 0, 0));
    }
}
