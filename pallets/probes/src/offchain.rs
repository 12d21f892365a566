//! The off-chain worker: probes once a round, keeps the report locally, commits and reveals it.
//!
//! ```text
//!  any block of r         no local report of r yet: probe (long), keep {salt, report}, commit
//!  later, to r+1 block 1  commit, unless it is on chain or was sent in this block
//!  r+1 block 4 to r+2 block 1   reveal, likewise
//! ```
//!
//! The report is kept before it is committed to, and made once per round whatever fork the worker
//! runs on, so a reorganisation never makes a prober say two things.

use crate::{
	Call, Config, Due, DuePages, LOG, Pallet, Phase, Prober, Report, Reports, Row, Sent, Snapshots,
	bits, commit_hash, commit_payload, commit_phase, reveal_phase,
};
use alloc::{collections::BTreeSet, vec::Vec};
use codec::{Decode, Encode};
use frame_system::offchain::SubmitTransaction;
use sp_application_crypto::RuntimeAppPublic;
use sp_io::hashing::blake2_256;
use sp_runtime::offchain::{Duration, storage::StorageValueRef};
use surety_primitives::{
	Clock, NetworkId, Registry, RoundIndex, Service, Verdict,
	crypto::ProberId,
	endpoint::{self, Host},
	lease_of_service,
	report::Finding,
};
use surety_prober::{NetworkRef, OwnHead, Proof, Schedule, Assignment as Target, probe_round};

/// Local storage key, followed by a network's name: SCALE `Vec<Vec<u8>>` of this node's own anchor
/// URLs.
pub const ANCHORS_KEY: &[u8] = b"surety/anchors/";
/// Local storage key: SCALE `Vec<Vec<u8>>` of hosts that this node does not probe, nor names below
/// them. An IPv6 address in brackets.
pub const DENY_KEY: &[u8] = b"surety/deny";

const REPORT_KEY: &[u8] = b"surety/report/";
const PROBING_KEY: &[u8] = b"surety/probing/";
/// Blocks after which a report that was sent and is not on chain is sent again. A round of five
/// blocks has two left for a reveal, so there is no block to lose.
const RESEND: u32 = 1;
/// Rounds after which a local report is of no use.
const KEPT: RoundIndex = 4;
/// Older ones that are cleaned per block, for a node that was off for a while.
const CLEANED: RoundIndex = 8;
/// Starts spread over this share of a round, in percent: an endpoint that serves only a part of
/// the minute must not know which.
const SPREAD: u64 = 80;
/// Probing ends at this share of a round, in percent. The commit has two blocks more.
const DEADLINE: u64 = 100;
/// Services asked at the same time. So many, because all of them may be dead and each is owed the
/// same patience: with 8,192 services in a minute, 4,096 at a time leave each more than a tenth of
/// it, which is the longest latency that terms may promise.
const CONCURRENCY: u32 = 4_096;

/// A report as it is kept locally.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub(crate) struct Local {
	pub salt: [u8; 32],
	pub report: Vec<u8>,
	/// Hash of the places that the report is about, in its order. On a fork where a service was
	/// heated in another block they may be others, and as many.
	pub places: [u8; 32],
	/// Block after which the commit was sent last; 0 if it was not.
	pub committed_at: u32,
	/// Same for the reveal.
	pub revealed_at: u32,
}

/// Key under which the report of a round and prober is kept.
pub(crate) fn report_key(round: RoundIndex, prober: &ProberId) -> Vec<u8> {
	(REPORT_KEY, round, prober).encode()
}

/// Reason why nothing was sent.
#[derive(Debug)]
enum Skip {
	/// No report of the round, or none that fits this fork.
	NoReport,
	/// It is on chain, or another block's worker sends it or just did.
	Sent,
	/// The keystore did not sign.
	NoSignature,
	/// The pool did not take it.
	Pool,
}

/// One of the two transactions.
#[derive(Clone, Copy)]
enum Step {
	Commit,
	Reveal,
}

impl Local {
	fn sent_at(&mut self, step: Step) -> &mut u32 {
		match step {
			Step::Commit => &mut self.committed_at,
			Step::Reveal => &mut self.revealed_at,
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Run after the block `Clock::now()` was imported.
	pub(crate) fn work() {
		let now = T::Clock::now();
		let next = now.saturating_add(1);
		let round = T::Clock::round();
		for key in ProberId::all() {
			Self::clean(round, &key);
			let recent = |back: RoundIndex| round.checked_sub(back);
			for of in [recent(2), recent(1)].into_iter().flatten() {
				// Not in the block before they open: the pool of a peer that has not imported this
				// block yet would refuse, and then ban, what comes too early.
				let open = |block| reveal_phase::<T::Clock>(of, block) == Phase::Open;
				if open(now) && open(next) {
					Self::log(of, Self::send_reveal(of, &key));
				}
			}
			for of in [recent(1), recent(0)].into_iter().flatten() {
				if commit_phase::<T::Clock>(of, next) == Phase::Open {
					Self::log(of, Self::send_commit(of, &key));
				}
			}
		}
		// All that is quick is sent; now what takes time.
		for key in ProberId::all() {
			if Self::probe(round, &key) {
				Self::log(round, Self::send_commit(round, &key));
			}
		}
	}

	fn log(round: RoundIndex, sent: Result<(), Skip>) {
		match sent {
			Ok(()) => log::debug!(target: LOG, "sent for round {round}"),
			Err(skip @ (Skip::NoReport | Skip::Sent)) => {
				log::trace!(target: LOG, "round {round}: {skip:?}")
			},
			Err(skip) => log::warn!(target: LOG, "could not send for round {round}: {skip:?}"),
		}
	}

	fn clean(round: RoundIndex, key: &ProberId) {
		let Some(newest) = round.checked_sub(KEPT.saturating_add(1)) else { return };
		for old in newest.saturating_sub(CLEANED)..=newest {
			StorageValueRef::persistent(&report_key(old, key)).clear();
		}
	}

	/// The local report of a round, if it fits the round's snapshot on this fork.
	fn local(round: RoundIndex, key: &ProberId) -> Result<(u16, Local), Skip> {
		let snapshot = Snapshots::<T>::get(round).ok_or(Skip::NoReport)?;
		let (index, _) = snapshot.find(key).ok_or(Skip::NoReport)?;
		let local: Local = StorageValueRef::persistent(&report_key(round, key))
			.get()
			.ok()
			.flatten()
			.ok_or(Skip::NoReport)?;
		let fits = !local.report.is_empty() && local.places == Self::places(round);
		fits.then_some((index, local)).ok_or(Skip::NoReport)
	}

	/// Hash of the places that a report of a round is about.
	fn places(round: RoundIndex) -> [u8; 32] {
		DuePages::<T>::get(round).using_encoded(blake2_256)
	}

	/// Take the right to send: no other worker of this block did. Returns whether it is sent for
	/// the first time.
	fn claim(round: RoundIndex, key: &ProberId, step: Step) -> Result<bool, Skip> {
		let now = T::Clock::now();
		let mut first = true;
		let claimed = StorageValueRef::persistent(&report_key(round, key)).mutate(
			|stored: Result<Option<Local>, _>| {
				let mut local = stored.ok().flatten().ok_or(())?;
				let sent = local.sent_at(step);
				// A worker on a fork may run at a lower block than the one that sent.
				first = *sent == 0;
				if !first && now < sent.saturating_add(RESEND) {
					return Err(());
				}
				*sent = now.max(1);
				Ok(local)
			},
		);
		claimed.map(|_| first).map_err(|_| Skip::Sent)
	}

	fn submit(
		round: RoundIndex,
		key: &ProberId,
		step: Step,
		first: bool,
		call: Call<T>,
	) -> Result<(), Skip> {
		let xt = T::create_authorized_transaction(call.into());
		SubmitTransaction::<T, Call<T>>::submit_transaction(xt).map_err(|()| {
			// What was sent before is still in the pool, as a rule: that is why it does not take it
			// again.
			if !first {
				return Skip::Sent;
			}
			// Not sent, so the next block may try.
			let _ = StorageValueRef::persistent(&report_key(round, key)).mutate(
				|stored: Result<Option<Local>, _>| {
					let mut local = stored.ok().flatten().ok_or(())?;
					*local.sent_at(step) = 0;
					Ok::<Local, ()>(local)
				},
			);
			Skip::Pool
		})
	}

	fn send_commit(round: RoundIndex, key: &ProberId) -> Result<(), Skip> {
		let (index, Local { salt, report, .. }) = Self::local(round, key)?;
		if Reports::<T>::contains_key(round, index) {
			return Err(Skip::Sent);
		}
		let first = Self::claim(round, key, Step::Commit)?;
		let genesis = Self::genesis();
		let hash = commit_hash(genesis.as_ref(), round, key, &salt, &report);
		let payload = commit_payload(genesis.as_ref(), round, &hash);
		let signature = key.sign(&payload).ok_or(Skip::NoSignature)?;
		Self::submit(
			round,
			key,
			Step::Commit,
			first,
			Call::commit { round, index, hash, signature },
		)
	}

	fn send_reveal(round: RoundIndex, key: &ProberId) -> Result<(), Skip> {
		let (index, Local { salt, report, .. }) = Self::local(round, key)?;
		let hash = commit_hash(Self::genesis().as_ref(), round, key, &salt, &report);
		match Reports::<T>::get(round, index) {
			Some(Sent::Committed(committed)) if committed == hash => (),
			Some(Sent::Revealed(_)) => return Err(Skip::Sent),
			_ => return Err(Skip::NoReport),
		}
		let report = Report::try_from(report).map_err(|_| Skip::NoReport)?;
		let first = Self::claim(round, key, Step::Reveal)?;
		Self::submit(round, key, Step::Reveal, first, Call::reveal { round, index, salt, report })
	}

	/// Probe a round, unless that was begun already, and keep the report. Returns whether there is
	/// one now.
	fn probe(round: RoundIndex, key: &ProberId) -> bool {
		let Some(snapshot) = Snapshots::<T>::get(round) else { return false };
		let Some((_, prober)) = snapshot.find(key) else { return false };
		let Some(schedule) = Self::schedule(round) else { return false };
		if snapshot.services == 0 || !Self::begin_probing(round, key) {
			return false;
		}
		let due = DuePages::<T>::get(round);
		let targets = Self::targets(round, &due, prober);
		let asked: Vec<Target> = targets.iter().flatten().cloned().collect();
		let networks = Self::networks(&asked);
		log::debug!(target: LOG, "probing {} services in round {round}", asked.len());
		let mut findings =
			probe_round(&asked, &networks, &schedule, sp_io::offchain::random_seed()).into_iter();
		let report: Vec<u8> = targets
			.iter()
			.map(|target| {
				target
					.as_ref()
					.and_then(|_| findings.next())
					.unwrap_or(Finding::Abstained)
					.to_byte()
			})
			.collect();
		let local = Local {
			salt: sp_io::offchain::random_seed(),
			report,
			places: due.using_encoded(blake2_256),
			committed_at: 0,
			revealed_at: 0,
		};
		StorageValueRef::persistent(&report_key(round, key)).set(&local);
		true
	}

	/// True if this worker is the one that probes the round: the first that asks is.
	fn begin_probing(round: RoundIndex, key: &ProberId) -> bool {
		let kept: Result<Option<Local>, _> =
			StorageValueRef::persistent(&report_key(round, key)).get();
		if !matches!(kept, Ok(None)) {
			return false;
		}
		let lock = (PROBING_KEY, key).encode();
		StorageValueRef::persistent(&lock)
			.mutate(|begun: Result<Option<RoundIndex>, _>| match begun {
				Ok(Some(begun)) if begun == round => Err(()),
				_ => Ok(round),
			})
			.is_ok()
	}

	/// Times to probe at, counted from now; `None` if it is too late in the round.
	pub(crate) fn schedule(round: RoundIndex) -> Option<Schedule> {
		let slot = T::Clock::slot_ms();
		let length = slot.saturating_mul(u64::from(T::Clock::round_blocks()));
		let passed = T::Clock::now().saturating_sub(T::Clock::round_start(round));
		let passed = slot.saturating_mul(u64::from(passed));
		let share = |percent: u64| length.saturating_mul(percent).checked_div(100).unwrap_or(0);
		let left = share(DEADLINE).checked_sub(passed).filter(|left| *left > 0)?;
		let start = sp_io::offchain::timestamp();
		Some(Schedule {
			start,
			spread_ms: share(SPREAD).saturating_sub(passed),
			deadline: start.add(Duration::from_millis(left)),
			concurrency: CONCURRENCY,
		})
	}

	/// Services to ask, one entry per byte of the report; `None` where no service is (any more).
	fn targets(
		round: RoundIndex,
		due: &[Due],
		prober: &Prober<T::AccountId>,
	) -> Vec<Option<Target>> {
		let kept: Vec<Vec<u8>> =
			StorageValueRef::persistent(DENY_KEY).get().ok().flatten().unwrap_or_default();
		let denied = deny_list(&kept);
		let mut targets = Vec::new();
		for Due { page: id, mask } in due {
			let page = crate::Pages::<T>::get(id);
			for slot in bits(*mask) {
				let row = page
					.get(usize::from(slot))
					.and_then(Option::as_ref)
					.filter(|row| row.is_due(round));
				targets.push(
					row.and_then(|row| Self::target(round, id.is_hot(), row, prober, &denied)),
				);
			}
		}
		targets
	}

	pub(crate) fn target(
		round: RoundIndex,
		hot: bool,
		row: &Row<T::AccountId>,
		prober: &Prober<T::AccountId>,
		denied: &BTreeSet<Host>,
	) -> Option<Target> {
		let Service { operator, kind, endpoint, terms, .. } = T::Registry::service(row.service)?;
		let skip = if operator == prober.account {
			Some(Finding::Skipped)
		} else {
			is_denied(&endpoint, denied).then_some(Finding::Abstained)
		};
		// Control is proved before a service becomes active, again in the first round of every
		// window, and whenever the last verdict is bad: names can be pointed at a stranger's
		// address. Idle services take turns and may miss that round. A lease is on the server of a
		// service that proves it.
		let window = T::Clock::window_of(round);
		let bad = row.last.is_some_and(|(_, verdict)| verdict == Verdict::Bad);
		let turns = round == T::Clock::window_start(window) || (!hot && row.window != window);
		let proving = row.unproven || bad || turns;
		let proving = proving && lease_of_service(row.service).is_none();
		let proof = (T::Clock::proof_of_control() && proving).then(|| Proof {
			expected: operator.using_encoded(|operator| {
				endpoint::control_hash(Self::genesis().as_ref(), operator, row.service, &endpoint)
			}),
			pending: row.unproven,
		});
		Some(Target {
			service: row.service,
			genesis: hash_bytes(Self::genesis().as_ref()),
			kind,
			endpoint: endpoint.into_inner(),
			max_head_lag: terms.max_head_lag,
			skip,
			proof,
		})
	}

	/// The networks of the targets and all others, with this node's own anchors before the listed
	/// ones. Those that no target is of are there for their anchors: they tell whether this node is
	/// cut off.
	pub(crate) fn networks(targets: &[Target]) -> Vec<NetworkRef> {
		let of_targets = targets.iter().filter_map(|target| target.kind.network());
		let ids: BTreeSet<NetworkId> = of_targets.chain(T::Registry::networks()).collect();
		ids.into_iter()
			.filter_map(|id| {
				let network = T::Registry::network(id)?;
				let key = [ANCHORS_KEY, &network.name].concat();
				let mut anchors: Vec<Vec<u8>> =
					StorageValueRef::persistent(&key).get().ok().flatten().unwrap_or_default();
				for listed in network.anchors {
					let listed = listed.into_inner();
					if !anchors.contains(&listed) {
						anchors.push(listed);
					}
				}
				let own =
					network.own.then(|| OwnHead::new(T::Clock::now(), Self::block_hash_bytes));
				Some(NetworkRef { id, protocol: network.protocol, own, anchors })
			})
			.collect()
	}

	fn block_hash_bytes(block: u32) -> Option<[u8; 32]> {
		let hash = frame_system::Pallet::<T>::block_hash(
			frame_system::pallet_prelude::BlockNumberFor::<T>::from(block),
		);
		(hash != T::Hash::default()).then(|| hash_bytes(hash.as_ref()))
	}
}

fn hash_bytes(hash: &[u8]) -> [u8; 32] {
	hash.try_into().unwrap_or_default()
}

/// The local deny list as it is kept, each host in the one way that a URL's is written; what is no
/// host that a listing can have is left out.
pub(crate) fn deny_list(kept: &[Vec<u8>]) -> BTreeSet<Host> {
	kept.iter().filter_map(|host| endpoint::normalise(host).ok()).collect()
}

/// True if the deny list has the host of a URL or a name above it.
pub(crate) fn is_denied(url: &[u8], denied: &BTreeSet<Host>) -> bool {
	let Ok(target) = endpoint::target(url) else { return false };
	endpoint::lineage(&target.host).any(|host| denied.contains(&host))
}
