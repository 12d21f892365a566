// SPDX-License-Identifier: Apache-2.0

//! Rate limits by host, for clients without an account: trials, and failed attempts.

use super::{Bucket, Rate, Wait};
use ahash::{HashMap, RandomState};
use parking_lot::Mutex;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Tables, each with a lock of its own.
const SHARDS: usize = 16;

/// Network within which clients without an agreement count as one: the /24 of an IPv4 address, the
/// /64 of an IPv6 address.
pub fn trial_network(address: IpAddr) -> IpAddr {
	match address.to_canonical() {
		IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & !0xff)),
		IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
	}
}

/// Buckets by host, at most a fixed number.
///
/// If all of them are in use, new hosts share one bucket: a flood from many addresses does not grow
/// the table and does not reset those in it.
#[derive(Debug)]
pub struct Hosts {
	rate: Rate,
	shards: Vec<Mutex<Shard>>,
	others: Bucket,
	per_shard: usize,
	hasher: RandomState,
}

#[derive(Debug, Default)]
struct Shard {
	buckets: HashMap<IpAddr, Bucket>,
	/// Time before which a look for unused buckets is in vain.
	swept_at: u64,
}

impl Hosts {
	/// Empty table.
	///
	/// - `capacity`: maximum number of hosts, at least 16.
	pub fn new(rate: Rate, capacity: usize) -> Self {
		Self {
			rate,
			shards: std::iter::repeat_with(Mutex::default).take(SHARDS).collect(),
			others: Bucket::default(),
			per_shard: (capacity / SHARDS).max(1),
			hasher: RandomState::new(),
		}
	}

	/// Take an amount from the bucket of a host.
	///
	/// - `now`: as for [`Bucket`].
	pub fn take(&self, host: IpAddr, amount: u64, now: u64) -> Result<(), Wait> {
		self.with(host, now, |bucket| bucket.take(self.rate, amount, now))
	}

	/// True if an amount would fit, without taking it.
	pub fn has_room(&self, host: IpAddr, amount: u64, now: u64) -> Result<(), Wait> {
		self.with(host, now, |bucket| {
			bucket.take(self.rate, amount, now)?;
			bucket.give_back(self.rate, amount);
			Ok(())
		})
	}

	/// Take an amount from the bucket of a host, whether it fits or not.
	pub fn charge(&self, host: IpAddr, amount: u64, now: u64) {
		self.with(host, now, |bucket| bucket.charge(self.rate, amount, now));
	}

	/// Replace an amount that a host took by the one that it used.
	pub fn settle(&self, host: IpAddr, taken: u64, used: u64, now: u64) {
		self.with(host, now, |bucket| bucket.settle(self.rate, taken, used, now));
	}

	fn with<T>(&self, host: IpAddr, now: u64, then: impl Fn(&Bucket) -> T) -> T {
		// The lowest bits choose the place within a table, so the shard goes by others.
		let index = self.hasher.hash_one(host).rotate_left(16) as usize & (SHARDS - 1);
		let Some(shard) = self.shards.get(index) else { return then(&self.others) };
		let mut shard = shard.lock();
		if let Some(bucket) = shard.buckets.get(&host) {
			return then(bucket);
		}
		if shard.buckets.len() >= self.per_shard {
			shard.sweep(now);
			if shard.buckets.len() >= self.per_shard {
				return then(&self.others);
			}
		}
		then(shard.buckets.entry(host).or_default())
	}
}

impl Shard {
	/// Forget the buckets that are full again, at most once a second.
	fn sweep(&mut self, now: u64) {
		if now >= self.swept_at {
			self.buckets.retain(|_, bucket| !bucket.is_full(now));
			self.swept_at = now.saturating_add(1_000_000_000);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const RATE: Rate = Rate { per_second: 2, burst: 16 };
	const SECOND: u64 = 1_000_000_000;

	fn host(n: u32) -> IpAddr {
		IpAddr::V4(Ipv4Addr::from_bits(n))
	}

	#[test]
	fn each_host_has_its_own_bucket() {
		let hosts = Hosts::new(RATE, 1_000);
		assert_eq!(hosts.take(host(1), 16, 0), Ok(()));
		assert!(hosts.take(host(1), 1, 0).is_err());
		assert_eq!(hosts.take(host(2), 16, 0), Ok(()));
		assert_eq!(hosts.take(host(1), 1, SECOND / 2), Ok(()));
	}

	#[test]
	fn room_is_not_taken_by_asking() {
		let hosts = Hosts::new(RATE, 1_000);
		for _ in 0..50 {
			assert_eq!(hosts.has_room(host(1), 16, 0), Ok(()));
		}
		hosts.charge(host(1), 17, 0);
		assert!(hosts.has_room(host(1), 1, 0).is_err());
	}

	#[test]
	fn a_flood_of_hosts_shares_a_bucket_and_does_not_reset_others() {
		let hosts = Hosts::new(RATE, 160);
		assert_eq!(hosts.take(host(1), 16, 0), Ok(()));
		let served = (1_000..100_000).filter(|n| hosts.take(host(*n), 1, 0).is_ok()).count();
		assert!(count(&hosts) <= 160);
		assert!(served <= 160 + 16, "{served}");
		assert!(hosts.take(host(1), 1, 0).is_err());
		// Unused buckets make room later.
		assert_eq!(hosts.take(host(200_000), 16, 100 * SECOND), Ok(()));
		assert!(count(&hosts) <= 160);
	}

	#[test]
	fn trials_count_by_network() {
		let network = |text: &str| trial_network(text.parse().unwrap());
		assert_eq!(network("1.2.3.4"), network("1.2.3.255"));
		assert_ne!(network("1.2.3.4"), network("1.2.4.4"));
		assert_eq!(network("::ffff:1.2.3.4"), network("1.2.3.9"));
		assert_eq!(network("2001:db8::1"), network("2001:db8::2:0:0:1"));
		assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
	}

	fn count(hosts: &Hosts) -> usize {
		hosts.shards.iter().map(|shard| shard.lock().buckets.len()).sum()
	}
}
