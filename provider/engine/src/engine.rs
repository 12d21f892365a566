// SPDX-License-Identifier: Apache-2.0

//! The engine of an agent: state that its methods share.

use crate::{
	Capacity, Engine, EngineError, ImageFacts, LeaseId, Login, Observed, Port, Reference, Settings,
	Spec,
	cidr::forbidden,
	client::Client,
	firewall::{Firewall, Rules},
	images,
	plan::{self, name},
	record::{Records, private_dir},
	registry::Registries,
	wire::Inspected,
};
use http::Method;
use parking_lot::Mutex;
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::Arc,
	time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{sync::OwnedMutexGuard, time::timeout};

/// Container engine over its Docker API, podman or dockerd.
pub struct ContainerEngine {
	pub(crate) settings: Settings,
	pub(crate) client: Client,
	pub(crate) registries: Registries,
	pub(crate) records: Records,
	pub(crate) firewall: Firewall,
	/// Digests that images have, by their content id, which never changes its meaning.
	pub(crate) proven: Mutex<BTreeMap<String, BTreeSet<String>>>,
	locks: Mutex<BTreeMap<LeaseId, Arc<tokio::sync::Mutex<()>>>>,
	/// Number of fetches and starts under way by lease.
	busy: Mutex<BTreeMap<LeaseId, usize>>,
}

/// Mark of a lease on which the engine works.
pub(crate) struct Busy<'a> {
	engine: &'a ContainerEngine,
	lease: LeaseId,
}

impl Drop for Busy<'_> {
	fn drop(&mut self) {
		let mut busy = self.engine.busy.lock();
		let left = busy.get(&self.lease).copied().unwrap_or(0).saturating_sub(1);
		match left {
			0 => busy.remove(&self.lease),
			left => busy.insert(self.lease, left),
		};
	}
}

impl ContainerEngine {
	/// Engine with the records of an earlier run. The socket is not touched.
	pub fn open(settings: Settings) -> Result<Self, EngineError> {
		settings.validate().map_err(EngineError::Refused)?;
		private_dir(&settings.data_dir)?;
		let timeouts = &settings.timeouts;
		// A stop is answered after the container's grace.
		let time = Duration::from_secs(timeouts.request.saturating_add(timeouts.stop.into()));
		Ok(Self {
			client: Client::new(settings.socket.clone(), time),
			registries: Registries::new(&settings)?,
			records: Records::open(&settings.data_dir)?,
			firewall: Firewall::new(),
			proven: Mutex::new(BTreeMap::new()),
			locks: Mutex::new(BTreeMap::new()),
			busy: Mutex::new(BTreeMap::new()),
			settings,
		})
	}

	/// Settings.
	pub fn settings(&self) -> &Settings {
		&self.settings
	}

	/// Host ports of a lease by container port, also while it does not run.
	pub fn ports(&self, lease: LeaseId) -> BTreeMap<Port, u16> {
		self.records.get(lease).map(|record| record.ports).unwrap_or_default()
	}

	/// Put the firewall into the kernel, or find it there. Done by every start and observation too.
	pub async fn protect(&self) -> Result<(), EngineError> {
		self.firewall.ensure(&self.rules()).await
	}

	/// Rules for all leases.
	pub(crate) fn rules(&self) -> Rules {
		let settings = &self.settings;
		let mut rules = Rules::new(&settings.name, format!("{}-*", settings.name));
		rules.forbidden = forbidden(&settings.forbidden);
		rules.forbidden_ports = settings.forbidden_ports.clone();
		rules.resolvers = settings.resolvers();
		rules.host_dns = true;
		rules.published = true;
		rules.rates = self
			.records
			.all()
			.into_iter()
			.filter(|(_, record)| record.bandwidth_mbps > 0)
			.map(|(lease, record)| (name(settings, lease), record.bandwidth_mbps))
			.collect();
		rules
	}

	/// Mark a lease as worked on.
	pub(crate) fn busy(&self, lease: LeaseId) -> Busy<'_> {
		let mut busy = self.busy.lock();
		let count = busy.entry(lease).or_default();
		*count = count.saturating_add(1);
		Busy { engine: self, lease }
	}

	/// Leases that are worked on.
	pub(crate) fn under_way(&self) -> BTreeSet<LeaseId> {
		self.busy.lock().keys().copied().collect()
	}

	/// Turn of a lease: one change of it at a time.
	pub(crate) async fn turn(&self, lease: LeaseId) -> Result<OwnedMutexGuard<()>, EngineError> {
		let lock = self.locks.lock().entry(lease).or_default().clone();
		let time = Duration::from_secs(self.settings.timeouts.request);
		timeout(time, lock.lock_owned()).await.map_err(|_| {
			EngineError::Unavailable(format!("lease {lease}: another change of it is under way"))
		})
	}

	/// Forget the lock of a lease that is gone.
	pub(crate) fn forget(&self, lease: LeaseId) {
		self.locks.lock().remove(&lease);
	}

	/// Container of a lease, or none.
	pub(crate) async fn inspect(&self, name: &str) -> Result<Option<Inspected>, EngineError> {
		let path = format!("/containers/{name}/json");
		match self.client.docker(Method::GET, &path, None::<&()>).await {
			Ok(inspected) => Ok(Some(inspected)),
			Err(failure) if failure.is_absent() => Ok(None),
			Err(failure) => Err(failure.into()),
		}
	}
}

/// Milliseconds since the epoch.
pub(crate) fn now_ms() -> u64 {
	let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
	u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Engine for ContainerEngine {
	async fn observe(&self) -> Result<Vec<Observed>, EngineError> {
		self.look().await
	}

	async fn inspect_image(
		&self,
		image: &str,
		login: Option<&Login>,
	) -> Result<ImageFacts, EngineError> {
		let reference: Reference = image.parse()?;
		Ok(self.registries.describe(&reference, login).await?.facts)
	}

	async fn fetch(&self, spec: &Spec, max_bytes: u64) -> Result<ImageFacts, EngineError> {
		plan::check(spec)?;
		let _busy = self.busy(spec.lease);
		let (facts, fetched) =
			images::fetch(&self.client, &self.registries, &self.settings, spec, max_bytes).await?;
		self.records.change(spec.lease, |record| record.image = Some(fetched))?;
		Ok(facts)
	}

	async fn start(&self, spec: &Spec) -> Result<Observed, EngineError> {
		plan::check(spec)?;
		let _turn = self.turn(spec.lease).await?;
		let _busy = self.busy(spec.lease);
		self.bring_up(spec).await
	}

	async fn stop(&self, lease: LeaseId) -> Result<(), EngineError> {
		let _turn = self.turn(lease).await?;
		self.halt(lease).await
	}

	async fn remove(&self, lease: LeaseId) -> Result<(), EngineError> {
		let _turn = self.turn(lease).await?;
		self.take_down(lease).await?;
		self.forget(lease);
		Ok(())
	}

	async fn capacity(&self) -> Result<Capacity, EngineError> {
		self.measure().await
	}
}
