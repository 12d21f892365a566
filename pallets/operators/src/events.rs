//! What this pallet tells of.

use frame_support::pallet_macros::pallet_section;

/// The events, imported into the pallet.
#[pallet_section]
mod events {
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account registered as operator with a first bond.
		OperatorRegistered {
			/// Who.
			operator: T::AccountId,
			/// Its first bond, in planck.
			bond: Balance,
		},
		/// An operator changed its display name and contact.
		IdentitySet {
			/// Who.
			operator: T::AccountId,
		},
		/// An operator takes no new units and lists nothing until it activates itself.
		OperatorDeactivated {
			/// Who.
			operator: T::AccountId,
		},
		/// An operator is active again.
		OperatorActivated {
			/// Who.
			operator: T::AccountId,
		},
		/// An operator is about to leave: it is gone once its last bond is withdrawn.
		OperatorRetiring {
			/// Who.
			operator: T::AccountId,
		},
		/// An operator left: nothing of it is on hold any more.
		OperatorLeft {
			/// Who.
			operator: T::AccountId,
		},
		/// Tokens went on hold as active bond.
		Bonded {
			/// Whose.
			operator: T::AccountId,
			/// Asset of the bond.
			asset: AssetId,
			/// How much, in base units.
			amount: Balance,
		},
		/// Active bond is on its way out. Slashable until it is withdrawn.
		Unbonded {
			/// Whose.
			operator: T::AccountId,
			/// Asset of the bond.
			asset: AssetId,
			/// How much, in base units.
			amount: Balance,
			/// First block in which it can be withdrawn.
			unlock_at: BlockNumber,
		},
		/// Unbonded tokens went back to the operator's free balance.
		Withdrawn {
			/// Whose.
			operator: T::AccountId,
			/// Asset of the bond.
			asset: AssetId,
			/// How much, in base units.
			amount: Balance,
		},
		/// Bond was taken for a service.
		BondSlashed {
			/// Whose.
			operator: T::AccountId,
			/// For which service.
			service: ServiceId,
			/// Asset of all amounts.
			asset: AssetId,
			/// Base units for its tenants.
			credit: Balance,
			/// Base units for the treasury.
			penalty: Balance,
			/// Base units asked for beyond that, which the bond did not have or could not deliver.
			unpaid: Balance,
		},
		/// Bond that was reserved was taken for the treasury.
		BondForfeited {
			/// Whose.
			operator: T::AccountId,
			/// Asset of all amounts.
			asset: AssetId,
			/// Base units taken.
			amount: Balance,
			/// Base units to be taken beyond that, which the bond did not have or could not deliver.
			unpaid: Balance,
		},
		/// Bond was taken for the rent of a service's slot.
		RentPaid {
			/// Whose.
			operator: T::AccountId,
			/// For which service.
			service: ServiceId,
			/// Asset of all amounts.
			asset: AssetId,
			/// Base units taken.
			amount: Balance,
			/// Base units due beyond that, which the bond did not have or could not deliver.
			unpaid: Balance,
		},
		/// A service was listed.
		ServiceListed {
			/// Id of the service.
			service: ServiceId,
			/// Who serves.
			operator: T::AccountId,
			/// Place in its life: whether control of the host must be proven first.
			status: ServiceStatus,
			/// Answers above so many microseconds count as slow: what the terms asked for, rounded up to the edge
			/// of a latency bucket.
			max_latency_us: u64,
		},
		/// A listing changed. This is what it says now.
		ServiceUpdated {
			/// Id of the service.
			service: ServiceId,
			/// Units that can be sold in all.
			capacity: u32,
			/// Base units per unit and billable block, for new agreements only.
			price: Balance,
		},
		/// The endpoint of a service changed.
		EndpointChanged {
			/// Id of the service.
			service: ServiceId,
			/// Place in its life: `Unproven` if control of the new host must be proven first.
			status: ServiceStatus,
		},
		/// The cover of a service rose.
		CoverRaised {
			/// Id of the service.
			service: ServiceId,
			/// All that the service can ever credit, in windows' prices: 1,000,000,000 is the price
			/// of one.
			cover: WindowShare,
		},
		/// The probers found the proof of control at the endpoint's host: the service is active.
		ServiceProven {
			/// Id of the service.
			service: ServiceId,
		},
		/// The probers asked for the proof of control again and it was gone: the service is unproven
		/// and takes no units until they find it.
		ProofLost {
			/// Id of the service.
			service: ServiceId,
		},
		/// The probers found the proof of control, but the host carries as many proven
		/// listings as it may: the service stays unproven. `update_service` with an endpoint makes
		/// the probers ask again.
		HostFull {
			/// Id of the service.
			service: ServiceId,
			/// The host of its endpoint.
			host: Host,
		},
		/// A service takes no new units until it is resumed. Probing and agreements go on.
		ServicePaused {
			/// Id of the service.
			service: ServiceId,
		},
		/// A service takes new units again.
		ServiceResumed {
			/// Id of the service.
			service: ServiceId,
		},
		/// A service ends.
		ServiceEnding {
			/// Id of the service.
			service: ServiceId,
			/// Last round that is billed and judged.
			at: RoundIndex,
			/// `true` if it was terminated, because its credits reached the cover, it was dead for
			/// a window, or its bond could not reserve the rent. Else it was retired.
			for_cause: bool,
		},
		/// A service is gone.
		ServiceRemoved {
			/// Id of the service.
			service: ServiceId,
			/// Who served.
			operator: T::AccountId,
			/// What of the operator is off hold again, in planck.
			deposit: Balance,
		},
		/// Maintenance is announced: being down in it counts for nothing and is not billed.
		MaintenanceAnnounced {
			/// Id of the service.
			service: ServiceId,
			/// First round of it.
			from: RoundIndex,
			/// How many rounds.
			rounds: u16,
		},
		/// A network was created or changed.
		NetworkSet {
			/// Id of the network.
			network: NetworkId,
			/// Its name.
			name: Name,
		},
		/// A network is gone.
		NetworkRemoved {
			/// Id of the network.
			network: NetworkId,
		},
		/// Services may be listed in an asset.
		AssetApproved {
			/// Id in the assets pallet.
			asset: u32,
			/// Base units of bond that selling units in it takes.
			min_bond: Balance,
		},
		/// No more services may be listed in an asset. What is listed goes on.
		AssetRevoked {
			/// Id in the assets pallet.
			asset: u32,
		},
		/// No endpoint may be listed on a host or on a name below it. What is listed stays.
		HostDenied {
			/// The host.
			host: Host,
		},
		/// Endpoints may be listed on a host again.
		HostAllowed {
			/// The host.
			host: Host,
		},
	}
}
