//! What this pallet tells of.

use frame_support::pallet_macros::pallet_section;

/// The events, imported into the pallet.
#[pallet_section]
mod events {
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account registered as operator with a first bond in planck.
		OperatorRegistered { operator: T::AccountId, bond: Balance },
		/// An operator changed its display name and contact.
		IdentitySet { operator: T::AccountId },
		/// An operator takes no new units and lists nothing until it activates itself.
		OperatorDeactivated { operator: T::AccountId },
		/// An operator is active again.
		OperatorActivated { operator: T::AccountId },
		/// An operator is about to leave: it is gone once its last bond is withdrawn.
		OperatorRetiring { operator: T::AccountId },
		/// An operator left: nothing of it is on hold any more.
		OperatorLeft { operator: T::AccountId },
		/// Base units of an asset went on hold as active bond.
		Bonded { operator: T::AccountId, asset: AssetId, amount: Balance },
		/// Base units of active bond can be withdrawn from block `unlock_at` on. Slashable until then.
		Unbonded { operator: T::AccountId, asset: AssetId, amount: Balance, unlock_at: BlockNumber },
		/// Unbonded base units went back to the operator's free balance.
		Withdrawn { operator: T::AccountId, asset: AssetId, amount: Balance },
		/// Bond was taken for a service: `credit` base units for its tenants and `penalty` for the treasury.
		/// `unpaid` is what was asked for beyond that and the bond did not have or could not deliver.
		BondSlashed {
			operator: T::AccountId,
			service: ServiceId,
			asset: AssetId,
			credit: Balance,
			penalty: Balance,
			unpaid: Balance,
		},
		/// Bond that was reserved was taken for the treasury: `amount` base units. `unpaid` is what was to be
		/// taken beyond that and the bond did not have or could not deliver.
		BondForfeited { operator: T::AccountId, asset: AssetId, amount: Balance, unpaid: Balance },
		/// A service was listed. Answers above `max_latency_us` microseconds count as slow: what the terms
		/// asked for, rounded up to the edge of a latency bucket.
		ServiceListed {
			service: ServiceId,
			operator: T::AccountId,
			status: ServiceStatus,
			max_latency_us: u64,
		},
		/// The listing changed; capacity in units and price per unit and billable block as they are now. The
		/// price holds for new agreements only.
		ServiceUpdated { service: ServiceId, capacity: u32, price: Balance },
		/// The endpoint of a service changed. `Unproven` if control of the new host must be proven first.
		EndpointChanged { service: ServiceId, status: ServiceStatus },
		/// The most that one unit can ever be credited rose to `cap` base units.
		CreditCapRaised { service: ServiceId, cap: Balance },
		/// The probers read the operator's proof of control: the service is active.
		ServiceProven { service: ServiceId },
		/// A service takes no new units until it is resumed. Probing and agreements go on.
		ServicePaused { service: ServiceId },
		/// A service takes new units again.
		ServiceResumed { service: ServiceId },
		/// A service ends: round `at` is the last one billed and judged. `for_cause` if it was terminated
		/// because its credits reached the cap, else it was retired.
		ServiceEnding { service: ServiceId, at: RoundIndex, for_cause: bool },
		/// A service is gone and its deposit in planck went back to the operator.
		ServiceRemoved { service: ServiceId, operator: T::AccountId, deposit: Balance },
		/// Rounds `from .. from + rounds` are announced maintenance: being down then counts for nothing and
		/// is not billed.
		MaintenanceAnnounced { service: ServiceId, from: RoundIndex, rounds: u16 },
		/// A network was created or changed.
		NetworkSet { network: NetworkId, name: Name },
		/// A network is gone.
		NetworkRemoved { network: NetworkId },
		/// Services may be listed in an asset; selling units takes a bond of `min_bond` base units in it.
		AssetApproved { asset: u32, min_bond: Balance },
		/// No more services may be listed in an asset. What is listed goes on.
		AssetRevoked { asset: u32 },
		/// No endpoint may be listed on a host or on a name below it. What is listed stays.
		HostDenied { host: Host },
		/// Endpoints may be listed on a host again.
		HostAllowed { host: Host },
	}
}
