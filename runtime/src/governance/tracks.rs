// SPDX-License-Identifier: Apache-2.0

//! Tracks of referenda: one per origin.
//!
//! Periods are minutes and days of governance ([`super::Days`]). Approval is the share of the votes,
//! weighed by conviction, that are ayes; support is the share of all tokens that voted aye. Both
//! demands fall with the time since the decision began. On a track that can do more harm they fall
//! later.

use super::{DAY, minutes, origins::Origin};
use crate::{Balance, BlockNumber, OriginCaller, UNIT};
use alloc::borrow::Cow;
use frame_system::RawOrigin;
use pallet_referenda::{Curve, Track, TrackInfo, TracksInfo};
use sp_runtime::FixedI64;

/// Id of a track.
pub type TrackId = u16;

const fn percent(number: u128) -> FixedI64 {
	FixedI64::from_rational(number, 100)
}

/// Approval that falls from 100 % to 50 % in a straight line, and is 50 % after so many of 28 parts
/// of the decision period.
const fn approval_by(parts: u128) -> Curve {
	Curve::make_linear(parts, 28, percent(50), percent(100))
}

/// Approval that falls quickly at first, to 80 % after an eighth of the period, and to 50 % at its
/// end.
const STRICT_APPROVAL: Curve =
	Curve::make_reciprocal(4, 28, percent(80), percent(50), percent(100));
/// Support that falls from half of all tokens to none in a straight line.
const STRICT_SUPPORT: Curve = Curve::make_linear(28, 28, percent(0), percent(50));

/// Support that falls from half of all tokens to 1 % after so many of 28 parts of the period.
const fn support_by(parts: u128) -> Curve {
	Curve::make_reciprocal(parts, 28, percent(1), percent(0), percent(50))
}

/// Rule of a track.
struct Rule {
	id: TrackId,
	name: &'static str,
	/// Referenda that are decided at once.
	max_deciding: u32,
	/// Decision deposit in SURE.
	deposit: Balance,
	/// Minutes before a decision begins.
	prepare: u32,
	/// Minutes of the decision.
	decision: u32,
	/// Minutes for which the referendum must keep passing.
	confirm: u32,
	/// Least minutes from the approval to the call.
	enact: u32,
	approval: Curve,
	support: Curve,
}

const ROOT: TrackId = 0;
const WHITELISTED_CALLER: TrackId = 1;
const STAKING_ADMIN: TrackId = 10;
const TREASURER: TrackId = 11;
const MARKET_ADMIN: TrackId = 12;
const PROBING_ADMIN: TrackId = 13;
const REFERENDUM_CANCELLER: TrackId = 20;
const REFERENDUM_KILLER: TrackId = 21;
const SMALL_SPENDER: TrackId = 30;
const BIG_SPENDER: TrackId = 31;

/// Track of an administrator: no wait for the call, because it moves no funds.
const fn administrator(id: TrackId, name: &'static str) -> Rule {
	Rule {
		id,
		name,
		max_deciding: 10,
		deposit: 500,
		prepare: 120,
		decision: 14 * DAY,
		confirm: 180,
		enact: 10,
		approval: approval_by(17),
		support: support_by(12),
	}
}

/// Tracks, by id.
const RULES: [Rule; 10] = [
	Rule {
		id: ROOT,
		name: "root",
		// A deposit, which comes back, must not keep the holders from this track for a fortnight.
		max_deciding: 3,
		deposit: 10_000,
		prepare: 120,
		decision: 14 * DAY,
		confirm: DAY,
		enact: DAY,
		approval: STRICT_APPROVAL,
		support: STRICT_SUPPORT,
	},
	// Quick, because two thirds of the committee have looked at the call.
	Rule {
		id: WHITELISTED_CALLER,
		name: "whitelisted_caller",
		max_deciding: 10,
		deposit: 1_000,
		prepare: 30,
		decision: 14 * DAY,
		confirm: 10,
		enact: 10,
		approval: Curve::make_reciprocal(16, 28 * 24, percent(96), percent(50), percent(100)),
		support: Curve::make_reciprocal(1, 28, percent(20), percent(5), percent(50)),
	},
	administrator(STAKING_ADMIN, "staking_admin"),
	Rule {
		confirm: 3 * 60,
		enact: DAY,
		max_deciding: 5,
		deposit: 1_000,
		approval: STRICT_APPROVAL,
		support: STRICT_SUPPORT,
		..administrator(TREASURER, "treasurer")
	},
	administrator(MARKET_ADMIN, "market_admin"),
	administrator(PROBING_ADMIN, "probing_admin"),
	Rule {
		deposit: 1_000,
		decision: 7 * DAY,
		..administrator(REFERENDUM_CANCELLER, "referendum_canceller")
	},
	Rule {
		deposit: 5_000,
		decision: 14 * DAY,
		..administrator(REFERENDUM_KILLER, "referendum_killer")
	},
	Rule {
		deposit: 100,
		prepare: 240,
		confirm: DAY,
		enact: DAY,
		approval: approval_by(8),
		support: support_by(2),
		..administrator(SMALL_SPENDER, "small_spender")
	},
	Rule {
		deposit: 200,
		prepare: 240,
		confirm: 2 * DAY,
		enact: DAY,
		approval: approval_by(28),
		support: support_by(20),
		..administrator(BIG_SPENDER, "big_spender")
	},
];

/// Text of a track's name, filled up with zeros.
fn padded<const N: usize>(name: &str) -> [u8; N] {
	let mut text = [0; N];
	text.iter_mut().zip(name.bytes()).for_each(|(place, byte)| *place = byte);
	text
}

impl Rule {
	fn info<const N: usize>(&self) -> TrackInfo<Balance, BlockNumber, N> {
		TrackInfo {
			name: padded(self.name),
			max_deciding: self.max_deciding,
			decision_deposit: self.deposit.saturating_mul(UNIT),
			prepare_period: minutes(self.prepare),
			decision_period: minutes(self.decision),
			confirm_period: minutes(self.confirm),
			min_enactment_period: minutes(self.enact),
			min_approval: self.approval.clone(),
			min_support: self.support.clone(),
		}
	}
}

/// Tracks of this chain.
pub struct Tracks;

impl TracksInfo<Balance, BlockNumber> for Tracks {
	type Id = TrackId;
	type RuntimeOrigin = OriginCaller;

	fn tracks() -> impl Iterator<Item = Cow<'static, Track<TrackId, Balance, BlockNumber>>> {
		RULES.iter().map(|rule| Cow::Owned(Track { id: rule.id, info: rule.info() }))
	}

	fn track_ids() -> impl Iterator<Item = TrackId> {
		RULES.iter().map(|rule| rule.id)
	}

	fn info(id: TrackId) -> Option<Cow<'static, TrackInfo<Balance, BlockNumber>>> {
		RULES.iter().find(|rule| rule.id == id).map(|rule| Cow::Owned(rule.info()))
	}

	fn track_for(origin: &OriginCaller) -> Result<TrackId, ()> {
		match origin {
			OriginCaller::system(RawOrigin::Root) => Ok(ROOT),
			OriginCaller::Origins(origin) => Ok(match origin {
				Origin::WhitelistedCaller => WHITELISTED_CALLER,
				Origin::StakingAdmin => STAKING_ADMIN,
				Origin::Treasurer => TREASURER,
				Origin::MarketAdmin => MARKET_ADMIN,
				Origin::ProbingAdmin => PROBING_ADMIN,
				Origin::ReferendumCanceller => REFERENDUM_CANCELLER,
				Origin::ReferendumKiller => REFERENDUM_KILLER,
				Origin::SmallSpender => SMALL_SPENDER,
				Origin::BigSpender => BIG_SPENDER,
			}),
			_ => Err(()),
		}
	}
}
