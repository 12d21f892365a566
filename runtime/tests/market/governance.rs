// SPDX-License-Identifier: Apache-2.0

//! Referenda from the preimage to the call, through the whole pipeline: tracks, origins, deposits,
//! the committee's whitelist, and spends of the treasury.

use crate::{
	actors::*,
	fixture::{Fixture, account},
};
use codec::{Decode, Encode};
use frame_support::{
	assert_noop, assert_ok,
	traits::{
		Bounded, EnsureOrigin as _, fungible::Inspect as _, fungibles::Mutate as _,
		schedule::DispatchTime,
	},
	weights::Weight,
};
use frame_system::RawOrigin;
use pallet_conviction_voting::{AccountVote, Conviction, Vote};
use pallet_referenda::ReferendumInfo;
use sp_core::Get as _;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Ferdie};
use sp_runtime::{
	DispatchError, FixedU128, Perbill, traits::Dispatchable,
	transaction_validity::InvalidTransaction,
};
use surety_primitives::{AssetId, Balance};
use surety_runtime::{
	configs::market::TreasuryAccount,
	governance::origins::Origin,
	parameters::{
		RuntimeParameters, RuntimeParametersKey,
		dynamic::{market, probing},
	},
	*,
};

/// Tokens that each holder of the tests votes with.
pub const VOTES: Balance = 900_000 * UNIT;

/// Vote of a holder.
pub fn vote(aye: bool, balance: Balance, conviction: Conviction) -> AccountVote<Balance> {
	AccountVote::Standard { vote: Vote { aye, conviction }, balance }
}

/// Call that sets a parameter.
fn set(key_value: RuntimeParameters) -> RuntimeCall {
	pallet_parameters::Call::set_parameter { key_value }.into()
}

/// Call that sets the platform fee, in percent.
fn set_fee(percent: u32) -> RuntimeCall {
	let fee = Some(Perbill::from_percent(percent));
	set(RuntimeParameters::Market(market::Parameters::PlatformFee(market::PlatformFee, fee)))
}

impl Fixture {
	/// Send a transaction that must succeed.
	pub fn pays(&mut self, who: Sr25519Keyring, call: impl Into<RuntimeCall>) {
		let call = call.into();
		let mut sent = self.signed(who, call.clone());
		// The block of a new session counts as full: the transaction waits for the next one.
		if sent == Err(InvalidTransaction::ExhaustsResources.into()) {
			sent = self.signed(who, call);
		}
		assert_ok!(sent.expect("the transaction is valid"));
	}

	/// Submit a referendum for a call, with its preimage and its decision deposit. Returns the
	/// index.
	pub fn referendum(&mut self, origin: impl Into<OriginCaller>, call: RuntimeCall) -> u32 {
		let bytes = call.encode();
		let (hash, len) = (sp_io::hashing::blake2_256(&bytes).into(), bytes.len() as u32);
		if self.peek(|| !pallet_preimage::PreimageFor::<Runtime>::contains_key((hash, len))) {
			self.pays(Alice, pallet_preimage::Call::note_preimage { bytes });
		}
		let index = self.peek(pallet_referenda::ReferendumCount::<Runtime>::get);
		self.pays(
			Alice,
			pallet_referenda::Call::submit {
				proposal_origin: Box::new(origin.into()),
				proposal: Bounded::Lookup { hash, len },
				enactment_moment: DispatchTime::After(0),
			},
		);
		self.pays(Alice, pallet_referenda::Call::place_decision_deposit { index });
		index
	}

	/// All holders of the token vote aye, in one block.
	pub fn ayes(&mut self, index: u32) {
		self.block_with(|| {
			for who in Sr25519Keyring::well_known() {
				let vote = vote(true, VOTES, Conviction::Locked1x);
				let call = pallet_conviction_voting::Call::vote { poll_index: index, vote };
				assert_ok!(Self::apply_signed(who, call.into()).expect("the vote is valid"));
			}
		});
	}

	/// All holders approve a call, which is then enacted. Returns the index of the referendum.
	pub fn enact(&mut self, origin: impl Into<OriginCaller>, call: RuntimeCall) -> u32 {
		let index = self.referendum(origin, call);
		self.ayes(index);
		self.enacted(index);
		index
	}

	/// Two of the three members of the committee carry a motion.
	pub fn motion(&mut self, call: impl Into<RuntimeCall>) {
		use configs::governance::Committee;
		type Motions = pallet_collective::Call<Runtime, Committee>;
		let proposal = Box::new(call.into());
		let length_bound = proposal.encoded_size() as u32;
		self.pays(Alice, Motions::propose { threshold: 2, proposal, length_bound });
		let (proposal, index) = self.peek(|| {
			let open = pallet_collective::Proposals::<Runtime, Committee>::get();
			let index = pallet_collective::ProposalCount::<Runtime, Committee>::get() - 1;
			(*open.last().expect("a motion is open"), index)
		});
		for who in [Alice, Bob] {
			self.pays(who, Motions::vote { proposal, index, approve: true });
		}
		let proposal_weight_bound = Weight::from_parts(1_000_000_000, 100_000);
		self.pays(
			Charlie,
			Motions::close { proposal_hash: proposal, index, proposal_weight_bound, length_bound },
		);
		self.peek(|| {
			use pallet_collective::Event::Executed;
			let carried = |event| {
				matches!(event, RuntimeEvent::TechnicalCommittee(Executed { result: Ok(()), .. }))
			};
			assert!(System::events().into_iter().any(|record| carried(record.event)));
		});
	}

	/// The committee whitelists a call, and holders enact it on the quick track.
	pub fn enact_whitelisted(&mut self, call: impl Into<RuntimeCall>) {
		let bytes = call.into().encode();
		let (call_hash, len) = (sp_io::hashing::blake2_256(&bytes).into(), bytes.len() as u32);
		self.pays(Alice, pallet_preimage::Call::note_preimage { bytes });
		self.motion(pallet_whitelist::Call::whitelist_call { call_hash });
		assert!(
			self.peek(|| pallet_whitelist::WhitelistedCall::<Runtime>::contains_key(call_hash))
		);
		let dispatch = pallet_whitelist::Call::dispatch_whitelisted_call {
			call_hash,
			call_encoded_len: len,
			call_weight_witness: Weight::from_parts(1_000_000_000, 100_000),
		};
		self.enact(Origin::WhitelistedCaller, dispatch.into());
	}

	/// State of a referendum.
	fn info(&mut self, index: u32) -> pallet_referenda::ReferendumInfoOf<Runtime, ()> {
		self.peek(|| pallet_referenda::ReferendumInfoFor::<Runtime>::get(index)).expect("it exists")
	}

	/// Build blocks until a referendum is approved, and a call after its enactment has run.
	pub fn enacted(&mut self, index: u32) {
		self.until("the referendum is approved", 40, move || {
			matches!(
				pallet_referenda::ReferendumInfoFor::<Runtime>::get(index),
				Some(ReferendumInfo::Approved(..))
			)
		});
		// Alarms of referenda have no id.
		self.until("the call is enacted", 40, move || {
			System::events().iter().any(|record| {
				use pallet_scheduler::Event::Dispatched;
				matches!(
					record.event,
					RuntimeEvent::Scheduler(Dispatched { id: Some(_), result: Ok(()), .. })
				)
			})
		});
	}
}

#[test]
fn a_referendum_on_its_track_changes_the_platform_fee() {
	let mut chain = Fixture::new();
	let service = chain.operator(AssetId::Native);
	let before = chain.open(TENANT, service, 1, 3);
	let index = chain.enact(Origin::MarketAdmin, set_fee(7));
	assert_eq!(chain.peek(market::PlatformFee::get), Perbill::from_percent(7));
	// An agreement keeps the fee that it was opened with.
	let fee = |chain: &mut Fixture, id| {
		let escrow =
			chain.peek(|| pallet_surety_sla::Agreements::<Runtime>::get(id)).unwrap().escrow;
		chain.peek(|| pallet_surety_escrow::Accounts::<Runtime>::get(escrow)).unwrap().fee.share
	};
	assert_eq!(fee(&mut chain, before), Perbill::from_percent(5));
	chain.next_window();
	let after = chain.open(TENANT, service, 1, 3);
	assert_eq!(fee(&mut chain, after), Perbill::from_percent(7));
	// The deposits come back.
	chain.pays(Bob, pallet_referenda::Call::refund_decision_deposit { index });
	chain.pays(Bob, pallet_referenda::Call::refund_submission_deposit { index });
	chain.check();
}

/// Dispatch a call by an origin of governance.
pub fn dispatch(
	origin: impl Into<RuntimeOrigin>,
	call: impl Into<RuntimeCall>,
) -> Result<(), DispatchError> {
	call.into().dispatch(origin.into()).map(drop).map_err(|error| error.error)
}

#[test]
fn every_parameter_has_an_origin_and_a_track() {
	let mut chain = Fixture::new();
	let keys: Vec<RuntimeParametersKey> = (0..=u8::MAX)
		.flat_map(|group| (0..=u8::MAX).map(move |key| [group, key]))
		.filter_map(|bytes| RuntimeParametersKey::decode(&mut bytes.as_slice()).ok())
		.collect();
	let groups: std::collections::BTreeSet<u8> = keys.iter().map(|key| key.encode()[0]).collect();
	assert_eq!(groups.len(), 4, "the groups of parameters");
	assert_eq!(keys.len(), 28, "the parameters");
	chain.peek(|| {
		for key in keys {
			// A value of `None` resets a parameter.
			let bytes = [key.encode(), vec![0]].concat();
			let value =
				RuntimeParameters::decode(&mut bytes.as_slice()).expect("a key and no value");
			let (own, other) = match key {
				RuntimeParametersKey::Probing(_) => (Origin::ProbingAdmin, Origin::MarketAdmin),
				_ => (Origin::MarketAdmin, Origin::ProbingAdmin),
			};
			assert_ok!(dispatch(own, set(value.clone())));
			assert_ok!(dispatch(RuntimeOrigin::root(), set(value.clone())));
			for refused in [other, Origin::StakingAdmin, Origin::Treasurer, Origin::BigSpender] {
				assert_noop!(dispatch(refused, set(value.clone())), DispatchError::BadOrigin);
			}
			let signed = RuntimeOrigin::signed(account(Alice));
			assert_noop!(dispatch(signed, set(value)), DispatchError::BadOrigin);
		}
	});
	chain.check();
}

/// Origins of all tracks but root's.
pub fn track_origins() -> Vec<Origin> {
	(0..=u8::MAX).filter_map(|byte| Origin::decode(&mut [byte].as_slice()).ok()).collect()
}

#[test]
fn every_origin_has_a_track_and_every_track_passes_its_own_calls() {
	use pallet_referenda::TracksInfo as _;
	let mut chain = Fixture::new();
	chain.peek(|| {
		let mut tracks: Vec<u16> = track_origins()
			.into_iter()
			.map(|origin| governance::tracks::Tracks::track_for(&origin.into()).expect("a track"))
			.collect();
		tracks.push(0);
		tracks.sort_unstable();
		let known: Vec<u16> = governance::tracks::Tracks::track_ids().collect();
		assert_eq!(tracks, known);
		assert_ok!(governance::tracks::Tracks::check_integrity());
		for track in governance::tracks::Tracks::tracks() {
			let info = &track.info;
			assert!(info.decision_period > info.confirm_period, "{}", track.id);
			assert!(info.min_enactment_period <= governance::Days::<7>::blocks(), "{}", track.id);
			// A vote of all tokens passes at once, and half of the votes pass at the end.
			assert!(info.min_approval.threshold(Perbill::zero()) <= Perbill::one());
			assert!(
				info.min_approval.threshold(Perbill::one())
					>= Perbill::from_rational(499u32, 1_000)
			);
		}
		let asset = pallet_surety_operators::Call::revoke_asset { asset: genesis::SBTC };
		assert_noop!(dispatch(Origin::ProbingAdmin, asset.clone()), DispatchError::BadOrigin);
		assert_ok!(dispatch(Origin::MarketAdmin, asset));
		let approve = pallet_surety_operators::Call::approve_asset {
			asset: genesis::SBTC,
			min_bond: 1_000_000,
		};
		assert_ok!(dispatch(Origin::MarketAdmin, approve));
		let count = pallet_staking::Call::set_validator_count { new: 7 };
		assert_noop!(dispatch(Origin::MarketAdmin, count), DispatchError::BadOrigin);
		let cancel = pallet_staking::Call::cancel_deferred_slash { era: 1, slash_indices: vec![] };
		let error = dispatch(Origin::StakingAdmin, cancel).unwrap_err();
		assert_eq!(error, pallet_staking::Error::<Runtime>::EmptyTargets.into());
	});
	chain.check();
}

/// Call that spends from the treasury to the stranger.
fn spend(asset: AssetId, amount: Balance) -> RuntimeCall {
	pallet_treasury::Call::spend {
		asset_kind: Box::new(asset),
		amount,
		beneficiary: Box::new(account(STRANGER).into()),
		valid_from: None,
	}
	.into()
}

#[test]
fn the_treasury_pays_what_a_spender_may_spend() {
	let mut chain = Fixture::new();
	let treasury = TreasuryAccount::get();
	chain.pays(
		Bob,
		pallet_balances::Call::transfer_keep_alive {
			dest: treasury.clone().into(),
			value: 50_000 * UNIT,
		},
	);
	chain.peek(|| {
		let native = AssetId::Native;
		assert_noop!(
			dispatch(Origin::SmallSpender, spend(native, 10_000 * UNIT + 1)),
			pallet_treasury::Error::<Runtime>::InsufficientPermission
		);
		assert_noop!(dispatch(Origin::MarketAdmin, spend(native, 1)), DispatchError::BadOrigin);
		// An asset without a rate could be worth anything.
		let sbtc = AssetId::Local(genesis::SBTC);
		assert_noop!(
			dispatch(Origin::Treasurer, spend(sbtc, 1)),
			pallet_treasury::Error::<Runtime>::FailedToConvertBalance
		);
	});
	chain.enact(Origin::SmallSpender, spend(AssetId::Native, 10_000 * UNIT));
	let before = chain.peek(|| Balances::balance(&account(STRANGER)));
	chain.pays(Ferdie, pallet_treasury::Call::payout { index: 0 });
	assert_eq!(chain.peek(|| Balances::balance(&account(STRANGER))), before + 10_000 * UNIT);
	chain.check();
}

#[test]
fn the_treasury_pays_in_an_asset_with_a_rate_up_to_the_limit_in_sure() {
	let mut chain = Fixture::new();
	let sbtc = AssetId::Local(genesis::SBTC);
	let coin = 100_000_000;
	chain.peek(|| {
		assert_ok!(Assets::mint_into(genesis::SBTC, &TreasuryAccount::get(), coin));
	});
	// 50,000 SURE for an sBTC: a small spender may spend a fifth of one.
	let rate = FixedU128::from_rational(50_000 * UNIT, coin);
	let create = || pallet_asset_rate::Call::create { asset_kind: Box::new(sbtc), rate };
	chain.peek(|| {
		for origin in [Origin::MarketAdmin, Origin::BigSpender] {
			assert_noop!(dispatch(origin, create()), DispatchError::BadOrigin);
		}
		assert_noop!(
			dispatch(Origin::Treasurer, spend(sbtc, 1)),
			pallet_treasury::Error::<Runtime>::FailedToConvertBalance
		);
	});
	chain.enact(Origin::Treasurer, create().into());
	chain.peek(|| {
		assert_noop!(
			dispatch(Origin::SmallSpender, spend(sbtc, coin / 5 + 1)),
			pallet_treasury::Error::<Runtime>::InsufficientPermission
		);
	});
	chain.enact(Origin::SmallSpender, spend(sbtc, coin / 5));
	let balances = |chain: &mut Fixture| {
		let of = |who: &AccountId| Assets::balance(genesis::SBTC, who);
		chain.peek(|| [of(&TreasuryAccount::get()), of(&account(STRANGER))])
	};
	let [treasury, stranger] = balances(&mut chain);
	chain.pays(Ferdie, pallet_treasury::Call::payout { index: 0 });
	assert_eq!(balances(&mut chain), [treasury - coin / 5, stranger + coin / 5]);
	// An approved spend is paid once.
	let again = chain.signed(Ferdie, pallet_treasury::Call::payout { index: 0 }).unwrap();
	assert_eq!(again, Err(pallet_treasury::Error::<Runtime>::AlreadyAttempted.into()));
	// Without its rate the asset is not spent any more.
	chain.peek(|| {
		let remove = pallet_asset_rate::Call::remove { asset_kind: Box::new(sbtc) };
		assert_ok!(dispatch(Origin::Treasurer, remove));
		assert_noop!(
			dispatch(Origin::Treasurer, spend(sbtc, 1)),
			pallet_treasury::Error::<Runtime>::FailedToConvertBalance
		);
	});
	chain.check();
}

#[test]
fn a_call_that_the_committee_whitelists_is_enacted_quickly() {
	let mut chain = Fixture::new();
	let submitted = chain.peek(System::block_number);
	chain.enact_whitelisted(frame_system::Call::authorize_upgrade { code_hash: [7; 32].into() });
	assert!(chain.peek(|| System::authorized_upgrade().is_some()));
	let took = chain.peek(System::block_number) - submitted;
	assert!(took < 35, "{took} blocks");
	chain.check();
}

/// Why random motions have at most 32 members, as the committee has, and at most as many ayes.
#[test]
#[should_panic = "attempt to multiply with overflow"]
fn a_share_of_a_motion_overflows_in_the_sdk() {
	use configs::governance::{Committee, CommitteeMajority};
	let passes = |ayes, members| {
		let motion = pallet_collective::RawOrigin::<AccountId, Committee>::Members(ayes, members);
		CommitteeMajority::try_origin(RuntimeOrigin::from(motion)).is_ok()
	};
	assert!(passes(2, 3) && !passes(1, 3) && passes(22, 32) && !passes(21, 32));
	passes(0, 1 << 31);
}

#[test]
fn a_killed_referendum_loses_its_deposits_to_the_treasury() {
	let mut chain = Fixture::new();
	let index = chain.referendum(Origin::MarketAdmin, set_fee(100));
	let treasury = |chain: &mut Fixture| chain.peek(|| Balances::balance(&TreasuryAccount::get()));
	let before = treasury(&mut chain);
	chain.peek(|| {
		let kill = || pallet_referenda::Call::<Runtime>::kill { index };
		assert_noop!(dispatch(Origin::ReferendumCanceller, kill()), DispatchError::BadOrigin);
		assert_ok!(dispatch(Origin::ReferendumKiller, kill()));
	});
	assert!(treasury(&mut chain) >= before + 510 * UNIT);
	assert!(matches!(chain.info(index), ReferendumInfo::Killed(_)));
	chain.check();
}

#[test]
fn a_holder_delegates_its_votes() {
	let mut chain = Fixture::new();
	let index = chain.referendum(Origin::ProbingAdmin, {
		let duty = Some(Perbill::from_percent(70));
		set(RuntimeParameters::Probing(probing::Parameters::MinDuty(probing::MinDuty, duty)))
	});
	for who in Sr25519Keyring::well_known().filter(|who| *who != Alice) {
		chain.pays(
			who,
			pallet_conviction_voting::Call::delegate {
				class: 13,
				to: account(Alice).into(),
				conviction: Conviction::Locked1x,
				balance: VOTES,
			},
		);
	}
	let vote = vote(true, VOTES, Conviction::None);
	chain.pays(Alice, pallet_conviction_voting::Call::vote { poll_index: index, vote });
	chain.enacted(index);
	assert_eq!(chain.peek(probing::MinDuty::get), Perbill::from_percent(70));
	chain.check();
}

/// A token of staked SURE, as another chain or a pool issues it, is an asset whose roles a referendum
/// of the root track gives to the treasury. Holders approve it with a minimum bond, and operators
/// bond it.
#[test]
fn a_liquid_staking_token_becomes_a_bond_by_referendum() {
	const STAKED: u32 = 77;
	let asset = AssetId::Local(STAKED);
	let mut chain = Fixture::new();
	let treasury = TreasuryAccount::get();
	let id = || STAKED.into();
	chain.pays(
		Alice,
		pallet_assets::Call::create {
			id: id(),
			admin: account(Alice).into(),
			min_balance: surety_runtime::MILLI,
		},
	);
	for who in [OPERATOR, TENANT] {
		chain.pays(
			Alice,
			pallet_assets::Call::mint {
				id: id(),
				beneficiary: account(who).into(),
				amount: 100_000 * UNIT,
			},
		);
	}
	let pots = [treasury.clone(), configs::market::ProberPot::get(), chain.peek(Sla::pot)];
	for pot in pots {
		chain.pays(
			Alice,
			pallet_assets::Call::mint { id: id(), beneficiary: pot.into(), amount: UNIT },
		);
	}
	let approve = || -> RuntimeCall {
		pallet_surety_operators::Call::approve_asset { asset: STAKED, min_bond: UNIT }.into()
	};
	// Nobody bonds what its issuer can still take away.
	chain.peek(|| assert!(dispatch(Origin::MarketAdmin, approve()).is_err()));
	let keyless = || treasury.clone().into();
	let hand_over = pallet_assets::Call::force_asset_status {
		id: id(),
		owner: keyless(),
		issuer: keyless(),
		admin: keyless(),
		freezer: keyless(),
		min_balance: surety_runtime::MILLI,
		is_sufficient: true,
		is_frozen: false,
	};
	let refused = chain.signed(Alice, hand_over.clone()).expect("it pays");
	assert_eq!(refused, Err(DispatchError::BadOrigin), "the issuer alone does not do it");
	chain.enact(RawOrigin::Root, hand_over.into());
	// From now on nobody has a key by which supply or balances change.
	let mint =
		pallet_assets::Call::mint { id: id(), beneficiary: account(Alice).into(), amount: UNIT };
	let refused = chain.signed(Alice, mint).expect("it pays");
	assert_eq!(refused, Err(pallet_assets::Error::<Runtime>::NoPermission.into()));
	chain.enact(Origin::MarketAdmin, approve());
	chain.register(OPERATOR, AssetId::Native);
	chain.pays(OPERATOR, pallet_surety_operators::Call::bond_more { asset, amount: 10_000 * UNIT });
	let offer = Offer { price: UNIT / 10, ..Offer::of(asset) };
	let service = chain.list(OPERATOR, &offer);
	let agreement = chain.open(TENANT, service, 1, 6);
	chain.next_window();
	chain.rounds(4);
	chain.endpoints.insert(
		surety_primitives::Target::Service(service),
		surety_primitives::report::Finding::Down,
	);
	chain.rounds(5);
	assert!(!chain.breaches(service).is_empty());
	assert!(chain.credit(agreement) > 0);
	assert!(chain.bond(OPERATOR, asset) < 10_000 * UNIT);
	chain.check();
}

#[test]
fn nobody_but_holders_governs_a_public_chain() {
	let mut chain = Fixture::with_preset("staging");
	assert_eq!(chain.peek(pallet_sudo::Key::<Runtime>::get), None);
	let sudo = pallet_sudo::Call::sudo { call: Box::new(set_fee(9)) };
	assert_eq!(
		chain.signed(Alice, sudo).expect("it pays"),
		Err(pallet_sudo::Error::<Runtime>::RequireSudo.into())
	);
	// A member of the committee alone whitelists nothing.
	let alone: RuntimeCall =
		pallet_whitelist::Call::whitelist_call { call_hash: [0; 32].into() }.into();
	chain.pays(
		Alice,
		pallet_collective::Call::<Runtime, configs::governance::Committee>::propose {
			threshold: 1,
			length_bound: alone.encoded_size() as u32,
			proposal: Box::new(alone),
		},
	);
	assert_eq!(chain.peek(|| pallet_whitelist::WhitelistedCall::<Runtime>::iter().count()), 0);
	chain.check();
}

/// Fill the agenda of a block with other tasks.
fn fill_agenda(block: BlockNumber) {
	let no_op = || Box::new(frame_system::Call::remark { remark: vec![] }.into());
	let mut tasks = 0;
	let full = loop {
		match Scheduler::schedule(RuntimeOrigin::root(), block, None, 255, no_op()) {
			Ok(()) => tasks += 1,
			Err(error) => break error,
		}
	};
	assert_eq!(full, DispatchError::Exhausted);
	assert!(tasks > 0, "the block had room");
}

/// Regression: with 50 alarms of other referenda on the next block, a vote took the alarm of a
/// referendum away, an end kept the place in its track for good, and an approved call was lost.
#[test]
fn referenda_go_on_when_the_block_of_their_next_task_is_full() {
	use pallet_referenda::TracksInfo as _;
	let mut chain = Fixture::new();
	let track = governance::tracks::Tracks::track_for(&Origin::MarketAdmin.into()).unwrap();
	let index = chain.referendum(Origin::MarketAdmin, set_fee(7));
	// A vote sets the alarm of the referendum to the next block.
	chain.block_with(|| {
		fill_agenda(System::block_number() + 1);
		let vote = vote(true, VOTES, Conviction::Locked1x);
		let call = pallet_conviction_voting::Call::vote { poll_index: index, vote };
		assert_ok!(Fixture::apply_signed(Bob, call.into()).expect("the vote is valid"));
	});
	let ReferendumInfo::Ongoing(status) = chain.info(index) else { panic!("it has not ended") };
	let (_, (block, _)) = status.alarm.expect("an alarm is set");
	assert_eq!(block, chain.peek(System::block_number) + 2);

	// The enactment, if the only block that it was meant for is full.
	chain.ayes(index);
	chain.until("the referendum is decided and passes", 40, move || {
		match pallet_referenda::ReferendumInfoFor::<Runtime>::get(index) {
			Some(ReferendumInfo::Ongoing(status)) => {
				let now = System::block_number();
				let confirmed = status.deciding.and_then(|deciding| deciding.confirming);
				confirmed == Some(now + 1)
			},
			_ => false,
		}
	});
	chain.block_with(|| {
		let enactment = governance::tracks::Tracks::info(track).unwrap().min_enactment_period;
		for later in 1..=enactment.max(1) + 1 {
			fill_agenda(System::block_number() + later);
		}
	});
	chain.enacted(index);
	assert_eq!(chain.peek(market::PlatformFee::get), Perbill::from_percent(7));
	let deciding = || pallet_referenda::DecidingCount::<Runtime>::get(track);
	assert_eq!(chain.peek(deciding), 0);

	// The end of a decision leaves its place in the track.
	let index = chain.referendum(Origin::MarketAdmin, set_fee(8));
	chain.until("it is being decided", 40, || deciding() == 1);
	chain.block_with(|| {
		fill_agenda(System::block_number() + 1);
		assert_ok!(Referenda::cancel(RuntimeOrigin::root(), index));
	});
	chain.block();
	chain.block();
	assert_eq!(chain.peek(deciding), 0);
	chain.check();
}
