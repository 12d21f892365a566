// SPDX-License-Identifier: Apache-2.0

//! Property tests over random sequences, with the native token and with an asset. Money is
//! conserved, a stream is billed to the base unit for any time of the carrying out of its end, a
//! decided end is not undone, settlements change no amount, and funds end at exactly the block
//! foreseen.

use crate::{Accounts, mock::*};
use frame::testing_prelude::*;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::{collection::vec, test_runner::Config as ProptestConfig};
use surety_primitives::{
	AssetId, Balance, CloseReason, EscrowId, NewStream, OneOffHolds as _, RoundIndex, StreamEnd,
	Streams as _,
};

/// Operation on a stream.
#[derive(Clone, Debug)]
enum Op {
	TopUp(Balance),
	Settle,
	/// End the stream that many rounds ahead, or ago.
	End {
		rounds: i32,
		reason: CloseReason,
	},
	Freeze(Balance),
	Thaw {
		percent: u128,
	},
	EndMeter {
		rounds_ahead: u32,
		reason: CloseReason,
	},
	/// The agenda is not worked off for that many blocks.
	Stall {
		blocks: u32,
	},
	OneOff {
		amount: Balance,
		to_payee: Balance,
	},
}

fn reason() -> impl Strategy<Value = CloseReason> {
	prop_oneof![
		Just(CloseReason::TenantClosed),
		Just(CloseReason::OperatorClosed),
		Just(CloseReason::Terminated),
		Just(CloseReason::Governance),
	]
}

fn op() -> impl Strategy<Value = Op> {
	prop_oneof![
		3 => (0u128..2_000).prop_map(Op::TopUp),
		3 => Just(Op::Settle),
		2 => (-12i32..12, reason()).prop_map(|(rounds, reason)| Op::End { rounds, reason }),
		4 => (0u128..800).prop_map(Op::Freeze),
		4 => (0u128..=100).prop_map(|percent| Op::Thaw { percent }),
		1 => (0u32..12, reason())
			.prop_map(|(rounds_ahead, reason)| Op::EndMeter { rounds_ahead, reason }),
		2 => (1u32..100).prop_map(|blocks| Op::Stall { blocks }),
		1 => (0u128..500, 0u128..500)
			.prop_map(|(amount, to_payee)| Op::OneOff { amount, to_payee }),
	]
}

#[derive(Clone, Debug)]
struct Plan {
	rate: Balance,
	deposit: Balance,
	prepaid: Balance,
	opened_at: u32,
	judged_at: u32,
	/// Pattern of the billable rounds, repeated.
	rounds: Vec<bool>,
	/// Operations, each after a number of blocks.
	ops: Vec<(u32, Op)>,
	/// Reason of the end, if the stream is still open after all operations.
	reason: CloseReason,
}

fn plan() -> impl Strategy<Value = Plan> {
	let terms = (1u128..20, 1u128..400, 0u128..=100);
	let ops = vec((0u32..25, op()), 0..40);
	(terms, 1u32..50, 1u32..ROUND_BLOCKS, vec(any::<bool>(), 1..40), ops, reason()).prop_map(
		|((rate, blocks, prepaid), opened_at, judged_at, rounds, ops, reason)| Plan {
			rate,
			deposit: rate * blocks,
			prepaid: rate * blocks * prepaid / 100,
			opened_at,
			judged_at,
			rounds,
			ops,
			reason,
		},
	)
}

/// Model of a stream that counts rounds one by one, as the documentation says.
struct Model {
	opened: RoundIndex,
	deposited: Balance,
	awarded: Balance,
	frozen: Balance,
	/// The stream was frozen, or served without pay while the agenda was stalled.
	unpaid: bool,
	/// Rounds `.0 + 1 ..= .1` are not billed; the last may be open.
	pauses: Vec<(RoundIndex, RoundIndex)>,
	meter_end: RoundIndex,
}

impl Model {
	/// Price of the rounds up to `end` that were billable, or of those that were not.
	fn price_of(&self, plan: &Plan, end: RoundIndex, billable: bool) -> Balance {
		let rounds = (self.opened + 1..=end.min(self.meter_end))
			.filter(|round| plan.billable(*round) == billable)
			.filter(|round| !self.pauses.iter().any(|(from, to)| (from + 1..=*to).contains(round)))
			.count();
		plan.rate * rounds as Balance * Balance::from(ROUND_BLOCKS)
	}
	fn price(&self, plan: &Plan, end: RoundIndex) -> Balance {
		self.price_of(plan, end, true)
	}
	fn paid(&self, plan: &Plan, end: &StreamEnd) -> Balance {
		let least = match end.reason {
			CloseReason::TenantClosed => {
				plan.prepaid.saturating_sub(self.price_of(plan, end.round, false))
			},
			_ => 0,
		};
		self.price(plan, end.round).max(least).min(self.deposited - self.awarded) + self.awarded
	}
}

impl Plan {
	fn billable(&self, round: RoundIndex) -> bool {
		self.rounds[round as usize % self.rounds.len()]
	}
	fn run(&self, blocks: u32, settles: Option<EscrowId>) {
		for _ in 0..blocks {
			next_block_with(&|round| self.billable(round), self.judged_at);
			if let Some(id) = settles {
				let _ = settle(id);
			}
		}
	}
	fn open(&self, asset: AssetId) -> EscrowId {
		let terms = NewStream {
			rate: self.rate,
			deposit: self.deposit,
			prepaid: self.prepaid,
			..new_stream(asset)
		};
		Escrow::open(terms).unwrap()
	}
}

fn round() -> RoundIndex {
	System::block_number() / ROUND_BLOCKS
}

fn ended() -> Option<StreamEnd> {
	notified().into_iter().find_map(|notified| match notified {
		Notified::Ended(_, end) => Some(end),
		Notified::Ending(..) | Notified::Suspended(..) => None,
	})
}

/// Run a plan to the end of its stream. Returns the end, and the model at that time.
///
/// A settlement may close a stream some blocks sooner, when its last round is judged. `whole`
/// allows operations that depend on such blocks or on the rounds that were read: freeze a stream
/// that is ending, end the meter, end a stream in the past, and stall the agenda, once and not for
/// longer than the meter remembers.
fn run_plan(plan: &Plan, asset: AssetId, settles: bool, whole: bool) -> (StreamEnd, Model) {
	plan.run(plan.opened_at, None);
	let id = plan.open(asset);
	let settles = settles.then_some(id);
	let mut model = Model {
		opened: round(),
		deposited: plan.deposit,
		awarded: 0,
		frozen: 0,
		unpaid: false,
		pauses: vec![],
		meter_end: RoundIndex::MAX,
	};
	let (mut stands, mut stalled) = (None, !whole);
	for (wait, op) in &plan.ops {
		plan.run(*wait, settles);
		if let Op::OneOff { amount, to_payee } = *op
			&& let Ok(hold) = Escrow::hold(owner(), TENANT, OPERATOR, asset, amount)
		{
			let to_payee = to_payee.min(amount);
			assert_ok!(Escrow::close_hold(hold, to_payee, CloseReason::OperatorClosed));
		}
		let Some(info) = Escrow::stream(id) else { continue };
		stands = assert_end_kept(stands, info.ending);
		match *op {
			Op::TopUp(amount) => {
				if Escrow::top_up(id, amount).is_ok() {
					model.deposited += amount;
				}
			},
			Op::Settle => {
				assert_ok!(settle(id));
			},
			Op::End { rounds, reason } => {
				let at = round().saturating_add_signed(if whole { rounds } else { rounds.abs() });
				let end = Escrow::end(id, at, reason).unwrap();
				assert!(end.0 <= at.max(stream(id).read), "not after the round asked for");
				stands = assert_end_kept(stands, Some(end));
			},
			Op::Freeze(amount) => {
				if (whole || info.ending.is_none()) && Escrow::freeze(id, amount).is_ok() {
					if model.frozen == 0 {
						model.pauses.push((round(), RoundIndex::MAX));
					}
					model.frozen += amount;
					model.unpaid = true;
				}
			},
			Op::Thaw { percent } => {
				let to_payee = model.frozen * percent / 100;
				if Escrow::thaw(id, to_payee).is_ok() {
					model.pauses.last_mut().unwrap().1 = round();
					model.awarded += to_payee;
					model.frozen = 0;
				}
			},
			Op::EndMeter { rounds_ahead, reason } => {
				if whole && model.meter_end == RoundIndex::MAX {
					model.meter_end = round() + rounds_ahead;
					TestMeter::end_for(METER, model.meter_end, reason);
				}
			},
			Op::Stall { blocks } => {
				if !stalled {
					stalled = true;
					model.unpaid = true;
					Stalled::set(true);
					plan.run(blocks, settles);
					Stalled::set(false);
				}
			},
			Op::OneOff { .. } => {},
		}
		Escrow::do_try_state().unwrap();
	}
	if model.frozen > 0 && Escrow::thaw(id, 0).is_ok() {
		model.pauses.last_mut().unwrap().1 = round();
		model.frozen = 0;
	}
	if Escrow::stream(id).is_some() {
		stands = assert_end_kept(stands, Some(Escrow::end(id, round(), plan.reason).unwrap()));
		plan.run(4 * ROUND_BLOCKS, settles);
	}
	assert!(!Accounts::<Test>::contains_key(id), "everybody could be paid");
	let end = ended().expect("the owner is notified");
	assert_end_kept(stands, Some((end.round, end.reason)));
	(end, model)
}

fn asset() -> impl Strategy<Value = AssetId> {
	prop_oneof![Just(AssetId::Native), Just(AssetId::Local(ASSET))]
}

proptest! {
	#![proptest_config(ProptestConfig {
		cases: 64,
		failure_persistence: None,
		..ProptestConfig::default()
	})]

	#[test]
	fn money_is_conserved_and_billed_to_the_base_unit(
		plan in plan(),
		asset in asset(),
		settles in any::<bool>(),
	) {
		new_ext().execute_with(|| {
			let before = sum_of_balances(asset);
			let (end, model) = run_plan(&plan, asset, settles, true);
			prop_assert_eq!(sum_of_balances(asset), before);
			prop_assert_eq!(on_hold(asset, TENANT), 0);
			prop_assert_eq!(end.paid, model.paid(&plan, &end));
			prop_assert_eq!(end.paid + end.refunded, model.deposited);
			prop_assert_eq!(end.fee, Perbill::from_percent(5).mul_floor(end.paid));
			// All served rounds are paid, except a part of the round in which the funds end.
			if !model.unpaid {
				let price = model.price(&plan, end.round);
				prop_assert!(end.paid + plan.rate * Balance::from(ROUND_BLOCKS) > price);
				if end.reason != CloseReason::FundsExhausted && end.paid < price {
					prop_assert_eq!(end.refunded, 0);
				}
			}
			Ok(())
		})?;
	}

	#[test]
	fn settling_every_block_pays_what_settling_once_pays(plan in plan(), asset in asset()) {
		let run = |settles| new_ext().execute_with(|| {
			let (end, _) = run_plan(&plan, asset, settles, false);
			(end, [TENANT, OPERATOR, POT, TREASURY].map(|who| gained(asset, who)))
		});
		prop_assert_eq!(run(true), run(false));
	}

	#[test]
	fn funds_end_at_exactly_the_block_foreseen(
		plan in plan(),
		asset in asset(),
		settles in any::<bool>(),
		top_ups in vec((0u32..600, 1u128..500), 0..4),
	) {
		new_ext().execute_with(|| {
			plan.run(plan.opened_at, None);
			let opened = round();
			let id = plan.open(asset);
			let mut deposited = plan.deposit;
			for step in 0..1_500u32 {
				for (_, amount) in top_ups.iter().filter(|(at, _)| *at == step) {
					if Escrow::top_up(id, *amount).is_ok() {
						deposited += amount;
					}
				}
				let foreseen = Escrow::funded_until(id);
				plan.run(1, settles.then_some(id));
				let now = System::block_number();
				let funded = deposited / plan.rate;

				// Blocks that may have been used up when this block begins.
				let judged = TestMeter::through(METER).unwrap().max(opened);
				let rounds = (opened + 1..=judged).filter(|round| plan.billable(*round)).count();
				let known = rounds as u32 * ROUND_BLOCKS;
				let unknown = now.saturating_sub((judged + 1) * ROUND_BLOCKS);
				let used = Balance::from(known + unknown);
				match Escrow::stream(id).and_then(|info| info.ending) {
					None => {
						prop_assert!(
							now < (opened + 1) * ROUND_BLOCKS || used < funded,
							"block {} is not paid for", now
						);
					},
					Some((round, reason)) => {
						prop_assert_eq!(reason, CloseReason::FundsExhausted);
						prop_assert_eq!(used, funded, "ended too soon or too late");
						prop_assert_eq!(foreseen, Some(now));
						prop_assert_eq!(round, (now - 1) / ROUND_BLOCKS);
						return Ok(());
					},
				}
			}
			// Funds last this long only for a service that is hardly ever up.
			let up = (opened + 1..opened + 140).filter(|round| plan.billable(*round)).count();
			prop_assert!(Balance::from(up as u32 * ROUND_BLOCKS) < deposited / plan.rate);
			Ok(())
		})?;
	}
}

#[test]
fn settling_every_block_earns_no_dust() {
	// With the smallest rate, a fee that is rounded down in every block would always be zero.
	let pay = |asset, settles: bool| {
		new_ext().execute_with(|| {
			let new = NewStream { rate: 1, deposit: 10_000, prepaid: 0, ..new_stream(asset) };
			let id = Escrow::open(new).unwrap();
			PlatformFee::set(Perbill::from_percent(3));
			for _ in 0..2_000 {
				next_block_with(&|_| true, 1);
				if settles {
					let _ = settle(id);
				}
			}
			assert_ok!(Escrow::end(id, round(), CloseReason::TenantClosed));
			run_to(2_100);
			[TENANT, OPERATOR, POT, TREASURY].map(|who| gained(asset, who))
		})
	};
	for asset in [AssetId::Native, AssetId::Local(ASSET)] {
		assert_eq!(pay(asset, true), pay(asset, false));
		assert_eq!(pay(asset, true)[0], -2_000);
	}
}
