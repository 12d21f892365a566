//! Why calls are refused.

use frame_support::pallet_macros::pallet_section;

/// The errors, imported into the pallet.
#[pallet_section]
mod errors {
	#[pallet::error]
	pub enum Error<T> {
		/// The account is not registered as operator: call `register`.
		NotOperator,
		/// The account is registered already: use `bond_more` and `set_identity`.
		AlreadyRegistered,
		/// The operator is inactive or retiring: call `activate`.
		OperatorInactive,
		/// The operator is active already.
		OperatorActive,
		/// The operator is retiring already.
		OperatorRetiring,
		/// The operator still has services: retire and remove them first.
		HasServices,
		/// A name, contact, model or metadata URI is not UTF-8, has control characters in it, or is a name
		/// and empty.
		BadText,
		/// An amount is zero.
		ZeroAmount,
		/// The bond is below the minimum: the operator's in the native token, or the one in the service's
		/// asset. The view function `min_bond` says how much it takes. With services listed, the native bond
		/// can not be unbonded below it either.
		BondBelowMinimum,
		/// More than the active bond that nothing reserves, or a slash left less active bond than is reserved.
		/// The view functions `bond` says what is active and reserved.
		BondReserved,
		/// The active bond does not cover the exposure. The view function `free_bond` says what is
		/// free.
		InsufficientBond,
		/// Too many unbonding chunks: withdraw those that are due, or wait for them.
		TooManyChunks,
		/// Nothing to withdraw: no chunk, or none is due yet.
		NothingToWithdraw,
		/// There is no such service.
		UnknownService,
		/// The service belongs to another operator.
		NotOwner,
		/// The operator has as many services as it may have.
		TooManyServices,
		/// All identifiers are used up.
		NoMoreIds,
		/// The service waits for proof of control: serve the hash that the view function `control_proof`
		/// gives at the endpoint's host, under `/.well-known/surety/<service>`. If
		/// the probers gave up, or found it while the host was full, `update_service` with an
		/// endpoint makes them ask again.
		ServiceUnproven,
		/// The service is paused.
		ServicePaused,
		/// The service is not paused.
		ServiceNotPaused,
		/// The service is retired or terminated.
		ServiceEnding,
		/// The service is not ending: call `retire_service` first.
		ServiceNotEnding,
		/// The last round of the service is not judged yet: that takes two rounds more.
		EndNotJudged,
		/// Units of the service are sold: for removing it, its agreements must be closed and paid first; for
		/// moving its endpoint where control must be proven, they must be closed.
		UnitsSold,
		/// The service is the lease of one tenant: it is not for sale, and its order alone decides on it.
		ServiceLeased,
		/// The lease is listed already.
		LeaseListed,
		/// Leases are listed under `Compute` services only.
		NotCompute,
		/// The endpoint of a lease must be on the scheme, host and port of its service's endpoint, where the
		/// operator has proven its control.
		LeaseEndpointElsewhere,
		/// Bids or leases use what the `Compute` service has: its endpoint stays on its server until they are
		/// over.
		CapacityInUse,
		/// The update names nothing to change.
		NothingToUpdate,
		/// The endpoint does not begin with `http://` or `https://` (lower case).
		EndpointNotHttp,
		/// The endpoint has a space, a backslash, or anything but printable ASCII in it.
		EndpointCharacters,
		/// The endpoint has a user name or password in it, which everybody could read.
		EndpointHasCredentials,
		/// The endpoint has a query string.
		EndpointHasQuery,
		/// The endpoint has a fragment.
		EndpointHasFragment,
		/// The host is missing or malformed, or is an IP address in an unusual notation.
		EndpointHost,
		/// The port of the endpoint is not a number from 1 to 65535.
		EndpointPort,
		/// The host is a loopback, private or otherwise not public address or name, which this chain refuses.
		EndpointPrivate,
		/// The host is an IPv6 address: not every validator reaches those, and all must see the same. Give a
		/// name or an IPv4 address.
		EndpointIpv6,
		/// Governance denied the host or a name above it.
		HostDenied,
		/// The host is not denied.
		HostNotDenied,
		/// The host carries as many listings as it may carry.
		HostFull,
		/// The operator has as many unproven listings at the host as it may have: prove its control
		/// for them, or remove one.
		TooManyUnproven,
		/// The region is no country code of ISO 3166-1 alpha-2, like `DE`.
		BadRegion,
		/// The capacity is zero units.
		ZeroCapacity,
		/// The capacity is below the units already sold.
		CapacityBelowSold,
		/// The price is zero.
		ZeroPrice,
		/// Price x capacity x blocks of a window is more than a balance can be.
		PriceOverflow,
		/// The uptime of the terms is above 1,000,000,000 parts per billion.
		TermsUptime,
		/// The latency of the terms is zero, or above what a prober waits for: a tenth of a round, rounded up to
		/// the edge of a latency bucket, and 55,108 ms at most.
		TermsLatency,
		/// The credits of the terms fall from a milder to a graver breach.
		TermsCreditsFall,
		/// A credit of the terms is above their cover. Both are in parts of 1,000,000,000 of the
		/// price of one window.
		TermsCreditAboveCover,
		/// A credit of the terms is above the most that governance allows, the parameter
		/// `MaxCredit`. Both are in parts of 1,000,000,000 of the price of one window.
		TermsCreditAboveMost,
		/// The cover of the terms is zero. It is in parts of 1,000,000,000 of the price of one
		/// window.
		TermsZeroCover,
		/// Twice the price x capacity x blocks of a window x cover is more than a balance can be.
		CreditOverflow,
		/// The cover may only rise.
		CoverMayOnlyRise,
		/// Maintenance of zero rounds.
		ZeroRounds,
		/// Maintenance must be announced one window ahead.
		MaintenanceTooSoon,
		/// Maintenance is announced more than 30 windows ahead.
		MaintenanceTooFar,
		/// Maintenance takes more than the allowed share of a window.
		MaintenanceTooLong,
		/// The maintenance announced before is not over and judged yet.
		MaintenanceAnnounced,
		/// There is no such network.
		UnknownNetwork,
		/// Another network has this name.
		NetworkNameTaken,
		/// The name of a network must be 1 to 64 of `a-z`, `0-9` and `-`.
		NetworkName,
		/// Services use the network.
		NetworkInUse,
		/// The network of this chain itself speaks Substrate.
		NetworkOwnProtocol,
		/// The same anchor twice: two must agree, so they must be two.
		DuplicateAnchor,
		/// The asset is not approved, or was revoked.
		AssetNotApproved,
		/// The asset does not exist or has no minimum balance.
		AssetUnusable,
		/// The minimum bond is below the asset's minimum balance.
		MinBondTooLow,
	}
}
