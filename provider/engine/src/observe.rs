// SPDX-License-Identifier: Apache-2.0

//! Observation of all containers, those of an earlier run of the agent included: by labels, not by
//! what the agent remembers.

use crate::{
	ContainerEngine, EngineError, LeaseId, Observed, State,
	engine::now_ms,
	lifecycle::wanted,
	oom,
	plan::{self, AGENT, LEASE},
	state::{self, Host},
	verify,
	volume::Volume,
	wire::{Image, Info, Inspected, Libpod, Listed},
};
use futures::{StreamExt, stream};
use http::Method;
use std::{collections::BTreeMap, fs};
use tokio::net::UnixStream;

/// Containers that are inspected at a time.
const PARALLEL: usize = 8;

impl ContainerEngine {
	/// Observe all leases.
	pub(crate) async fn look(&self) -> Result<Vec<Observed>, EngineError> {
		let under_way = self.under_way();
		let records = self.records.all();
		let all: Vec<Listed> =
			self.client.docker(Method::GET, "/containers/json?all=1", None::<&()>).await?;
		let protected = self.protect().await;
		let host = self.host().await;
		let mut found = BTreeMap::new();
		for listed in all {
			// Filters by label are not the same in all engines.
			if listed.labels.get(AGENT) != Some(&self.settings.name) {
				continue;
			}
			let Some(lease) = listed.labels.get(LEASE).and_then(|text| text.parse().ok()) else {
				continue;
			};
			found.insert(lease, listed.id);
		}
		let looks = found.into_iter().map(|(lease, id)| {
			let (host, protected) = (&host, &protected);
			async move {
				let got = self.inspect(&id).await;
				(lease, self.describe(lease, got, host, protected).await)
			}
		});
		let looks: Vec<(LeaseId, Result<Observed, EngineError>)> =
			stream::iter(looks).buffer_unordered(PARALLEL).collect().await;
		// One container about which the engine is silent says something of the container; silence
		// about all of them says that nothing is known.
		if !looks.is_empty() && looks.iter().all(|(_, look)| look.is_err()) {
			return Err(looks
				.into_iter()
				.find_map(|(_, look)| look.err())
				.unwrap_or_else(|| EngineError::Unavailable("no answer".into())));
		}
		let mut all: BTreeMap<LeaseId, Observed> = BTreeMap::new();
		for (lease, look) in looks {
			let observed = look.unwrap_or_else(|e| {
				let reason = format!("the engine is silent about this container: {e}");
				self.empty(lease, State::Failed { reason })
			});
			all.insert(lease, observed);
		}
		for lease in records.keys().chain(&under_way) {
			all.entry(*lease).or_insert_with(|| self.empty(*lease, State::Absent));
		}
		for (lease, observed) in &mut all {
			if observed.state == State::Absent && under_way.contains(lease) {
				observed.state = State::Starting;
			}
		}
		Ok(all.into_values().collect())
	}

	fn empty(&self, lease: LeaseId, state: State) -> Observed {
		Observed {
			lease,
			state,
			digest: None,
			ports: self.ports(lease),
			missing: Vec::new(),
			at_ms: now_ms(),
		}
	}

	/// Observation of one lease whose container was just inspected.
	pub(crate) async fn report(
		&self,
		lease: LeaseId,
		got: Option<&Inspected>,
	) -> Result<Observed, EngineError> {
		let host = self.host().await;
		let protected = self.protect().await;
		self.describe(lease, Ok(got.cloned()), &host, &protected).await
	}

	async fn describe(
		&self,
		lease: LeaseId,
		got: Result<Option<Inspected>, EngineError>,
		host: &Host,
		protected: &Result<(), EngineError>,
	) -> Result<Observed, EngineError> {
		let Some(got) = got? else { return Ok(self.empty(lease, State::Absent)) };
		let record = self.records.get(lease);
		let death = match state::may_be_out_of_memory(&got.state) {
			true => oom::death(&got.id).await,
			false => None,
		};
		let state = state::judge(&got.state, record.as_ref(), host, death);
		let mut observed = self.empty(lease, state);
		let Some(want) = wanted(&got) else {
			observed.missing.push("label of this agent".into());
			return Ok(observed);
		};
		observed.ports = want.ports.clone();
		let proven = self.proves(&got.image, &want.digest).await?;
		observed.digest = proven.then(|| want.digest.clone());
		if observed.state != State::Running {
			return Ok(observed);
		}
		let name = plan::name(&self.settings, lease);
		let missing = &mut observed.missing;
		if !proven {
			missing.push("image by its digest".into());
		}
		missing.extend(verify::described(&want, &got, &name));
		let volume = Volume::new(&self.records.dir(lease));
		missing.extend(verify::real(&want, &got, &name, &volume));
		if want.runtime.is_some() {
			missing.extend(verify::runtime_gap(&want, &self.runtime(&got).await?));
		}
		if !want.gpus.is_empty() && want.gpu_class != self.settings.gpu_class {
			missing.push("GPUs of the class".into());
		}
		if let Err(e) = protected {
			missing.push(format!("firewall ({e})"));
		}
		let rates = self.firewall.applied().map(|rules| rules.rates).unwrap_or_default();
		if rates.get(&name) != Some(&want.resources.bandwidth_mbps) {
			missing.push("bandwidth".into());
		}
		missing.sort();
		missing.dedup();
		Ok(observed)
	}

	/// Runtime of a container. Podman's Docker API says `oci` for every one; libpod's names it.
	async fn runtime(&self, got: &Inspected) -> Result<String, EngineError> {
		if !self.client.identity().await?.podman {
			return Ok(got.host_config.runtime.clone());
		}
		let path = format!("/containers/{}/json", got.id);
		let container: Libpod = self.client.libpod(Method::GET, &path, None::<&()>).await?;
		Ok(container.runtime)
	}

	/// True if an image has a digest. Asked once per image: its id is the hash of its content.
	async fn proves(&self, id: &str, digest: &str) -> Result<bool, EngineError> {
		if self.proven.lock().get(id).is_some_and(|known| known.contains(digest)) {
			return Ok(true);
		}
		let path = format!("/images/{id}/json");
		let image: Image = match self.client.docker(Method::GET, &path, None::<&()>).await {
			Ok(image) => image,
			Err(failure) if failure.is_absent() => return Ok(false),
			Err(failure) => return Err(failure.into()),
		};
		let good = verify::proves(&image, digest);
		if good {
			self.proven.lock().entry(id.into()).or_default().insert(digest.into());
		}
		Ok(good)
	}

	/// Facts of the host on which the judgement of an end depends.
	async fn host(&self) -> Host {
		let mut host = Host { boot: state::boot(), engine_start: None };
		let Ok(identity) = self.client.identity().await else { return host };
		if identity.podman {
			return host;
		}
		let info: Result<Info, _> = self.client.docker(Method::GET, "/info", None::<&()>).await;
		if info.is_ok_and(|info| !info.live_restore_enabled) {
			host.engine_start = self.engine_start().await;
		}
		host
	}

	/// Start of the process behind the socket, in seconds since the epoch.
	async fn engine_start(&self) -> Option<i64> {
		let stream = UnixStream::connect(self.client.socket()).await.ok()?;
		let pid = match stream.peer_cred().ok()?.pid()? {
			// systemd listens for the engine.
			1 => fs::read_to_string("/run/docker.pid").ok()?.trim().parse().ok()?,
			pid => pid,
		};
		let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
		// The name before the parenthesis may hold spaces; the start is the 20th word behind it.
		let ticks: i64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
		let boot = fs::read_to_string("/proc/stat").ok()?;
		let boot: i64 =
			boot.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
		// USER_HZ is 100 on all platforms of Linux that engines run on.
		boot.checked_add(ticks.checked_div(100)?)
	}
}
