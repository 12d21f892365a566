// SPDX-License-Identifier: Apache-2.0

//! The role `edge` as a process.

mod market;
mod rights;
mod settings;
mod status;
mod usage;

use super::{
	clock::RoleClock,
	control::{ControlThread, next_round},
	failure, make_directory,
	parties::{Parties, PartyBook},
	statements::{ReportWay, Statements},
};
use crate::{
	chain::Chain,
	config::{ConfigError, EdgeConfig},
	edge::{Edge, EdgeMarket, OwnKeysOnly, Rights},
	roles::background::{Background, StartError},
	usage::answer_exchanges,
};
use arc_swap::ArcSwap;
use rights::ChainRights;
use status::EdgeStatus;
use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};
use surety_primitives::{LatencyBucket, usage::Side};
use usage::EdgeUsage;

/// Time after which the market is looked at again without a new snapshot.
const AGAIN: Duration = Duration::from_secs(30);

/// Edge that serves.
pub struct EdgeRole {
	// In the order of their end.
	edge: Edge,
	control: ControlThread,
	statements: Arc<Statements>,
	background: Background,
	grace: Duration,
}

impl EdgeRole {
	/// Start an edge.
	///
	/// Errors: [`StartError`]. Nothing runs on after an error.
	pub fn start(config: &EdgeConfig) -> Result<Self, StartError> {
		Self::start_with(config, Some(config.control()))
	}

	/// Start an edge within another process, which shows its [pages](Background::pages). It has no
	/// control listener.
	///
	/// Errors: [`StartError`]. Nothing runs on after an error.
	pub fn embed(config: &EdgeConfig) -> Result<Self, StartError> {
		Self::start_with(config, None)
	}

	fn start_with(config: &EdgeConfig, control: Option<SocketAddr>) -> Result<Self, StartError> {
		make_directory(&config.data)?;
		let settings = settings::settings(config)?;
		// URLs are checked here, so that a market never fails for their sake.
		let market = Arc::new(ArcSwap::from_pointee(market::market(config, None)?));
		let background = Background::of_edge(config, control)?;
		let operator = config.operator.account.clone();
		let operator =
			operator.or_else(|| background.reporter.as_ref().map(|key| key.account().clone()));
		let configured: HashMap<_, _> = config
			.agreements
			.iter()
			.map(|one| (one.id, Parties::configured(one.tenant.clone(), operator.clone())))
			.collect();
		let parties = PartyBook::new(configured, background.reporters.clone());
		let statements = Statements::new(
			&config.usage,
			Side::Operator,
			&config.data,
			background.reporter.clone(),
			RoleClock::new(background.chain.as_ref()),
			parties,
		);
		let usage = EdgeUsage::new(
			Arc::clone(&statements),
			Arc::clone(&market),
			Arc::clone(&background.metrics),
		);
		let chain = background.chain.clone().zip(background.reporters.clone());
		let rights: Arc<dyn Rights> = match chain {
			Some((chain, reporters)) => Arc::new(ChainRights::new(chain, reporters)),
			None => Arc::new(OwnKeysOnly),
		};
		let edge = Edge::start(settings, Arc::clone(&market), rights, usage.clone())
			.map_err(StartError::Front)?;
		let following = Following {
			config: config.clone(),
			chain: background.chain.clone(),
			market: Arc::clone(&market),
			statements: Arc::clone(&statements),
			usage: Arc::clone(&usage),
			reports: ReportWay::of(&background),
		};
		let control =
			ControlThread::start(move || following.run()).map_err(failure("control thread"))?;
		background.set_role(Arc::new(EdgeStatus {
			front: edge.front_counts(),
			counts: Arc::clone(edge.counts()),
			address: edge.local_addr(),
			market,
			statements: Arc::clone(&statements),
			usage,
			subscriptions: edge.subscriptions().clone(),
		}));
		let grace = Duration::from_secs(config.front.shutdown_secs);
		Ok(Self { edge, control, statements, background, grace })
	}

	/// Address of the public listener.
	pub fn local_addr(&self) -> SocketAddr {
		self.edge.local_addr()
	}

	/// Background with the control listener.
	pub fn background(&self) -> &Background {
		&self.background
	}

	/// Load changed certificates.
	pub fn reload(&self) {
		if let Err(error) = self.edge.reload() {
			tracing::error!(%error, "the certificate in use stays");
		}
	}

	/// Let requests in progress end, sign and store what is left. Blocks.
	pub fn stop(self) {
		if !self.edge.shutdown(self.grace) {
			tracing::warn!("requests were still in progress at the end");
		}
		drop(self.control);
		self.statements.finish();
	}
}

/// Task that follows the market.
struct Following {
	config: EdgeConfig,
	chain: Option<Arc<Chain>>,
	market: Arc<ArcSwap<EdgeMarket>>,
	statements: Arc<Statements>,
	usage: Arc<EdgeUsage>,
	reports: ReportWay,
}

impl Following {
	async fn run(self) {
		let mut rounds = self.chain.as_ref().map(|chain| chain.rounds());
		loop {
			if let Err(error) = self.follow() {
				tracing::error!(%error, "the market in use stays");
			}
			if !next_round(&mut rounds, AGAIN).await {
				return;
			}
		}
	}

	/// Take over the last snapshot. Agreements are counted before they are served.
	fn follow(&self) -> Result<(), ConfigError> {
		let snapshot = self.chain.as_ref().and_then(|chain| chain.market());
		let market = market::market(&self.config, snapshot.as_deref())?;
		if let Some(snapshot) = &snapshot {
			self.statements.parties().follow(snapshot);
		}
		if let Some(ledger) = market.genesis.and_then(|genesis| self.statements.open(genesis)) {
			let exchanges = self.usage.connect();
			let clock = self.statements.clock().clone();
			tokio::task::spawn_local(answer_exchanges(Arc::clone(&ledger), clock, exchanges));
			self.statements.spawn_tasks(&ledger, &self.reports);
		}
		let active = market.agreements().filter(|agreement| agreement.active);
		self.statements.set_agreements(active.map(|agreement| {
			let service = market.service(agreement.service);
			(agreement.id, service.map_or(LatencyBucket::MAX, |service| service.max_latency))
		}));
		self.market.store(Arc::new(market));
		Ok(())
	}
}
