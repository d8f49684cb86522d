//! How a listener meets the network: where, with which proof of itself, and what it grants to whom.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use agentdb_client_address::throttle_key;
use parking_lot::Mutex;

use super::connection::Quiet;
use super::tls::Tls;

/// A listener that is to be.
pub struct Edge {
    pub address: SocketAddr,
    /// What is named when the address cannot be had.
    pub setting: &'static str,
    /// What metrics call it.
    pub name: &'static str,
    /// Without it, everything is sent in clear.
    pub tls: Option<Tls>,
    pub limits: Limits,
}

/// What a listener grants to its peers.
#[derive(Clone)]
pub struct Limits {
    /// Connections at once.
    pub connections: NonZeroU32,
    /// Those of each address.
    pub addresses: Addresses,
    pub quiet: Quiet,
}

impl Limits {
    /// So many connections at once, and so many of one address, with the times that are right for a service.
    pub fn of(connections: NonZeroU32, of_address: Option<NonZeroU32>) -> Self {
        Self { connections, addresses: Addresses::at_most(of_address), quiet: Quiet::default() }
    }
}

/// The open connections of each address, a network of IPv6 counting as one. There are never more addresses in it than
/// connections.
#[derive(Clone)]
pub struct Addresses {
    most: Option<NonZeroU32>,
    open: Arc<Mutex<HashMap<IpAddr, u32>>>,
}

impl Addresses {
    fn at_most(most: Option<NonZeroU32>) -> Self {
        Self { most, open: Arc::default() }
    }

    /// A place for one more connection, until it is dropped; `None` when the address has as many as it may.
    pub fn take(&self, peer: IpAddr) -> Option<Place> {
        let Some(most) = self.most else { return Some(Place(None)) };
        let address = throttle_key(peer);
        let mut open = self.open.lock();
        let of_address = open.entry(address).or_default();
        if *of_address >= most.get() {
            return None;
        }
        *of_address += 1;
        Some(Place(Some((self.clone(), address))))
    }
}

/// The place of a connection.
pub struct Place(Option<(Addresses, IpAddr)>);

impl Drop for Place {
    fn drop(&mut self) {
        let Some((addresses, address)) = self.0.take() else { return };
        if let Entry::Occupied(mut open) = addresses.open.lock().entry(address) {
            match open.get().saturating_sub(1) {
                0 => drop(open.remove()),
                left => *open.get_mut() = left,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_places_and_gives_them_back() {
        let addresses = Addresses::at_most(NonZeroU32::new(2));
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse::<IpAddr>().unwrap());
        let first = addresses.take(one).expect("the first");
        let second = addresses.take(one).expect("the second");
        assert!(addresses.take(one).is_none());
        assert!(addresses.take("::ffff:192.0.2.1".parse().unwrap()).is_none(), "the same in another form");
        let others = addresses.take(other).expect("another address has its own");
        drop(first);
        let third = addresses.take(one).expect("one was given back");
        drop((second, third, others));
        assert!(addresses.open.lock().is_empty(), "nothing is kept of who left");
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let addresses = Addresses::at_most(None);
        let places: Vec<_> = (0..10).map(|_| addresses.take("192.0.2.1".parse().unwrap())).collect();
        assert!(places.iter().all(Option::is_some) && addresses.open.lock().is_empty());
    }
}
