//! Bound on the requests that one address gets, so that nobody can aim the validators at a stranger.
//!
//! A listing names a host, and its owner lets the name point where he likes: a thousand names of his own at a
//! victim's address would have every validator visit the victim a thousand times a round. Nothing is earned by that
//! but the harm, so it need only be made small. But an address alone is no measure: a provider has hundreds of leases
//! on one, and behind a CDN honest operators share theirs with everybody, also with one who lists bad names there
//! to spend a common budget and have his neighbours found down.
//!
//! So the budget is for *strangers*: names that have not shown yet that they belong at their address. A name is
//! known there once the server has shown a certificate for it, which no victim has and every honest https service
//! does, in its first handshake; or, in plain HTTP, once it has answered with a 2xx, but of those only a
//! few names at an address, since a victim may well answer so to any name. A request that makes its name known is not counted.
//! What strangers spend without success is bounded per address, and per registrable domain of it, so that many
//! names of one domain leave room for others.

use std::{
	collections::{HashMap, hash_map::Entry},
	net::Ipv4Addr,
	sync::{Arc, Mutex, PoisonError},
	time::{Duration, Instant},
};
use surety_primitives::endpoint;

/// Bounds of [`Budget`] and [`KnownHosts`].
#[derive(Clone, Copy, Debug)]
pub struct Caps {
	/// Unsuccessful requests of strangers to an address in a run. From 100 validators a victim sees at most 213 a
	/// second, in production's rounds of a minute.
	pub address: usize,
	/// The same of one domain.
	pub domain: usize,
	/// Names at an address that are known by a mere answer.
	pub plain: usize,
	/// Names that are known at a time, at all addresses.
	pub names: usize,
	/// How long a name is known after its last success.
	pub memory: Duration,
	/// Private addresses have no budget: only chains for tests let probes go there.
	pub spare_private: bool,
}

impl Default for Caps {
	fn default() -> Self {
		Self {
			address: 128,
			domain: 32,
			plain: 32,
			names: 131_072,
			memory: Duration::from_secs(60 * 60),
			spare_private: true,
		}
	}
}

/// Names that belong at their address. Shared by all runs.
pub struct KnownHosts {
	caps: Caps,
	known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
	places: HashMap<Ipv4Addr, HashMap<String, Success>>,
	names: usize,
}

#[derive(Clone, Copy)]
struct Success {
	at: Instant,
	certified: bool,
}

impl KnownHosts {
	/// None yet.
	pub fn new(caps: Caps) -> Self {
		Self { caps, known: Mutex::default() }
	}

	fn knows(&self, address: Ipv4Addr, host: &str) -> bool {
		let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
		let success = known.places.get(&address).and_then(|place| place.get(host));
		success.is_some_and(|success| success.at.elapsed() < self.caps.memory)
	}

	/// `host` had success at `address`. Returns false if there is no more room for it.
	fn note(&self, address: Ipv4Addr, host: &str, certified: bool) -> bool {
		let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
		if known.names >= self.caps.names {
			for place in known.places.values_mut() {
				place.retain(|_, success| success.at.elapsed() < self.caps.memory);
			}
			known.places.retain(|_, place| !place.is_empty());
			known.names = known.places.values().map(HashMap::len).fold(0, usize::saturating_add);
		}
		let full = known.names >= self.caps.names;
		let place = known.places.entry(address).or_default();
		let plain = place
			.values()
			.filter(|success| !success.certified && success.at.elapsed() < self.caps.memory)
			.count();
		let now = Success { at: Instant::now(), certified };
		match place.entry(host.into()) {
			Entry::Occupied(mut entry) => {
				let before = entry.get_mut();
				*before = Success { certified: certified || before.certified, ..now };
				true
			},
			Entry::Vacant(_) if full || (!certified && plain >= self.caps.plain) => false,
			Entry::Vacant(entry) => {
				entry.insert(now);
				known.names = known.names.saturating_add(1);
				true
			},
		}
	}
}

/// What strangers may still ask in one run.
pub struct Budget {
	known: Arc<KnownHosts>,
	spent: Mutex<HashMap<Ipv4Addr, HashMap<String, usize>>>,
}

impl Budget {
	/// Nothing is spent.
	pub fn new(known: Arc<KnownHosts>) -> Self {
		Self { known, spent: Mutex::default() }
	}

	/// A visit to `address` by the name `host`; `None` if there is nothing left for it.
	pub fn admit(self: &Arc<Self>, address: Ipv4Addr, host: &str) -> Option<Visit> {
		let caps = &self.known.caps;
		let host = host.trim_end_matches('.').to_ascii_lowercase();
		let free = caps.spare_private && endpoint::forbidden(address.into()).is_some();
		let counted = !free && !self.known.knows(address, &host);
		if counted {
			let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
			let place = spent.entry(address).or_default();
			let total = place.values().copied().fold(0, usize::saturating_add);
			let of_domain = place.entry(domain(&host).into()).or_default();
			if total >= caps.address || *of_domain >= caps.domain {
				return None;
			}
			*of_domain = of_domain.saturating_add(1);
		}
		Some(Visit { budget: self.clone(), address, host, counted, free })
	}
}

/// A request on its way to an address.
pub struct Visit {
	budget: Arc<Budget>,
	address: Ipv4Addr,
	host: String,
	counted: bool,
	free: bool,
}

impl Visit {
	/// The server has a certificate for the name (`certified`), or has answered with a 2xx.
	pub fn succeeded(&mut self, certified: bool) {
		if self.free
			|| !self.budget.known.note(self.address, &self.host, certified)
			|| !self.counted
		{
			return;
		}
		self.counted = false;
		let mut spent = self.budget.spent.lock().unwrap_or_else(PoisonError::into_inner);
		let of_domain =
			spent.get_mut(&self.address).and_then(|place| place.get_mut(domain(&self.host)));
		if let Some(of_domain) = of_domain {
			*of_domain = of_domain.saturating_sub(1);
		}
	}
}

/// The part of a name that one has to pay for: its last two labels. Where these are a public suffix its customers share
/// what strangers may spend, which matters only at an address that they share too. Of an address it is the whole.
fn domain(host: &str) -> &str {
	if host.parse::<Ipv4Addr>().is_ok() {
		return host;
	}
	host.rmatch_indices('.')
		.nth(1)
		.and_then(|(dot, _)| host.get(dot.saturating_add(1)..))
		.unwrap_or(host)
}

#[cfg(test)]
mod tests {
	use super::*;

	const VICTIM: Ipv4Addr = Ipv4Addr::new(9, 9, 9, 9);

	fn run(known: &Arc<KnownHosts>) -> Arc<Budget> {
		Arc::new(Budget::new(known.clone()))
	}

	fn known() -> Arc<KnownHosts> {
		Arc::new(KnownHosts::new(Caps { address: 5, domain: 3, plain: 2, ..Caps::default() }))
	}

	#[test]
	fn names_of_one_domain_leave_room_for_others() {
		let run = run(&known());
		let admitted = |host: &str| run.admit(VICTIM, host).is_some();
		let of_one = (0..9).filter(|n| admitted(&format!("n{n}.attacker.example"))).count();
		assert_eq!(of_one, 3);
		assert!(!admitted("ATTACKER.example."));
		assert!(admitted("honest.test") && admitted("rpc.honest.test"));
		assert!(!admitted("rpc.honest.test"), "five in all");
		assert!(run.admit(Ipv4Addr::new(8, 8, 8, 8), "rpc.attacker.example").is_some());
	}

	#[test]
	fn a_name_with_a_certificate_is_not_held_to_the_budget_of_its_neighbours() {
		let known = known();
		let first = run(&known);
		for n in 0..20 {
			first.admit(VICTIM, &format!("rpc{n}.honest.test")).unwrap().succeeded(true);
		}
		let next = run(&known);
		while next.admit(VICTIM, "x.attacker.example").is_some()
			|| next.admit(VICTIM, "x.more.example").is_some()
		{}
		for n in 0..20 {
			assert!(next.admit(VICTIM, &format!("RPC{n}.honest.test")).is_some());
		}
	}

	#[test]
	fn few_names_are_known_by_a_mere_answer() {
		let known = known();
		let run = run(&known);
		let answered = (0..20)
			.filter_map(|n| run.admit(VICTIM, &format!("n{n}.attacker{n}.example")))
			.map(|mut visit| visit.succeeded(false))
			.count();
		assert_eq!(answered, 2 + 5);
		// A host with many services is one name.
		let own = Ipv4Addr::new(8, 8, 8, 8);
		assert!(
			(0..100).all(|_| run
				.admit(own, "8.8.8.8")
				.map(|mut visit| visit.succeeded(false))
				.is_some())
		);
	}

	#[test]
	fn a_name_is_forgotten_after_a_while() {
		let caps = Caps { memory: Duration::ZERO, names: 2, ..Caps::default() };
		let known = Arc::new(KnownHosts::new(caps));
		let run = run(&known);
		for n in 0..5 {
			run.admit(VICTIM, &format!("n{n}.test")).unwrap().succeeded(true);
		}
		assert!(!known.knows(VICTIM, "n4.test"));
		assert!(known.known.lock().unwrap().names <= 2);
	}

	#[test]
	fn private_addresses_have_no_budget() {
		let run = run(&known());
		assert!((0..100).all(|_| run.admit(Ipv4Addr::LOCALHOST, "localhost").is_some()));
	}

	#[test]
	fn domains_are_the_last_two_labels() {
		assert_eq!(domain("a.b.example.org"), "example.org");
		assert_eq!(domain("example.org"), "example.org");
		assert_eq!(domain("localhost"), "localhost");
		assert_eq!(domain("10.1.2.3"), "10.1.2.3");
	}
}
