// SPDX-License-Identifier: Apache-2.0

//! # Test kit
//!
//! Fixtures that the tests of the pallets share: real money, the real clock, builders for the real
//! operators pallet, and a driver that runs rounds of the real probes pallet with signed reports of
//! probers, so that verdicts come from the whole pipeline.
//!
//! A mock builds a runtime `Test` with the pallets of Surety that it needs, configures them by
//! their `config_preludes::TestDefaultConfig`, and implements [`TestRuntime`]. [`Kit`] then has the
//! rest:
//!
//! ```ignore
//! surety_test_kit::money!(10);
//! surety_test_kit::authorized_transactions!();
//!
//! impl surety_test_kit::TestRuntime for Test {
//!     type Pallets = AllPalletsWithSystem;
//!     fn check_invariants() {
//!         Operators::do_try_state().unwrap();
//!         Probes::do_try_state().unwrap();
//!     }
//! }
//! type Kit = surety_test_kit::Kit<Test>;
//!
//! #[test]
//! fn a_service_that_is_down_gets_the_verdict_down() {
//!     Kit::build_and_execute(|| {
//!         Kit::register(OPERATOR, AssetId::Native);
//!         let service = Kit::list(OPERATOR, Listing::default());
//!         Kit::run_rounds(3);
//!         let last = Kit::outage(Target::Service(service), 2);
//!         Kit::run_to_judged(last);
//!         assert_eq!(Kit::verdict(Target::Service(service)), Some(Verdict::Down));
//!     });
//! }
//! ```
//!
//! Everything is up unless a test sets a finding ([`Kit::set_finding`], [`Kit::set_findings`]). The
//! probers report in every block that the functions of [`Kit`] build: they commit in the second
//! block of a round and reveal in the fifth block of the next one.

#![allow(
	clippy::arithmetic_side_effects,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used
)]

mod assertions;
mod chain;
mod operators;
mod probing;
mod runtime;
#[cfg(test)]
mod tests;

pub use chain::{
	ADMIN, CREDIT_POT, FUNDS, Genesis, Kit, LOCAL, MIN_BOND, MINIMUM, OPERATOR, OTHER_OPERATOR,
	OTHER_TENANT, PROBER_POT, STRANGER, TENANT, TREASURY, TestRuntime,
};
pub use operators::{BOND, Listing, PRICE};
pub use probing::{PROBERS, prober_account, prober_pair, up};
pub use runtime::{AnyAsset, BlockTime, NoBenchmarks, NoLeases, ProberSet, RatingScale};

#[doc(hidden)]
pub use sp_runtime::testing::TestXt;
