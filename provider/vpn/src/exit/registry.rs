// SPDX-License-Identifier: Apache-2.0

//! Peers by key and by agreement, and their addresses. Nothing here touches the network.

use super::{
	fault::ExitError,
	meter::Meter,
	pool::{EXIT, Index, Pool},
	settings::Trials,
	store::StoredPeer,
};
use crate::{AgreementId, claims::PeerRequest, keys::Key};
use std::{
	collections::{BTreeMap, HashMap, HashSet},
	net::IpAddr,
	sync::{Arc, atomic::Ordering::Relaxed},
};

/// Age in ms from which a trial may give way to another. A proof takes less.
const MIN_TRIAL: u64 = 15_000;

/// Owner of a peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Owner {
	/// Agreement.
	Agreement(AgreementId),
	/// Somebody, for a trial.
	Trial(Origin),
}

/// Origin of a trial.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
	/// Network of a stranger: a `/24` of IPv4, a `/48` of IPv6.
	Network(IpAddr),
	/// Prober of the chain, which no limit of a network concerns.
	Prober,
}

impl From<IpAddr> for Origin {
	fn from(address: IpAddr) -> Self {
		Self::Network(match address.to_canonical() {
			IpAddr::V4(address) => IpAddr::from((address.to_bits() & 0xffff_ff00).to_be_bytes()),
			IpAddr::V6(address) => {
				IpAddr::from((address.to_bits() & (u128::MAX << 80)).to_be_bytes())
			},
		})
	}
}

/// Peer. Moments are in ms since 1970.
#[derive(Clone, Debug)]
pub struct Peer {
	/// Owner.
	pub owner: Owner,
	/// Key.
	pub key: Key,
	/// Index of its addresses.
	pub index: Index,
	/// Traffic.
	pub meter: Arc<Meter>,
	/// Moment of signing of the request; 0 for a trial.
	pub issued: u64,
	/// Admission.
	pub admitted: u64,
	/// Last handshake, or admission.
	pub seen: u64,
	/// End of a trial; 0 without an end.
	pub until: u64,
}

/// Peers of an exit.
pub struct Registry {
	pool: Pool,
	peers: BTreeMap<Key, Peer>,
	by_agreement: HashMap<AgreementId, Key>,
	used: HashSet<Index>,
	/// Index that was given out last. Addresses are used again as late as possible, so that no
	/// answer to one peer reaches the next.
	last: Index,
}

/// Change of the peers, to be made in the device.
#[derive(Debug, Default)]
pub struct Change {
	/// Peers that are no more.
	pub removed: Vec<Peer>,
	/// New peer.
	pub added: Option<Peer>,
}

impl Registry {
	/// No peers.
	pub fn new(pool: Pool) -> Self {
		Self {
			pool,
			peers: BTreeMap::new(),
			by_agreement: HashMap::new(),
			used: HashSet::new(),
			last: EXIT,
		}
	}

	/// Take over stored peers. Those that no longer fit into the pool are left out.
	pub fn restore(&mut self, stored: Vec<StoredPeer>) -> Vec<Peer> {
		let mut restored = Vec::new();
		for StoredPeer { agreement, key, issued, index, bits, up, down, seen } in stored {
			let fits = index > EXIT && index <= self.pool.last();
			let is_new = !self.used.contains(&index)
				&& !self.peers.contains_key(&key)
				&& !self.by_agreement.contains_key(&agreement);
			if !fits || !is_new {
				tracing::warn!(
					agreement,
					"no place for a stored peer; its tenant has to ask again"
				);
				continue;
			}
			let meter = Arc::new(Meter::new(bits));
			meter.up.bytes.store(up, Relaxed);
			meter.down.bytes.store(down, Relaxed);
			let owner = Owner::Agreement(agreement);
			let peer = Peer { owner, key, index, meter, issued, admitted: seen, seen, until: 0 };
			self.last = self.last.max(index);
			self.insert(peer.clone());
			restored.push(peer);
		}
		restored
	}

	/// Peers of agreements as they are stored.
	pub fn stored(&self) -> Vec<StoredPeer> {
		let stored = |peer: &Peer| match peer.owner {
			Owner::Trial(_) => None,
			Owner::Agreement(agreement) => Some(StoredPeer {
				agreement,
				key: peer.key,
				issued: peer.issued,
				index: peer.index,
				bits: peer.meter.bits(),
				up: peer.meter.up.bytes.load(Relaxed),
				down: peer.meter.down.bytes.load(Relaxed),
				seen: peer.seen,
			}),
		};
		self.peers.values().filter_map(stored).collect()
	}

	/// All peers.
	pub fn peers(&self) -> impl Iterator<Item = &Peer> {
		self.peers.values()
	}

	/// Agreements with a peer.
	pub fn agreements(&self) -> impl Iterator<Item = AgreementId> + '_ {
		self.by_agreement.keys().copied()
	}

	/// Peer of an agreement.
	pub fn of(&self, agreement: AgreementId) -> Option<&Peer> {
		self.by_agreement.get(&agreement).and_then(|key| self.peers.get(key))
	}

	/// Make the key of a request the peer of its agreement, in place of another key, with the
	/// addresses and counts of that one. The rate is that of `bits` a second.
	///
	/// Only a later request is let in, or the same one again for a tenant whose answer was lost: a
	/// replay would put back a key that the tenant has replaced.
	pub fn admit(
		&mut self,
		request: &PeerRequest,
		bits: u64,
		now: u64,
	) -> Result<Change, ExitError> {
		let PeerRequest { agreement, key, issued } = *request;
		let mut change = Change::default();
		let is_newer = |of: &Peer| issued > of.issued || (issued == of.issued && key == of.key);
		if self.of(agreement).is_some_and(|peer| !is_newer(peer)) {
			return Err(ExitError::Replayed);
		}
		match self.peers.get(&key).map(|peer| peer.owner) {
			Some(Owner::Agreement(owner)) if owner == agreement => {
				if let Some(peer) = self.peers.get_mut(&key) {
					peer.meter.set_bits(bits);
					peer.issued = issued;
				}
				return Ok(change);
			},
			Some(Owner::Agreement(_)) => return Err(ExitError::KeyInUse),
			Some(Owner::Trial(_)) => change.removed.extend(self.remove(&key)),
			None => {},
		}
		let before = self.by_agreement.get(&agreement).copied().and_then(|key| self.remove(&key));
		let (index, meter) = match &before {
			Some(before) => (before.index, before.meter.clone()),
			None => {
				if self.is_full() {
					change.removed.extend(self.evict(0, now));
				}
				(self.free().ok_or(ExitError::PoolFull)?, Arc::new(Meter::new(bits)))
			},
		};
		meter.set_bits(bits);
		change.removed.extend(before);
		let owner = Owner::Agreement(agreement);
		let peer = Peer { owner, key, index, meter, issued, admitted: now, seen: now, until: 0 };
		change.added = Some(peer);
		change.added.iter().for_each(|peer| self.insert(peer.clone()));
		Ok(change)
	}

	/// Make `key` the peer of a trial.
	pub fn admit_trial(
		&mut self,
		key: Key,
		origin: Origin,
		limits: &Trials,
		meter: Meter,
		now: u64,
	) -> Result<Change, ExitError> {
		let mut change = Change::default();
		match self.peers.get(&key).map(|peer| peer.owner) {
			Some(Owner::Trial(_)) => return Ok(change),
			Some(Owner::Agreement(_)) => return Err(ExitError::KeyInUse),
			None => {},
		}
		let trials = || self.peers.values().filter(|peer| matches!(peer.owner, Owner::Trial(_)));
		let of_origin = trials().filter(|peer| peer.owner == Owner::Trial(origin)).count();
		if origin != Origin::Prober && of_origin >= limits.max_of_network {
			return Err(ExitError::TrialsFull);
		}
		if trials().count() >= limits.max || self.is_full() {
			let evicted = self.evict(MIN_TRIAL, now).ok_or(ExitError::TrialsFull)?;
			change.removed.push(evicted);
		}
		let index = self.free().ok_or(ExitError::TrialsFull)?;
		let time = u64::try_from(limits.time.as_millis()).unwrap_or(u64::MAX);
		let peer = Peer {
			owner: Owner::Trial(origin),
			key,
			index,
			meter: Arc::new(meter),
			issued: 0,
			admitted: now,
			seen: now,
			until: now.saturating_add(time),
		};
		self.insert(peer.clone());
		change.added = Some(peer);
		Ok(change)
	}

	/// Remove the peer of an agreement.
	pub fn revoke(&mut self, agreement: AgreementId) -> Option<Peer> {
		let key = self.by_agreement.get(&agreement).copied()?;
		self.remove(&key)
	}

	/// Note a handshake.
	pub fn see(&mut self, key: &Key, moment: u64) {
		if let Some(peer) = self.peers.get_mut(key) {
			peer.seen = peer.seen.max(moment);
		}
	}

	/// Remove trials whose time is over, and peers of agreements without a handshake for `stale`
	/// ms. A trial whose bytes are used up keeps its place: its network gets no new one sooner.
	pub fn sweep(&mut self, stale: u64, now: u64) -> Vec<Peer> {
		let is_over = |peer: &&Peer| match peer.owner {
			Owner::Trial(_) => now >= peer.until,
			Owner::Agreement(_) => now >= peer.seen.saturating_add(stale),
		};
		let over: Vec<Key> = self.peers.values().filter(is_over).map(|peer| peer.key).collect();
		over.iter().filter_map(|key| self.remove(key)).collect()
	}

	fn insert(&mut self, peer: Peer) {
		if let Owner::Agreement(agreement) = peer.owner {
			self.by_agreement.insert(agreement, peer.key);
		}
		self.used.insert(peer.index);
		self.peers.insert(peer.key, peer);
	}

	fn remove(&mut self, key: &Key) -> Option<Peer> {
		let peer = self.peers.remove(key)?;
		self.used.remove(&peer.index);
		if let Owner::Agreement(agreement) = peer.owner {
			self.by_agreement.remove(&agreement);
		}
		Some(peer)
	}

	/// Remove the oldest trial that is at least `age` ms old.
	fn evict(&mut self, age: u64, now: u64) -> Option<Peer> {
		let trials = self.peers.values().filter(|peer| matches!(peer.owner, Owner::Trial(_)));
		let oldest = trials.min_by_key(|peer| peer.admitted)?;
		let key = (oldest.admitted.saturating_add(age) <= now).then_some(oldest.key)?;
		self.remove(&key)
	}

	fn is_full(&self) -> bool {
		self.used.len() >= usize::from(self.pool.last().saturating_sub(EXIT))
	}

	/// The free index after the one that was given out last.
	fn free(&mut self) -> Option<Index> {
		let first = EXIT.saturating_add(1);
		let (after, last) = (self.last.saturating_add(1), self.pool.last());
		let index =
			(after..=last).chain(first..=self.last).find(|index| !self.used.contains(index))?;
		self.last = index;
		Some(index)
	}
}

#[cfg(test)]
mod tests;
