// SPDX-License-Identifier: Apache-2.0

//! Use of services, operators and agreements, as both sides signed it.

use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::Perbill;
use surety_primitives::{
	AgreementId, RoundIndex, ServiceId, WindowIndex, json,
	usage::{AgreedUsage, Comparison, Match, UsageCounts},
};

/// Subject whose use is asked for.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub enum UsageOf<AccountId> {
	/// All agreements of a service.
	Service(ServiceId),
	/// All agreements of the services that an operator lists.
	Operator(AccountId),
}

/// Use in a window, over all agreements.
#[derive(Clone, Copy, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct WindowUse {
	/// The window.
	pub window: WindowIndex,
	/// True while statements of the window are accepted, so that the figures may rise.
	pub open: bool,
	/// Figures that both sides signed: requests, answers, bytes.
	#[serde(flatten)]
	pub agreed: AgreedUsage,
	/// Thousandths of a request per second, over the time of the window that has passed.
	pub milli_requests_per_second: u64,
	/// Share of the requests that were answered: a mean over the agreements by the fees that they
	/// paid. `None` if none of them weighs anything.
	pub success_perbill: Option<Perbill>,
	/// Agreements with a statement.
	pub agreements: u32,
	/// Agreements that only one side reported.
	pub one_sided: u32,
	/// Agreements whose sides differ by more than 16 requests and by more than one percent.
	pub contested: u32,
	/// Comparison with the verdicts of the probers, of a closed window of one service.
	pub comparison: Option<Comparison>,
}

/// Use of a service or an operator.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct UsageInfo {
	/// True if tenants of the service, or of one of the operator's, were served far worse than
	/// probers.
	pub discrepant: bool,
	/// Windows with use, oldest first: the two that are open, and up to 8 before.
	pub windows: Vec<WindowUse>,
}

/// Last statement of a lane.
#[derive(Clone, Copy, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct LaneUse {
	/// The lane.
	pub lane: u8,
	/// Number of the statement.
	pub seq: u32,
	/// Its counts.
	#[serde(flatten)]
	pub counts: UsageCounts,
}

/// View of one side.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct SideUse {
	/// True if the side signed two different statements with one number: its view is void.
	pub void: bool,
	/// Last statement of each lane, in order of the lanes.
	pub lanes: Vec<LaneUse>,
}

/// Use of an agreement in a window.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct AgreementWindow {
	/// The window.
	pub window: WindowIndex,
	/// Figures that both sides signed: requests, answers, bytes.
	#[serde(flatten)]
	pub agreed: AgreedUsage,
	/// Relation of the two views.
	pub matched: Match,
	/// View of the tenant.
	pub tenant: SideUse,
	/// View of the operator.
	pub operator: SideUse,
}

/// Use of an agreement.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct AgreementUsage<AccountId> {
	/// The agreement.
	pub agreement: AgreementId,
	/// Its service.
	pub service: ServiceId,
	/// Tenant, whose side is `tenant`.
	pub tenant: AccountId,
	/// Operator, whose side is `operator`.
	pub operator: AccountId,
	/// Requests of a window up to which use is agreed: a fifth more than the units allow.
	pub max_requests: u64,
	/// Windows with use, oldest first: at most the two that are open.
	pub windows: Vec<AgreementWindow>,
}

/// Validator in its probing duty.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct ProberInfo<AccountId> {
	/// Account of the validator.
	pub account: AccountId,
	/// Session key, sr25519, which signs its commits and its tokens.
	#[serde(with = "json")]
	pub key: [u8; 32],
}

/// Probers of a round.
#[derive(Clone, Debug, Decode, Deserialize, Encode, Eq, PartialEq, Serialize, TypeInfo)]
#[serde(rename_all = "camelCase")]
pub struct RoundProbers<AccountId> {
	/// The round.
	pub round: RoundIndex,
	/// Its probers. Those of a round do not change.
	pub probers: Vec<ProberInfo<AccountId>>,
}
