//! What accounts share and govern with: utility, multisig, proxy, parameters, sudo.

use crate::{
	parameters::{RuntimeParameters, seed},
	*,
};
use frame_support::{
	parameter_types,
	traits::{AsEnsureOriginWithArg, ConstU32, InstanceFilter},
};
use frame_system::EnsureRoot;
use surety_primitives::stored;

/// Who governs. Root for now: sudo on dev and local networks, nobody where genesis sets no sudo key.
pub type Governance = EnsureRoot<AccountId>;

impl pallet_utility::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type PalletsOrigin = OriginCaller;
	type WeightInfo = crate::weights::pallet_utility::WeightInfo<Runtime>;
}

parameter_types! {
	pub const MultisigDepositBase: Balance = UNIT / 10;
	pub const MultisigDepositFactor: Balance = UNIT / 100;
	pub const ProxyDepositBase: Balance = UNIT / 10;
	pub const ProxyDepositFactor: Balance = UNIT / 100;
}

impl pallet_multisig::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type DepositBase = MultisigDepositBase;
	type DepositFactor = MultisigDepositFactor;
	type MaxSignatories = ConstU32<32>;
	type WeightInfo = crate::weights::pallet_multisig::WeightInfo<Runtime>;
	type BlockNumberProvider = System;
}

stored! {
	/// What a proxy may do for an account.
	#[derive(Copy, Default, Ord, PartialOrd)]
	pub enum ProxyType {
		/// Anything.
		#[default]
		Any,
		/// Anything that moves no balance at once.
		NonTransfer,
		/// Run services: the calls of `Operators`.
		Operate,
		/// Buy services: the calls of `Sla`.
		Buy,
		/// Rotate session keys.
		SessionKeys,
	}
}

impl InstanceFilter<RuntimeCall> for ProxyType {
	fn filter(&self, call: &RuntimeCall) -> bool {
		match self {
			Self::Any => true,
			Self::NonTransfer => !matches!(call, RuntimeCall::Balances(_) | RuntimeCall::Assets(_)),
			Self::Operate => matches!(call, RuntimeCall::Operators(_) | RuntimeCall::Utility(_)),
			Self::Buy => matches!(call, RuntimeCall::Sla(_) | RuntimeCall::Utility(_)),
			Self::SessionKeys => matches!(call, RuntimeCall::Session(_)),
		}
	}

	fn is_superset(&self, other: &Self) -> bool {
		match (self, other) {
			(a, b) if a == b => true,
			(Self::Any, _) => true,
			(_, Self::Any) => false,
			(Self::NonTransfer, _) => true,
			_ => false,
		}
	}
}

impl pallet_proxy::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type ProxyType = ProxyType;
	type ProxyDepositBase = ProxyDepositBase;
	type ProxyDepositFactor = ProxyDepositFactor;
	type MaxProxies = ConstU32<32>;
	type WeightInfo = crate::weights::pallet_proxy::WeightInfo<Runtime>;
	type MaxPending = ConstU32<32>;
	type CallHasher = sp_runtime::traits::BlakeTwo256;
	type AnnouncementDepositBase = ProxyDepositBase;
	type AnnouncementDepositFactor = ProxyDepositFactor;
	type BlockNumberProvider = System;
}

impl pallet_parameters::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeParameters = RuntimeParameters;
	type AdminOrigin = AsEnsureOriginWithArg<Governance>;
	type WeightInfo = crate::weights::pallet_parameters::WeightInfo<Runtime>;
}

impl seed::Config for Runtime {}

impl pallet_sudo::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type WeightInfo = crate::weights::pallet_sudo::WeightInfo<Runtime>;
}
