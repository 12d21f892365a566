// SPDX-License-Identifier: Apache-2.0

//! Property tests of a deposit that goes from payee to payee, some of which cannot be paid. Money
//! is conserved, every payee gets the metered amount of its term to the base unit, however late it
//! is looked at, and the payer is refunded at the end only.

use crate::{Accounts, mock::*};
use frame::testing_prelude::*;
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use proptest::{collection::vec, test_runner::Config as ProptestConfig};
use std::collections::BTreeMap;
use surety_primitives::{
	AssetId, Balance, CloseReason, EscrowId, Meter, OneOffHolds as _, RoundIndex, StreamEnd,
	StreamStart, Streams as _, Target,
};

/// Operation on the account of a replica, a one-off hold or a stream.
#[derive(Clone, Debug)]
enum Op {
	/// Start the one-off hold for a payee, for that many rounds with a trial.
	Start {
		payee: AccountId,
		rate: Balance,
		prepaid: Balance,
		rounds: u32,
		trial: u32,
	},
	/// Postpone the last round.
	Extend {
		rounds: u32,
		prepaid: Balance,
	},
	/// Suspend the stream that many rounds ahead, or ago. `None`: end its meter at the last judged
	/// round.
	Suspend {
		rounds: Option<i32>,
		reason: CloseReason,
	},
	TopUp(Balance),
	Settle,
	Freeze(Balance),
	Thaw {
		percent: u128,
	},
	End {
		rounds: i32,
		reason: CloseReason,
	},
	/// The agenda is not worked off for that many blocks.
	Stall {
		blocks: u32,
	},
	/// Block or unblock a payee; no effect with the native token.
	Block {
		payee: AccountId,
		blocked: bool,
	},
}

fn reason() -> impl Strategy<Value = CloseReason> {
	prop_oneof![
		Just(CloseReason::TenantClosed),
		Just(CloseReason::Terminated),
		Just(CloseReason::OperatorClosed),
		Just(CloseReason::Unhealthy),
	]
}

/// One of the payees starts without funds, so that it can take no less than the minimum balance.
fn payee() -> impl Strategy<Value = AccountId> {
	prop_oneof![Just(OPERATOR), Just(OTHER), Just(NOBODY)]
}

fn op() -> impl Strategy<Value = Op> {
	let rounds = prop_oneof![Just(None), (-6i32..6).prop_map(Some)];
	prop_oneof![
		12 => (payee(), 1u128..5, 0u128..300, 0u32..30, 0u32..4)
			.prop_map(|(payee, rate, prepaid, rounds, trial)| {
				Op::Start { payee, rate, prepaid, rounds, trial }
			}),
		4 => (0u32..20, 0u128..400).prop_map(|(rounds, prepaid)| Op::Extend { rounds, prepaid }),
		9 => (rounds, reason()).prop_map(|(rounds, reason)| Op::Suspend { rounds, reason }),
		4 => (1u128..500).prop_map(Op::TopUp),
		3 => Just(Op::Settle),
		2 => (1u128..300).prop_map(Op::Freeze),
		4 => (0u128..=100).prop_map(|percent| Op::Thaw { percent }),
		2 => (-8i32..12, reason()).prop_map(|(rounds, reason)| Op::End { rounds, reason }),
		2 => (1u32..100).prop_map(|blocks| Op::Stall { blocks }),
		6 => (payee(), prop_oneof![3 => Just(true), 1 => Just(false)])
			.prop_map(|(payee, blocked)| Op::Block { payee, blocked }),
	]
}

#[derive(Clone, Debug)]
struct Plan {
	deposit: Balance,
	/// Pattern of the billable rounds, repeated.
	rounds: Vec<bool>,
	/// Operations, each after a number of blocks.
	ops: Vec<(u32, Op)>,
	/// Reason of the end, if the account is still open after all operations.
	reason: CloseReason,
}

fn plan() -> impl Strategy<Value = Plan> {
	let ops = vec((0u32..35, op()), 1..40);
	(1u128..1_500, vec(any::<bool>(), 1..40), ops, reason())
		.prop_map(|(deposit, rounds, ops, reason)| Plan { deposit, rounds, ops, reason })
}

/// Running stream, counted round by round.
struct Lease {
	payee: AccountId,
	meter: Target,
	started: RoundIndex,
	rate: Balance,
	prepaid: Balance,
	/// Last round of the term, and of the trial.
	last: RoundIndex,
	trial_until: RoundIndex,
	awarded: Balance,
	/// Rounds `.0 + 1 ..= .1` are not billed; the last may be open.
	pauses: Vec<(RoundIndex, RoundIndex)>,
	/// End that stood at the last look, and true in `suspends` if it is a suspension.
	ending: Option<(RoundIndex, CloseReason)>,
	suspends: bool,
}

impl Lease {
	fn paid(&self, plan: &Plan, end: &StreamEnd, deposited: Balance) -> Balance {
		let paused = |round| self.pauses.iter().any(|(from, to)| (from + 1..=*to).contains(&round));
		let last = end.round.min(
			TestMeter::meter(self.meter)
				.and_then(|meter| meter.end)
				.map_or(end.round, |(round, _)| round),
		);
		let rounds = || (self.started + 1..=last).filter(|round| !paused(*round));
		let price = |up| {
			let rounds = rounds().filter(|round| plan.billable(*round) == up).count();
			self.rate * Balance::from(ROUND_BLOCKS) * rounds as Balance
		};
		let left = !self.suspends
			&& end.reason == CloseReason::TenantClosed
			&& end.round > self.trial_until;
		let least = if left { self.prepaid.saturating_sub(price(false)) } else { 0 };
		let price = price(true);
		price.max(least).min(deposited - self.awarded) + self.awarded
	}
}

/// Share so high that a payee without funds cannot take the earnings of a round or two.
const FEE: Perbill = Perbill::from_percent(60);

struct Model {
	plan: Plan,
	asset: AssetId,
	settles: bool,
	id: EscrowId,
	/// Free balance of the payer at the start.
	free: Balance,
	/// Amount put on hold by the payer in all.
	put_in: Balance,
	/// Part of that which no lease has used up.
	deposited: Balance,
	frozen: Balance,
	lease: Option<Lease>,
	/// Amounts that each payee, and both pots together, must have at the end.
	owed: BTreeMap<AccountId, Balance>,
	fees: Balance,
	over: bool,
	stalled: bool,
}

impl Plan {
	fn billable(&self, round: RoundIndex) -> bool {
		self.rounds[round as usize % self.rounds.len()]
	}
}

fn round() -> RoundIndex {
	System::block_number() / ROUND_BLOCKS
}

impl Model {
	fn new(plan: Plan, asset: AssetId, settles: bool) -> Self {
		let free = free(asset, TENANT);
		let (id, deposited) = (open_replica(asset, plan.deposit), plan.deposit);
		let (lease, owed) = (None, BTreeMap::new());
		let (put_in, frozen, fees, over, stalled) = (deposited, 0, 0, false, false);
		Self {
			plan,
			asset,
			settles,
			id,
			free,
			put_in,
			deposited,
			frozen,
			lease,
			owed,
			fees,
			over,
			stalled,
		}
	}

	fn run(&mut self, blocks: u32) {
		for _ in 0..blocks {
			next_block_with(&|round| self.plan.billable(round), 1);
			self.read_notifications();
			if self.settles && !self.over {
				assert_ok!(settle(self.id));
			}
			let back = if self.over { self.deposited } else { 0 };
			let free = free(self.asset, TENANT);
			assert_eq!(
				free,
				self.free - self.put_in + back,
				"out of escrow before the end, or not after it"
			);
		}
	}

	/// Apply the notifications of the owner to the model.
	fn read_notifications(&mut self) {
		for notified in notified() {
			let (end, suspended) = match notified {
				Notified::Ending(_, (round, reason)) => {
					self.note((round, reason));
					continue;
				},
				Notified::Suspended(_, end) => (end, true),
				Notified::Ended(_, end) => (end, false),
			};
			let lease = self.lease.take().expect("a stream was running");
			assert_eq!(lease.ending, Some((end.round, end.reason)), "the end that was decided");
			assert!(end.round <= lease.last, "nothing after its time");
			assert_eq!(suspended, lease.suspends, "suspended only if nobody closes it");
			assert_eq!(end.paid, lease.paid(&self.plan, &end, self.deposited));
			assert_eq!(end.paid + end.refunded, self.deposited);
			assert_eq!(end.fee, FEE.mul_floor(end.paid));
			*self.owed.entry(lease.payee).or_default() += end.paid - end.fee;
			self.fees += end.fee;
			self.deposited = end.refunded;
			self.over = !suspended;
		}
	}

	/// Record the end that stands. An end that escrow decides by itself closes the stream: the term
	/// or the funds are over.
	fn note(&mut self, end: (RoundIndex, CloseReason)) {
		let lease = self.lease.as_mut().expect("a stream is running");
		lease.ending = assert_end_kept(lease.ending, Some(end));
		lease.suspends &= !matches!(end.1, CloseReason::FundsExhausted | CloseReason::Expired);
	}

	fn start(
		&mut self,
		payee: AccountId,
		rate: Balance,
		prepaid: Balance,
		rounds: u32,
		trial: u32,
	) {
		let meter = Target::Lease(12 + round());
		TestMeter::start(meter, round());
		let (last, trial_until) = (round() + rounds, round() + trial);
		if Escrow::start(self.id, StreamStart { payee, meter, rate, prepaid, last, trial_until })
			.is_ok()
		{
			assert!(self.lease.is_none() && self.deposited >= rate.max(prepaid) && rounds > 0);
			self.lease = Some(Lease {
				payee,
				meter,
				started: round(),
				rate,
				prepaid,
				last,
				trial_until,
				awarded: 0,
				pauses: vec![],
				ending: None,
				suspends: false,
			});
		}
	}

	fn extend(&mut self, rounds: u32, prepaid: Balance) {
		if let Some(lease) = &mut self.lease
			&& Escrow::extend(self.id, lease.last + rounds, prepaid).is_ok()
		{
			assert!(lease.ending.is_none() && round() < lease.last && rounds > 0);
			lease.last += rounds;
			lease.prepaid = lease.prepaid.max(prepaid);
		}
	}

	fn suspend(&mut self, rounds: Option<i32>, reason: CloseReason) {
		let Some(lease) = &mut self.lease else { return };
		// The term is over, though the stream was not looked at.
		let over = round() >= lease.last && rounds.is_some();
		let at = match rounds {
			Some(rounds) => round().saturating_add_signed(rounds),
			None => {
				let last = TestMeter::through(lease.meter).unwrap();
				if TestMeter::meter(lease.meter).and_then(|meter| meter.end).is_none() {
					TestMeter::end(lease.meter, last);
				}
				last
			},
		};
		lease.suspends |= lease.ending.is_none() && !over;
		let end = Escrow::suspend(self.id, at, reason).unwrap();
		self.note(end);
	}

	fn freeze(&mut self, amount: Balance) {
		if let Some(lease) = &mut self.lease
			&& Escrow::freeze(self.id, amount).is_ok()
		{
			if self.frozen == 0 {
				lease.pauses.push((round(), RoundIndex::MAX));
			}
			self.frozen += amount;
		}
	}

	fn thaw(&mut self, percent: u128) {
		let to_payee = self.frozen * percent / 100;
		if let Some(lease) = &mut self.lease
			&& Escrow::thaw(self.id, to_payee).is_ok()
		{
			lease.pauses.last_mut().unwrap().1 = round();
			lease.awarded += to_payee;
			self.frozen = 0;
		}
	}

	fn end(&mut self, rounds: i32, reason: CloseReason) {
		if let Some(lease) = &mut self.lease {
			lease.suspends = false;
			let end = Escrow::end(self.id, round().saturating_add_signed(rounds), reason).unwrap();
			self.note(end);
		}
	}

	fn stall(&mut self, blocks: u32) {
		// Only once, so that no round is read later than the meter remembers.
		if !core::mem::replace(&mut self.stalled, true) {
			Stalled::set(true);
			self.run(blocks);
			Stalled::set(false);
		}
	}

	fn apply(&mut self, op: &Op) {
		if self.over {
			return;
		}
		match *op {
			Op::Start { payee, rate, prepaid, rounds, trial } => {
				self.start(payee, rate, prepaid, rounds, trial)
			},
			Op::Extend { rounds, prepaid } => self.extend(rounds, prepaid),
			Op::Suspend { rounds, reason } => self.suspend(rounds, reason),
			Op::TopUp(amount) => {
				if Escrow::top_up(self.id, amount).is_ok() {
					self.put_in += amount;
					self.deposited += amount;
				}
			},
			Op::Settle => assert!(settle(self.id).is_ok()),
			Op::Freeze(amount) => self.freeze(amount),
			Op::Thaw { percent } => self.thaw(percent),
			Op::End { rounds, reason } => self.end(rounds, reason),
			Op::Stall { blocks } => self.stall(blocks),
			Op::Block { payee, blocked } => {
				if self.asset != AssetId::Native && payee != NOBODY {
					block(payee, blocked);
				}
			},
		}
		Escrow::do_try_state().unwrap();
	}

	/// End the account and deliver every claim.
	fn finish(&mut self) {
		self.thaw(0);
		self.end(0, self.plan.reason);
		self.run(4 * ROUND_BLOCKS);
		if !self.over {
			assert_ok!(Escrow::close_hold(self.id, 0, CloseReason::NoBids));
			self.over = true;
		}
		assert!(self.lease.is_none());
		if self.asset != AssetId::Native {
			block(OPERATOR, false);
			block(OTHER, false);
		}
		spend(self.asset, TREASURY, NOBODY, MINIMUM);
		let claims: Vec<_> = Accounts::<Test>::iter_keys().collect();
		for id in claims {
			assert_ok!(settle(id));
		}
	}
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
	fn one_deposit_pays_every_payee_to_the_base_unit(
		plan in plan(),
		asset in asset(),
		settles in any::<bool>(),
	) {
		new_ext().execute_with(|| {
			let before = sum_of_balances(asset);
			PlatformFee::set(FEE);
			let mut model = Model::new(plan.clone(), asset, settles);
			for (wait, op) in &plan.ops {
				if model.over {
					break;
				}
				model.run(*wait);
				model.apply(op);
			}
			model.finish();
			prop_assert_eq!(Accounts::<Test>::iter().count(), 0, "every claim can be delivered");
			prop_assert_eq!(on_hold(asset, TENANT), 0);
			prop_assert_eq!(sum_of_balances(asset), before);
			for payee in [OPERATOR, OTHER, NOBODY] {
				let owed = model.owed.get(&payee).copied().unwrap_or_default();
				let given = if payee == NOBODY { MINIMUM } else { 0 };
				prop_assert_eq!(gained(asset, payee), (owed + given) as i128);
			}
			let fees = gained(asset, POT) + gained(asset, TREASURY) + MINIMUM as i128;
			prop_assert_eq!(fees, model.fees as i128);
			let paid = model.owed.values().sum::<Balance>() + model.fees;
			prop_assert_eq!(gained(asset, TENANT), -(paid as i128));
			Ok(())
		})?;
	}
}
