// SPDX-License-Identifier: Apache-2.0

//! Services, the status and breaches of probed targets, and agreements.

use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use surety_primitives::{
	AgreementId, AssetId, Balance, BlockNumber, Breach, CloseReason, Counters, MeterReading,
	Resources, RoundIndex, Service, ServiceId, Target, Unit, Verdict, WindowIndex, WindowShare,
	WindowSummary, json,
};

/// Verdict of one round.
#[derive(Clone, Copy, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct RoundVerdict {
	/// Judged round.
	pub round: RoundIndex,
	/// Verdict on the target in it.
	#[serde(flatten)]
	pub verdict: Verdict,
}

impl From<(RoundIndex, Verdict)> for RoundVerdict {
	fn from((round, verdict): (RoundIndex, Verdict)) -> Self {
		Self { round, verdict }
	}
}

/// End of an agreement or a lease, once it is decided.
#[derive(Clone, Copy, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct Ending {
	/// Last round that is billed.
	pub round: RoundIndex,
	/// Stable code of the reason: 1xxx tenant, 2xxx operator, 3xxx network.
	pub code: u16,
	/// Reason.
	pub reason: CloseReason,
}

impl From<(RoundIndex, CloseReason)> for Ending {
	fn from((round, reason): (RoundIndex, CloseReason)) -> Self {
		Self { round, code: reason.code(), reason }
	}
}

/// Resources of a `Compute` service.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct CapacityInfo {
	/// All resources of the service.
	pub total: Resources,
	/// Part that neither bids nor leases reserve.
	pub free: Resources,
}

/// Service in a list.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct ServiceSummary<AccountId> {
	/// Id.
	pub id: ServiceId,
	/// Listing.
	#[serde(flatten)]
	pub listing: Service<AccountId>,
	/// Units sold.
	pub units: u32,
	/// Amount of service that one unit buys.
	pub unit: Unit,
	/// Score of the operator, 0 to 100.
	pub score: u8,
	/// True if new units can be bought now.
	pub open: bool,
	/// True if tenants were served far worse than probers in one of the last windows.
	pub discrepant: bool,
	/// Last verdict.
	pub last_verdict: Option<RoundVerdict>,
	/// Resources of a `Compute` service, if its operator declared them.
	pub resources: Option<CapacityInfo>,
}

/// Bad rounds that the terms allow in a window.
#[derive(Clone, Copy, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct Allowance {
	/// Down or stale.
	pub downtime: u16,
	/// Slow or unclear.
	pub slow: u16,
	/// Wrong.
	pub bad_data: u16,
}

/// Live window, credits and exposure of a service or a lease.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct TargetStatus {
	/// Window that is being counted.
	pub window: WindowIndex,
	/// Rounds of that window so far, by verdict.
	pub counters: Counters,
	/// Bad rounds that the terms allow in a window.
	pub allowance: Allowance,
	/// Meter, while there are units.
	pub meter: Option<MeterReading>,
	/// Credited so far, in windows' prices.
	pub index: WindowShare,
	/// Cover that is left, in windows' prices.
	pub cover: WindowShare,
	/// Rent of the slot per window in base units, while there are units.
	#[serde(with = "json")]
	pub rent: Option<Balance>,
	/// Bond reserved, the next rent included, in base units.
	#[serde(with = "json")]
	pub exposure: Balance,
	/// Units that the operator's free bond can still cover.
	pub coverable_units: u32,
	/// Share of good verdicts over the remembered windows, 0 to 100.
	pub reliability: u8,
	/// Closed windows, newest last, at most 24.
	pub history: Vec<WindowSummary>,
	/// True if the row is active: probed in every round.
	pub active: bool,
}

/// Service with its live window.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct ServiceDetail<AccountId> {
	/// The service as a list shows it.
	pub service: ServiceSummary<AccountId>,
	/// Status.
	#[serde(flatten)]
	pub status: TargetStatus,
}

/// Breach with its place in the history of the target.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct NumberedBreach {
	/// Place in the history, from 0.
	pub number: u32,
	/// The breach as it is stored.
	#[serde(flatten)]
	pub breach: Breach,
}

/// An agreement.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct AgreementInfo<AccountId> {
	/// Id.
	pub id: AgreementId,
	/// Payer.
	pub tenant: AccountId,
	/// Service or lease that is paid for.
	pub target: Target,
	/// Units.
	pub units: u32,
	/// Asset of all amounts.
	pub asset: AssetId,
	/// Price per billable block for all its units.
	#[serde(with = "json")]
	pub rate: Balance,
	/// Block it was opened in.
	pub opened_at: BlockNumber,
	/// Deposit still on hold.
	#[serde(with = "json")]
	pub held: Balance,
	/// Paid to operator and fee so far.
	#[serde(with = "json")]
	pub paid: Balance,
	/// Due by the meter and not yet paid.
	#[serde(with = "json")]
	pub due: Balance,
	/// Billable blocks that the deposit still pays for.
	pub blocks_left: u32,
	/// Credit that is due to the tenant and not delivered.
	#[serde(with = "json")]
	pub owed_credit: Balance,
	/// Credit promised beyond that: it becomes due as the agreement pays.
	#[serde(with = "json")]
	pub reserved_credit: Balance,
	/// End, if it is decided.
	pub ending: Option<Ending>,
}
