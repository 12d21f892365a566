// SPDX-License-Identifier: Apache-2.0

//! Engine in this process: containers are entries of a map.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use surety_engine::{
	Access, Answer, Capacity, Engine, EngineError, ImageFacts, LeaseId, LogQuery, LogStream, Login,
	Observed, Resources, Shell, Spec, State, Usage,
};

/// The engine. It outlives agents, as a real one does.
#[derive(Default)]
pub struct LocalEngine {
	/// Containers: specification, state, starts.
	pub containers: Mutex<BTreeMap<LeaseId, (Spec, State, u32)>>,
}

impl LocalEngine {
	fn observed(spec: &Spec, state: &State) -> Observed {
		Observed {
			lease: spec.lease,
			state: state.clone(),
			digest: Some("sha256:live".into()),
			ports: spec.ports.iter().map(|port| (*port, 30_000 + port.number)).collect(),
			missing: Vec::new(),
			at_ms: 0,
		}
	}

	fn facts(image: &str) -> Result<ImageFacts, EngineError> {
		if image.contains("missing") {
			return Err(EngineError::Image("manifest unknown".into()));
		}
		let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
		let platform = format!("linux/{arch}");
		Ok(ImageFacts { digest: "sha256:live".into(), bytes: 70 << 20, platform })
	}

	/// Let the application of a lease exit.
	pub fn exit(&self, lease: LeaseId, code: i64) {
		if let Some((_, state, _)) = self.containers.lock().get_mut(&lease) {
			*state = State::Exited { code, out_of_memory: false };
		}
	}

	/// Number of starts of a container that is here.
	pub fn starts(&self, lease: LeaseId) -> Option<u32> {
		self.containers.lock().get(&lease).map(|(.., starts)| *starts)
	}
}

impl Engine for LocalEngine {
	async fn observe(&self) -> Result<Vec<Observed>, EngineError> {
		let containers = self.containers.lock();
		Ok(containers.values().map(|(spec, state, _)| Self::observed(spec, state)).collect())
	}
	async fn inspect_image(
		&self,
		image: &str,
		_: Option<&Login>,
	) -> Result<ImageFacts, EngineError> {
		Self::facts(image)
	}
	async fn fetch(&self, spec: &Spec, _: u64) -> Result<ImageFacts, EngineError> {
		Self::facts(&spec.image)
	}
	async fn start(&self, spec: &Spec) -> Result<Observed, EngineError> {
		let mut containers = self.containers.lock();
		let entry = containers.entry(spec.lease).or_insert((spec.clone(), State::Absent, 0));
		if entry.1 != State::Running {
			(entry.1, entry.2) = (State::Running, entry.2 + 1);
		}
		Ok(Self::observed(spec, &State::Running))
	}
	async fn stop(&self, lease: LeaseId) -> Result<(), EngineError> {
		self.exit(lease, 137);
		Ok(())
	}
	async fn remove(&self, lease: LeaseId) -> Result<(), EngineError> {
		self.containers.lock().remove(&lease);
		Ok(())
	}
	async fn capacity(&self) -> Result<Capacity, EngineError> {
		let total = Resources {
			cpu_milli: 8_000,
			memory_mib: 16_384,
			storage_gib: 100,
			bandwidth_mbps: 1_000,
			gpus: 0,
		};
		let engine = "in this process".into();
		Ok(Capacity { total, engine, address: None, unenforced: Vec::new() })
	}
}

fn nothing<T: Send + 'static>() -> Answer<'static, T> {
	Box::pin(async { Err(EngineError::Refused("a container in this process has none".into())) })
}

impl Access for LocalEngine {
	fn logs(&self, _: LeaseId, _: LogQuery) -> Answer<'_, LogStream> {
		nothing()
	}
	fn shell<'a>(&'a self, _: LeaseId, _: &'a [String], _: bool) -> Answer<'a, Shell> {
		nothing()
	}
	fn resize<'a>(&'a self, _: &'a str, _: u16, _: u16) -> Answer<'a, ()> {
		nothing()
	}
	fn exit_code<'a>(&'a self, _: &'a str) -> Answer<'a, Option<i64>> {
		nothing()
	}
	fn end_shell<'a>(&'a self, _: &'a str) -> Answer<'a, ()> {
		nothing()
	}
	fn usage(&self, _: LeaseId) -> Answer<'_, Usage> {
		nothing()
	}
	fn restart(&self, _: LeaseId) -> Answer<'_, Observed> {
		nothing()
	}
}
