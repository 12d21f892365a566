// SPDX-License-Identifier: Apache-2.0

//! Services that requests can go to, and groups of them that serve the same.

use crate::{
	routing::{
		Account, Budget, Candidate, ChoiceSettings, CoverRates, Latencies, LoadClass, Needs,
		NoChoice, Random, Reason, ServiceState, choose,
	},
	upstream::Endpoint,
};
use arc_swap::ArcSwap;
use http::{HeaderName, HeaderValue};
use serde_json::Value;
use std::{
	collections::HashMap,
	sync::{
		Arc,
		atomic::{AtomicU64, Ordering},
	},
	time::{Duration, Instant},
};
use surety_primitives::{AgreementId, ServiceId};

/// Use of a service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Serves {
	/// JSON-RPC of a network.
	Network(String),
	/// OpenAI's API for a model.
	Model(String),
	/// Any HTTP, under `/service/ID` only.
	Http,
}

/// Service as the chain or the configuration describes it, with our agreement.
#[derive(Clone, Debug)]
pub struct UpstreamSpec {
	/// Service. Services of the configuration have numbers that no service of the chain has, and
	/// that nobody sees.
	pub service: ServiceId,
	/// True for a service of the configuration, which is known by its operator's name.
	pub configured: bool,
	/// Account of the operator's bond.
	pub account: Account,
	/// Name of the operator.
	pub operator: String,
	/// Endpoint.
	pub endpoint: Endpoint,
	/// Use.
	pub serves: Serves,
	/// Agreements that pay for requests, in proportion to their units.
	pub agreements: Vec<Agreement>,
	/// Further headers of each request.
	pub headers: Vec<(HeaderName, HeaderValue)>,
	/// Price of a unit, relative to the others.
	pub price: f64,
	/// Score, from 0 to 1.
	pub score: f64,
	/// True if the service is in a region that is wanted, or all are.
	pub near: bool,
	/// True if the chain calls the service discrepant.
	pub discrepant: bool,
	/// Most blocks that the service may be behind the served head.
	pub max_lag: u64,
	/// Latency that the terms promise.
	pub max_latency: Duration,
	/// Rates that the units allow.
	pub rates: CoverRates,
	/// True if the endpoint may be of a private address: the owner of this process chose it.
	pub private: bool,
}

/// Agreement that pays for requests.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Agreement {
	/// Id on chain.
	pub id: AgreementId,
	/// Units, at least 1.
	pub units: u32,
	/// Token, sent as `X-Surety-Token`.
	pub token: Option<HeaderValue>,
}

/// All services, and what to buy where there is none.
#[derive(Clone, Debug, Default)]
pub struct Upstreams {
	/// Services.
	pub services: Vec<UpstreamSpec>,
	/// By network or model: service, price and call that would open an agreement. Shown with
	/// status 402.
	pub offers: HashMap<String, Value>,
}

/// Service with its measurements.
#[derive(Debug)]
pub struct Member {
	/// Description.
	pub spec: UpstreamSpec,
	/// Measurements.
	pub state: Arc<ServiceState>,
	/// Name of the operator, for the answer's headers.
	pub(super) operator_header: HeaderValue,
	/// Id of the service on chain, or the configured name, for the answer's headers.
	pub(super) service_header: HeaderValue,
	/// Weight of all requests so far, by which agreements take turns.
	turn: AtomicU64,
}

/// Weight of the requests in a row that one unit pays for: far below the burst of a unit.
const TURN: u64 = 10;

impl Member {
	pub(super) fn new(spec: UpstreamSpec, state: Arc<ServiceState>) -> Self {
		let printable: String =
			spec.operator.chars().filter(char::is_ascii_graphic).take(64).collect();
		let operator_header = HeaderValue::try_from(printable)
			.unwrap_or_else(|_| HeaderValue::from_static("unnamed"));
		let service_header = match spec.configured {
			true => operator_header.clone(),
			false => HeaderValue::from(spec.service),
		};
		Self { spec, state, operator_header, service_header, turn: AtomicU64::new(0) }
	}

	/// Id of the service on chain, or the configured name.
	pub fn label(&self) -> &str {
		self.service_header.to_str().unwrap_or_default()
	}

	/// Agreement that pays for the next request. Each has its turn, as long as its units are many.
	pub fn next_agreement(&self, weight: u32) -> Option<&Agreement> {
		let agreements = self.spec.agreements.as_slice();
		let (first, others) = agreements.split_first()?;
		if others.is_empty() {
			return Some(first);
		}
		let turns = |one: &Agreement| TURN.saturating_mul(one.units.max(1).into());
		let all = agreements.iter().fold(0u64, |sum, one| sum.saturating_add(turns(one)));
		let before = self.turn.fetch_add(weight.into(), Ordering::Relaxed);
		let mut left = before.checked_rem(all).unwrap_or(0);
		for one in agreements {
			match left.checked_sub(turns(one)) {
				None => return Some(one),
				Some(rest) => left = rest,
			}
		}
		Some(first)
	}

	fn candidate(&self) -> Candidate {
		Candidate {
			account: self.spec.account,
			price: self.spec.price,
			score: self.spec.score,
			near: self.spec.near,
			discrepant: self.spec.discrepant,
			max_lag: self.spec.max_lag,
			state: Arc::clone(&self.state),
		}
	}
}

/// Members of a group at one time.
#[derive(Debug, Default)]
pub struct Members {
	/// Services.
	pub all: Vec<Arc<Member>>,
	candidates: Vec<Candidate>,
	/// Number of different operators.
	pub operators: usize,
}

impl Members {
	pub(super) fn new(all: Vec<Arc<Member>>) -> Self {
		let candidates: Vec<Candidate> = all.iter().map(|member| member.candidate()).collect();
		let mut accounts: Vec<Account> =
			candidates.iter().map(|candidate| candidate.account).collect();
		accounts.sort_unstable();
		accounts.dedup();
		Self { all, candidates, operators: accounts.len() }
	}
}

/// Service chosen for a request.
#[derive(Clone, Debug)]
pub struct Chosen {
	/// Service.
	pub member: Arc<Member>,
	/// Reason.
	pub reason: Reason,
	/// Service that gets a copy.
	pub mirror: Option<Arc<Member>>,
}

/// Services that serve the same, and the budgets of requests beyond the callers' own.
#[derive(Debug)]
pub struct Group {
	members: ArcSwap<Members>,
	latencies: [Latencies; 4],
	/// Allowance of retries.
	pub(super) retries: Budget,
	/// Allowance of hedges.
	pub(super) hedges: Budget,
	/// Allowance of mirrored and compared requests.
	pub(super) mirrors: Budget,
}

/// Retries that are always possible in a short time: those that were under way at an operator that
/// dies.
const RETRY_RESERVE: f64 = 500.0;
/// Hedges, and mirrored requests, that may be saved up.
const EXTRA_RESERVE: f64 = 20.0;

impl Group {
	pub(super) fn new(settings: &super::GatewaySettings) -> Self {
		Self {
			members: ArcSwap::default(),
			latencies: Default::default(),
			retries: Budget::new(settings.retry_share, 10.0, RETRY_RESERVE),
			hedges: Budget::new(settings.hedge.share, 0.0, EXTRA_RESERVE),
			mirrors: Budget::new(settings.mirror_share, 1.0, EXTRA_RESERVE),
		}
	}

	/// Members at this time.
	pub fn members(&self) -> Arc<Members> {
		self.members.load_full()
	}

	pub(super) fn set_members(&self, members: Members) {
		self.members.store(Arc::new(members));
	}

	/// Latencies of answers of a class.
	pub(super) fn latencies(&self, class: LoadClass) -> &Latencies {
		let [light, medium, heavy, write] = &self.latencies;
		match class {
			LoadClass::Light => light,
			LoadClass::Medium => medium,
			LoadClass::Heavy => heavy,
			LoadClass::Write => write,
		}
	}

	/// Choose a service. `sticky` is preferred.
	pub(super) fn choose(
		&self,
		needs: &Needs<'_>,
		sticky: Option<ServiceId>,
		settings: &ChoiceSettings,
		random: &Random,
		now: Instant,
	) -> Result<Chosen, NoChoice> {
		let members = self.members.load();
		let sticky =
			sticky.and_then(|id| members.all.iter().position(|member| member.spec.service == id));
		let needs = Needs { sticky, ..*needs };
		let choice = choose(&members.candidates, &needs, settings, random, now)?;
		let get = |index: usize| members.all.get(index).cloned();
		let member = get(choice.index).ok_or(NoChoice::None)?;
		Ok(Chosen { member, reason: choice.reason, mirror: choice.mirror.and_then(get) })
	}
}
