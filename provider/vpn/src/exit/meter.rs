// SPDX-License-Identifier: Apache-2.0

//! Counts and caps of each peer's traffic.

use super::{
	bucket::{Bucket, Cap},
	pool::Pool,
};
use parking_lot::RwLock;
use std::{
	collections::HashMap,
	net::IpAddr,
	sync::{
		Arc,
		atomic::{AtomicU64, Ordering::Relaxed},
	},
	time::{Duration, Instant},
};

/// One direction of a peer.
#[derive(Debug, Default)]
pub struct Direction {
	/// Bytes of IP that passed.
	pub bytes: AtomicU64,
	/// Packets that did not pass: above the cap, or after the end of a trial.
	pub dropped: AtomicU64,
	bucket: Bucket,
}

/// Traffic of a peer.
#[derive(Debug, Default)]
pub struct Meter {
	/// From the peer.
	pub up: Direction,
	/// To the peer.
	pub down: Direction,
	/// Bits a second in each direction.
	bits: AtomicU64,
	/// Bounds of a trial.
	trial: Option<Trial>,
}

#[derive(Debug)]
struct Trial {
	/// End, in nanoseconds of the meters' clock.
	end: u64,
	/// Bytes that are left.
	left: AtomicU64,
}

impl Meter {
	/// Meter of a peer with a rate in bits a second.
	pub fn new(bits: u64) -> Self {
		Self { bits: bits.into(), ..Self::default() }
	}

	/// Rate in bits a second.
	pub fn bits(&self) -> u64 {
		self.bits.load(Relaxed)
	}

	/// Change the rate.
	pub fn set_bits(&self, bits: u64) {
		self.bits.store(bits, Relaxed);
	}

	fn pass(&self, direction: &Direction, bytes: u64, now: u64) -> bool {
		let passes = self.trial.as_ref().is_none_or(|trial| trial.pass(bytes, now))
			&& direction.bucket.take(Cap::new(self.bits()), bytes, now);
		let counter = if passes { &direction.bytes } else { &direction.dropped };
		counter.fetch_add(if passes { bytes } else { 1 }, Relaxed);
		passes
	}
}

impl Trial {
	fn pass(&self, bytes: u64, now: u64) -> bool {
		if now >= self.end {
			return false;
		}
		let take = |left: u64| left.checked_sub(bytes);
		// A packet that does not fit ends the trial: no small ones slip through afterwards.
		self.left.fetch_update(Relaxed, Relaxed, take).is_ok() || {
			self.left.store(0, Relaxed);
			false
		}
	}
}

/// Meters by the addresses of peers, and the clock of their caps.
pub struct Meters {
	pool: Pool,
	by_address: RwLock<HashMap<IpAddr, Arc<Meter>>>,
	start: Instant,
}

impl Meters {
	/// No meters yet.
	pub fn new(pool: Pool) -> Self {
		Self { pool, by_address: RwLock::default(), start: Instant::now() }
	}

	/// Meter of a trial.
	pub fn trial(&self, bits: u64, bytes: u64, time: Duration) -> Meter {
		let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
		let trial = Trial { end: self.now().saturating_add(time), left: bytes.into() };
		Meter { trial: Some(trial), ..Meter::new(bits) }
	}

	/// Count the traffic of these addresses.
	pub fn insert(&self, addresses: [IpAddr; 2], meter: &Arc<Meter>) {
		let mut by_address = self.by_address.write();
		for address in addresses {
			by_address.insert(address, meter.clone());
		}
	}

	/// Stop all traffic of these addresses.
	pub fn remove(&self, addresses: [IpAddr; 2]) {
		let mut by_address = self.by_address.write();
		for address in addresses {
			by_address.remove(&address);
		}
	}

	/// True if a packet of a peer may go out. None goes to another peer or to the exit itself.
	pub fn pass_up(&self, from: IpAddr, to: IpAddr, bytes: u64) -> bool {
		let meter = self.by_address.read().get(&from).cloned();
		!self.pool.contains(to)
			&& meter.is_some_and(|meter| meter.pass(&meter.up, bytes, self.now()))
	}

	/// True if a packet may go to a peer.
	pub fn pass_down(&self, to: IpAddr, bytes: u64) -> bool {
		let meter = self.by_address.read().get(&to).cloned();
		meter.is_some_and(|meter| meter.pass(&meter.down, bytes, self.now()))
	}

	fn now(&self) -> u64 {
		u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const FAR: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(93, 184, 216, 34));

	fn meters() -> Meters {
		Meters::new(Pool {
			ipv4: "10.66.0.0/16".parse().unwrap(),
			ipv6: "fd00::/64".parse().unwrap(),
		})
	}

	fn addresses(meters: &Meters) -> [IpAddr; 2] {
		let (v4, v6) = meters.pool.addresses(2);
		[v4.into(), v6.into()]
	}

	#[test]
	fn only_peers_pass_and_only_out() {
		let meters = meters();
		let [v4, v6] = addresses(&meters);
		assert!(!meters.pass_up(v4, FAR, 100));
		let meter = Arc::new(Meter::new(10_000_000));
		meters.insert([v4, v6], &meter);
		assert!(meters.pass_up(v4, FAR, 100) && meters.pass_down(v6, 50));
		assert!(!meters.pass_up(v4, v6, 100), "to a peer");
		assert!(!meters.pass_up(v4, meters.pool.addresses(1).0.into(), 100), "to the exit");
		assert_eq!((meter.up.bytes.load(Relaxed), meter.down.bytes.load(Relaxed)), (100, 50));
		meters.remove([v4, v6]);
		assert!(!meters.pass_up(v4, FAR, 100) && !meters.pass_down(v6, 50));
	}

	#[test]
	fn a_trial_ends_with_its_bytes_and_with_its_time() {
		let meters = meters();
		let addresses = addresses(&meters);
		let meter = Arc::new(meters.trial(10_000_000, 1_000, Duration::from_secs(60)));
		meters.insert(addresses, &meter);
		assert!(meters.pass_up(addresses[0], FAR, 600));
		assert!(!meters.pass_down(addresses[0], 600));
		assert!(!meters.pass_up(addresses[0], FAR, 1), "used up");
		let over = Arc::new(meters.trial(10_000_000, 1_000, Duration::ZERO));
		meters.insert(addresses, &over);
		assert!(!meters.pass_up(addresses[0], FAR, 1));
		assert_eq!(over.up.dropped.load(Relaxed), 1);
	}
}
