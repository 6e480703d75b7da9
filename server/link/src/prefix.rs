//! How many handshakes a network may begin, and how many it may have under way: asked before
//! anything is computed for it.

use std::{
    collections::HashMap,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

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

/// Places of which one network may have only so many: without it, a few networks with handshakes
/// that never end would leave none to the others.
#[derive(Debug)]
pub struct PrefixPlaces {
    max: u32,
    taken: Mutex<HashMap<u64, u32>>,
}

/// A place; given back when dropped.
#[derive(Debug)]
pub struct PrefixPlace(Option<(Arc<PrefixPlaces>, u64)>);

impl PrefixPlaces {
    /// So many for each network.
    pub fn new(max: u32) -> Arc<Self> {
        Arc::new(Self { max, taken: Mutex::default() })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<u64, u32>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for somebody from there; this machine is not counted.
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Option<PrefixPlace> {
        if address.to_canonical().is_loopback() {
            return Some(PrefixPlace(None));
        }
        let prefix = prefix(address);
        let mut taken = self.taken();
        let count = taken.entry(prefix).or_default();
        if *count >= self.max {
            return None;
        }
        *count += 1;
        Some(PrefixPlace(Some((self.clone(), prefix))))
    }
}

impl Drop for PrefixPlace {
    fn drop(&mut self) {
        let Some((places, prefix)) = &self.0 else { return };
        let mut taken = places.taken();
        if let Some(count) = taken.get_mut(prefix) {
            *count -= 1;
            if *count == 0 {
                taken.remove(prefix);
            }
        }
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
    fn a_network_has_only_so_many_places_and_gives_them_back() {
        let places = PrefixPlaces::new(2);
        let take = |address: &str| places.take(address.parse().unwrap());
        let held = [take("203.0.113.1").unwrap(), take("203.0.113.2").unwrap()];
        assert!(take("203.0.113.3").is_none());
        let other = take("2001:db8::1").unwrap();
        drop(held);
        assert!(take("::ffff:203.0.113.3").is_some());
        drop(other);
        assert!((0..9).all(|_| take("127.0.0.1").is_some()));
        assert!(places.taken().is_empty());
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
