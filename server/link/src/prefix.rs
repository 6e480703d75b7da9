//! How many handshakes a network may begin: asked before anything is computed for it.

use std::{net::IpAddr, num::NonZeroU32};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::limits::{PREFIXES_MAX, Rate};

/// A rate limit for each network from which connections come.
#[derive(Debug)]
pub struct PrefixBudget {
    limiter: DefaultKeyedRateLimiter<u64>,
}

impl PrefixBudget {
    /// So many handshakes for each network.
    pub fn new(rate: Rate) -> Self {
        let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota =
            Quota::per_second(at_least_one(rate.per_s)).allow_burst(at_least_one(rate.burst));
        Self { limiter: RateLimiter::keyed(quota) }
    }

    /// Whether another handshake from there may begin. Connections from this machine are not
    /// counted: they stand for many people (a proxy) or for our own bots.
    pub fn allows(&self, address: IpAddr) -> bool {
        if address.to_canonical().is_loopback() {
            return true;
        }
        if self.limiter.len() >= PREFIXES_MAX {
            // Networks that have their whole budget again need not be remembered.
            self.limiter.retain_recent();
            if self.limiter.len() >= PREFIXES_MAX {
                return false;
            }
        }
        self.limiter.check_key(&prefix(address)).is_ok()
    }
}

/// The network of an address: what one attacker can easily have the whole of. IPv4 networks have
/// the highest bits set, which no IPv6 network in use has.
fn prefix(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(address) => u64::MAX << 32 | u64::from(address.to_bits() >> 8),
        IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_one_budget_and_this_machine_has_none() {
        let rate = Rate { per_s: 1, burst: 3 };
        let budget = PrefixBudget::new(rate);
        let allowed = |address: &str| budget.allows(address.parse().unwrap());
        assert!(allowed("203.0.113.1") && allowed("203.0.113.2") && allowed("::ffff:203.0.113.3"));
        assert!(!allowed("203.0.113.99"));
        assert!(allowed("203.0.114.1"), "the network beside it");
        assert!(allowed("2001:db8::1") && allowed("2001:db8::2") && allowed("2001:db8::3"));
        assert!(!allowed("2001:db8::4:5:6:7"));
        assert!(allowed("2001:db8:0:1::1"));
        assert!((0..100).all(|_| allowed("127.0.0.1") && allowed("::1")));
    }

    #[test]
    fn only_so_many_networks_are_remembered() {
        let budget = PrefixBudget::new(Rate { per_s: 20, burst: 200 });
        for network in 0..PREFIXES_MAX as u32 + 10 {
            let address = std::net::Ipv4Addr::from_bits(0x0b00_0000 + (network << 8));
            budget.allows(address.into());
        }
        assert!(budget.limiter.len() <= PREFIXES_MAX);
    }
}
