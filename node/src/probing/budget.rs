// SPDX-License-Identifier: Apache-2.0

//! Budget of the requests that one address receives, so that the validators cannot be used to
//! attack a third party.
//!
//! The operator of a listing controls the DNS of its host. A thousand names that point at a victim
//! would make every validator visit the victim a thousand times per round. A plain limit per
//! address does not work either: a provider serves hundreds of leases from one address, and behind
//! a CDN honest operators share an address with everyone, including an attacker who lists bad names
//! to use up a common budget and have his neighbours judged down.
//!
//! The budget therefore applies to *unverified* names, which have not yet shown that they belong at
//! their address. A name is verified
//!
//! - over TLS, by the server's certificate in the first handshake. A victim has no certificate for
//!   the name, and every honest https service has one;
//! - over plain HTTP, by a 2xx response. A victim may answer any name that way, so only a few names
//!   at an address are verified like this.
//!
//! A request that verifies its name is not counted. Failed requests of unverified names are bounded
//! per address, and per registrable domain at the address, so that many names of one domain leave
//! room for others.

use std::{
	collections::{HashMap, hash_map::Entry},
	net::Ipv4Addr,
	sync::{Arc, Mutex, PoisonError},
	time::{Duration, Instant},
};
use surety_primitives::endpoint;

/// Limits of [`Budget`] and [`KnownHosts`].
#[derive(Clone, Copy, Debug)]
pub struct BudgetLimits {
	/// Failed requests of unverified names to one address in one run. 100 validators together send
	/// a victim at most 213 requests per second, with production's rounds of a minute.
	pub address: usize,
	/// Failed requests of unverified names of one domain to one address in one run.
	pub domain: usize,
	/// Names at one address that are verified by a plain HTTP response.
	pub plain: usize,
	/// Verified names in total.
	pub names: usize,
	/// Time that a name stays verified after its last success.
	pub memory: Duration,
	/// Exempts private addresses, which only test chains allow.
	pub exempt_private: bool,
}

impl Default for BudgetLimits {
	fn default() -> Self {
		Self {
			address: 128,
			domain: 32,
			plain: 32,
			names: 131_072,
			memory: Duration::from_secs(60 * 60),
			exempt_private: true,
		}
	}
}

/// Names that are verified at their address. Shared by all runs.
pub struct KnownHosts {
	limits: BudgetLimits,
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
	/// Empty set.
	pub fn new(limits: BudgetLimits) -> Self {
		Self { limits, known: Mutex::default() }
	}

	fn knows(&self, address: Ipv4Addr, host: &str) -> bool {
		let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
		let success = known.places.get(&address).and_then(|place| place.get(host));
		success.is_some_and(|success| success.at.elapsed() < self.limits.memory)
	}

	/// Record a success of `host` at `address`. Returns false if there is no room for the name.
	fn note(&self, address: Ipv4Addr, host: &str, certified: bool) -> bool {
		let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
		if known.names >= self.limits.names {
			for place in known.places.values_mut() {
				place.retain(|_, success| success.at.elapsed() < self.limits.memory);
			}
			known.places.retain(|_, place| !place.is_empty());
			known.names = known.places.values().map(HashMap::len).fold(0, usize::saturating_add);
		}
		let full = known.names >= self.limits.names;
		let place = known.places.entry(address).or_default();
		let plain = place
			.values()
			.filter(|success| !success.certified && success.at.elapsed() < self.limits.memory)
			.count();
		let now = Success { at: Instant::now(), certified };
		match place.entry(host.into()) {
			Entry::Occupied(mut entry) => {
				let before = entry.get_mut();
				*before = Success { certified: certified || before.certified, ..now };
				true
			},
			Entry::Vacant(_) if full || (!certified && plain >= self.limits.plain) => false,
			Entry::Vacant(entry) => {
				entry.insert(now);
				known.names = known.names.saturating_add(1);
				true
			},
		}
	}
}

/// Budget of unverified names in one run.
pub struct Budget {
	known: Arc<KnownHosts>,
	spent: Mutex<HashMap<Ipv4Addr, HashMap<String, usize>>>,
}

impl Budget {
	/// Full budget.
	pub fn new(known: Arc<KnownHosts>) -> Self {
		Self { known, spent: Mutex::default() }
	}

	/// Admit a request to `address` under the name `host`. `None` if the budget is used up.
	pub fn admit(self: &Arc<Self>, address: Ipv4Addr, host: &str) -> Option<Permit> {
		let limits = &self.known.limits;
		let host = host.trim_end_matches('.').to_ascii_lowercase();
		let free = limits.exempt_private && endpoint::forbidden(address.into()).is_some();
		let counted = !free && !self.known.knows(address, &host);
		if counted {
			let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
			let place = spent.entry(address).or_default();
			let total = place.values().copied().fold(0, usize::saturating_add);
			let of_domain = place.entry(domain(&host).into()).or_default();
			if total >= limits.address || *of_domain >= limits.domain {
				return None;
			}
			*of_domain = of_domain.saturating_add(1);
		}
		Some(Permit { budget: self.clone(), address, host, counted, free })
	}
}

/// Permit for one request to an address.
pub struct Permit {
	budget: Arc<Budget>,
	address: Ipv4Addr,
	host: String,
	counted: bool,
	free: bool,
}

impl Permit {
	/// Record that the server showed a certificate for the name (`certified`), or answered with a
	/// 2xx.
	pub fn on_success(&mut self, certified: bool) {
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

/// Registrable domain of a name: its last two labels; of an IP address the whole of it. Names below
/// a two-label public suffix share one budget, which only matters where they also share an address.
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
		Arc::new(KnownHosts::new(BudgetLimits {
			address: 5,
			domain: 3,
			plain: 2,
			..BudgetLimits::default()
		}))
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
	fn a_certified_name_is_exempt_from_the_budget() {
		let known = known();
		let first = run(&known);
		for n in 0..20 {
			first.admit(VICTIM, &format!("rpc{n}.honest.test")).unwrap().on_success(true);
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
	fn few_names_are_verified_by_a_plain_response() {
		let known = known();
		let run = run(&known);
		let answered = (0..20)
			.filter_map(|n| run.admit(VICTIM, &format!("n{n}.attacker{n}.example")))
			.map(|mut permit| permit.on_success(false))
			.count();
		assert_eq!(answered, 2 + 5);
		// A host with many services is a single name.
		let own = Ipv4Addr::new(8, 8, 8, 8);
		assert!((0..100).all(|_| {
			run.admit(own, "8.8.8.8").map(|mut permit| permit.on_success(false)).is_some()
		}));
	}

	#[test]
	fn verification_expires() {
		let limits = BudgetLimits { memory: Duration::ZERO, names: 2, ..BudgetLimits::default() };
		let known = Arc::new(KnownHosts::new(limits));
		let run = run(&known);
		for n in 0..5 {
			run.admit(VICTIM, &format!("n{n}.test")).unwrap().on_success(true);
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
