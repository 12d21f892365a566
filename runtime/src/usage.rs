// SPDX-License-Identifier: Apache-2.0

//! Read side of usage, and of the keys that edges verify. No function of this file runs in a block.

use crate::*;
use alloc::{collections::BTreeMap, vec::Vec};
use pallet_surety_usage::{Record, ServiceUsage, View, WindowUsage};
use sp_runtime::Perbill;
use surety_primitives::{
	AgreementId, AgreementInspect, BlockNumber, Clock, ServiceId, WindowIndex,
	usage::{AgreedUsage, Comparison},
};
use surety_runtime_api::{
	AgreementUsage, AgreementWindow, LaneUse, ProberInfo, RoundProbers, SideUse, UsageInfo,
	UsageOf, WindowUse,
};

/// Sums of a window.
#[derive(Clone, Copy, Default)]
struct Sums {
	agreed: AgreedUsage,
	agreements: u32,
	one_sided: u32,
	contested: u32,
	weight: u64,
	weighted_ok: u64,
	comparison: Option<Comparison>,
}

impl Sums {
	fn add(&mut self, other: &Self) {
		self.agreed = AgreedUsage {
			requests: self.agreed.requests.saturating_add(other.agreed.requests),
			ok: self.agreed.ok.saturating_add(other.agreed.ok),
			bytes: self.agreed.bytes.saturating_add(other.agreed.bytes),
		};
		self.agreements = self.agreements.saturating_add(other.agreements);
		self.one_sided = self.one_sided.saturating_add(other.one_sided);
		self.contested = self.contested.saturating_add(other.contested);
		self.weight = self.weight.saturating_add(other.weight);
		self.weighted_ok = self.weighted_ok.saturating_add(other.weighted_ok);
	}

	fn shown(&self, window: WindowIndex) -> WindowUse {
		WindowUse {
			window,
			open: window.saturating_add(1) >= current_window(),
			agreed: self.agreed,
			milli_requests_per_second: milli_per_second(self.agreed.requests, window),
			success_perbill: (self.weight > 0)
				.then(|| Perbill::from_rational(self.weighted_ok, self.weight)),
			agreements: self.agreements,
			one_sided: self.one_sided,
			contested: self.contested,
			comparison: self.comparison,
		}
	}
}

fn current_window() -> WindowIndex {
	Timing::window_of(Timing::round())
}

/// Thousandths per second of a count, over the blocks of a window that have begun.
fn milli_per_second(count: u64, window: WindowIndex) -> u64 {
	let first: BlockNumber = Timing::round_start(Timing::window_start(window));
	let begun = Timing::now().saturating_sub(first).saturating_add(1);
	let blocks = begun.min(Timing::window_blocks());
	let ms = u128::from(blocks).saturating_mul(u128::from(Timing::slot_ms()));
	let scaled = u128::from(count).saturating_mul(1_000_000);
	u64::try_from(scaled.checked_div(ms).unwrap_or(0)).unwrap_or(u64::MAX)
}

/// Sums of the windows of a service.
fn windows_of(usage: &ServiceUsage) -> impl Iterator<Item = (WindowIndex, Sums)> + '_ {
	let closed = usage.closed.iter().map(|it| {
		let sums = Sums {
			agreed: it.agreed,
			agreements: it.agreements,
			one_sided: it.one_sided,
			contested: it.contested,
			weight: it.weight,
			weighted_ok: it.weighted_ok,
			comparison: Some(it.comparison),
		};
		(it.window, sums)
	});
	let open = usage.open.iter().map(|it| {
		let sums = Sums {
			agreed: it.agreed,
			agreements: it.agreements,
			one_sided: it.one_sided,
			contested: it.contested,
			weight: it.weight,
			weighted_ok: it.weighted_ok,
			comparison: None,
		};
		(it.window, sums)
	});
	closed.chain(open)
}

/// Use of a service or an operator.
pub fn usage(of: &UsageOf<AccountId>) -> Option<UsageInfo> {
	match of {
		UsageOf::Service(service) => {
			let usage = Usage::service_usage(*service)?;
			let windows = windows_of(&usage).map(|(window, sums)| sums.shown(window)).collect();
			Some(UsageInfo { discrepant: usage.is_discrepant(), windows })
		},
		UsageOf::Operator(account) => {
			let services = pallet_surety_operators::ServicesOf::<Runtime>::get(account);
			let used: Vec<_> = services.into_iter().filter_map(Usage::service_usage).collect();
			let mut all = BTreeMap::<WindowIndex, Sums>::new();
			for (window, sums) in used.iter().flat_map(windows_of) {
				all.entry(window).or_default().add(&sums);
			}
			(!used.is_empty()).then(|| UsageInfo {
				discrepant: used.iter().any(ServiceUsage::is_discrepant),
				windows: all.into_iter().map(|(window, sums)| sums.shown(window)).collect(),
			})
		},
	}
}

fn side(view: &View) -> SideUse {
	let (void, lanes) = match view {
		View::Signed(lanes) => (false, lanes.as_slice()),
		View::Void => (true, [].as_slice()),
	};
	let lanes = lanes.iter().map(|it| LaneUse { lane: it.lane, seq: it.seq, counts: it.counts });
	SideUse { void, lanes: lanes.collect() }
}

fn window(usage: &WindowUsage) -> AgreementWindow {
	AgreementWindow {
		window: usage.window,
		agreed: usage.share.agreed,
		matched: usage.share.matched,
		tenant: side(&usage.tenant),
		operator: side(&usage.operator),
	}
}

/// Use of an agreement.
pub fn agreement_usage(agreement: AgreementId) -> Option<AgreementUsage<AccountId>> {
	let record = match Usage::agreement_usage(agreement) {
		Some(record) => record,
		None => Record::new(<Sla as AgreementInspect<AccountId>>::facts(agreement)?),
	};
	let (service, max_requests): (ServiceId, u64) = Usage::service_of(&record.facts)?;
	let open = |usage: &&WindowUsage| usage.window.saturating_add(1) >= current_window();
	Some(AgreementUsage {
		agreement,
		service,
		max_requests,
		windows: record.windows.iter().filter(open).map(window).collect(),
		tenant: record.facts.tenant,
		operator: record.facts.operator,
	})
}

/// Probers of the current round.
pub fn probers() -> RoundProbers<AccountId> {
	let round = Timing::round();
	let snapshot = pallet_surety_probes::Snapshots::<Runtime>::get(round);
	let probers = snapshot.map(|snapshot| snapshot.probers.into_inner()).unwrap_or_default();
	let info = |prober: pallet_surety_probes::Prober<AccountId>| ProberInfo {
		account: prober.account,
		key: sp_core::sr25519::Public::from(prober.key).0,
	};
	RoundProbers { round, probers: probers.into_iter().map(info).collect() }
}
