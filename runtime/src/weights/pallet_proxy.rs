// SPDX-License-Identifier: Apache-2.0

//! Weights of `pallet_proxy` in this runtime, measured.
//!
//! Written by `make weights` (frame-omni-bencher, CLI 64.0.0) on 2026-11-20: 20 steps, 10 repeats,
//! CPU `AMD EPYC`. Do not edit: measure again.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens, unused_imports, missing_docs)]

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{RuntimeDbWeight, Weight},
};

/// Measured weights of `pallet_proxy`, with reads and writes priced by `Db`.
pub struct Measured<Db>(PhantomData<Db>);

/// Weights with the database of the runtime `T`.
pub type WeightInfo<T> = Measured<<T as frame_system::Config>::DbWeight>;

impl<Db: Get<RuntimeDbWeight>> pallet_proxy::WeightInfo for Measured<Db> {
	/// Storage: `Proxy::Proxies` (r:1 w:0)
	/// Proof: `Proxy::Proxies` (`max_values`: None, `max_size`: Some(1241), added: 3716, mode: `MaxEncodedLen`)
	/// `p` is in `[1, 31]`.
	fn proxy(p: u32, ) -> Weight {
		// Minimum measured: 8_303 ns. Proof recorded: 161 bytes.
		Weight::from_parts(9_872_386, 4706)
			// +- 38_514
			.saturating_add(Weight::from_parts(77_496, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(1_u64))
	}
	/// Storage: `Proxy::Proxies` (r:1 w:0)
	/// Proof: `Proxy::Proxies` (`max_values`: None, `max_size`: Some(1241), added: 3716, mode: `MaxEncodedLen`)
	/// Storage: `Proxy::Announcements` (r:1 w:1)
	/// Proof: `Proxy::Announcements` (`max_values`: None, `max_size`: Some(2233), added: 4708, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// `a` is in `[0, 31]`.
	/// `p` is in `[1, 31]`.
	fn proxy_announced(a: u32, p: u32, ) -> Weight {
		// Minimum measured: 25_428 ns. Proof recorded: 492 bytes.
		Weight::from_parts(30_935_345, 5698)
			// +- 75_972
			.saturating_add(Weight::from_parts(242_658, 0).saturating_mul(a.into()))
			// +- 78_550
			.saturating_add(Weight::from_parts(99_627, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Proxy::Announcements` (r:1 w:1)
	/// Proof: `Proxy::Announcements` (`max_values`: None, `max_size`: Some(2233), added: 4708, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// `a` is in `[0, 31]`.
	/// `p` is in `[1, 31]`.
	fn remove_announcement(a: u32, p: u32, ) -> Weight {
		// Minimum measured: 17_396 ns. Proof recorded: 407 bytes.
		Weight::from_parts(9_436_695, 5698)
			// +- 38_470
			.saturating_add(Weight::from_parts(483_667, 0).saturating_mul(a.into()))
			// +- 39_776
			.saturating_add(Weight::from_parts(228_366, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Proxy::Announcements` (r:1 w:1)
	/// Proof: `Proxy::Announcements` (`max_values`: None, `max_size`: Some(2233), added: 4708, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// `a` is in `[0, 31]`.
	/// `p` is in `[1, 31]`.
	fn reject_announcement(a: u32, _p: u32, ) -> Weight {
		// Minimum measured: 18_608 ns. Proof recorded: 407 bytes.
		Weight::from_parts(21_229_914, 5698)
			// +- 53_853
			.saturating_add(Weight::from_parts(335_490, 0).saturating_mul(a.into()))
			.saturating_add(Db::get().reads(2_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Proxy::Proxies` (r:1 w:0)
	/// Proof: `Proxy::Proxies` (`max_values`: None, `max_size`: Some(1241), added: 3716, mode: `MaxEncodedLen`)
	/// Storage: `Proxy::Announcements` (r:1 w:1)
	/// Proof: `Proxy::Announcements` (`max_values`: None, `max_size`: Some(2233), added: 4708, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// `a` is in `[0, 31]`.
	/// `p` is in `[1, 31]`.
	fn announce(_a: u32, p: u32, ) -> Weight {
		// Minimum measured: 25_408 ns. Proof recorded: 480 bytes.
		Weight::from_parts(33_428_051, 5698)
			// +- 39_818
			.saturating_add(Weight::from_parts(55_711, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(2_u64))
	}
	/// Storage: `Proxy::Proxies` (r:1 w:1)
	/// Proof: `Proxy::Proxies` (`max_values`: None, `max_size`: Some(1241), added: 3716, mode: `MaxEncodedLen`)
	/// `p` is in `[1, 31]`.
	fn add_proxy(p: u32, ) -> Weight {
		// Minimum measured: 17_366 ns. Proof recorded: 161 bytes.
		Weight::from_parts(18_130_619, 4706)
			// +- 8_043
			.saturating_add(Weight::from_parts(55_521, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Proxy::Proxies` (r:1 w:1)
	/// Proof: `Proxy::Proxies` (`max_values`: None, `max_size`: Some(1241), added: 3716, mode: `MaxEncodedLen`)
	/// `p` is in `[1, 31]`.
	fn remove_proxy(p: u32, ) -> Weight {
		// Minimum measured: 17_426 ns. Proof recorded: 161 bytes.
		Weight::from_parts(17_879_900, 4706)
			// +- 20_771
			.saturating_add(Weight::from_parts(107_412, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Proxy::Proxies` (r:1 w:1)
	/// Proof: `Proxy::Proxies` (`max_values`: None, `max_size`: Some(1241), added: 3716, mode: `MaxEncodedLen`)
	/// `p` is in `[1, 31]`.
	fn remove_proxies(p: u32, ) -> Weight {
		// Minimum measured: 17_106 ns. Proof recorded: 161 bytes.
		Weight::from_parts(16_875_307, 4706)
			// +- 24_454
			.saturating_add(Weight::from_parts(1_366_599, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Proxy::Proxies` (r:1 w:1)
	/// Proof: `Proxy::Proxies` (`max_values`: None, `max_size`: Some(1241), added: 3716, mode: `MaxEncodedLen`)
	/// `p` is in `[1, 31]`.
	fn create_pure(p: u32, ) -> Weight {
		// Minimum measured: 20_100 ns. Proof recorded: 173 bytes.
		Weight::from_parts(20_736_034, 4706)
			// +- 17_508
			.saturating_add(Weight::from_parts(98_376, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Proxy::Proxies` (r:1 w:1)
	/// Proof: `Proxy::Proxies` (`max_values`: None, `max_size`: Some(1241), added: 3716, mode: `MaxEncodedLen`)
	/// `p` is in `[0, 30]`.
	fn kill_pure(p: u32, ) -> Weight {
		// Minimum measured: 18_358 ns. Proof recorded: 198 bytes.
		Weight::from_parts(17_971_190, 4706)
			// +- 50_531
			.saturating_add(Weight::from_parts(217_257, 0).saturating_mul(p.into()))
			.saturating_add(Db::get().reads(1_u64))
			.saturating_add(Db::get().writes(1_u64))
	}
	/// Storage: `Proxy::Proxies` (r:1 w:1)
	/// Proof: `Proxy::Proxies` (`max_values`: None, `max_size`: Some(1241), added: 3716, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Proxy::Announcements` (r:1 w:1)
	/// Proof: `Proxy::Announcements` (`max_values`: None, `max_size`: Some(2233), added: 4708, mode: `MaxEncodedLen`)
	fn poke_deposit() -> Weight {
		// Minimum measured: 34_561 ns. Proof recorded: 524 bytes.
		Weight::from_parts(35_974_000, 5698)
			.saturating_add(Db::get().reads(3_u64))
			.saturating_add(Db::get().writes(3_u64))
	}
}
