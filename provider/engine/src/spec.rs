// SPDX-License-Identifier: Apache-2.0

//! Contract between the agent and a container engine.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, future::Future, net::IpAddr};

/// Id of a lease on chain. One lease is one container.
pub type LeaseId = u32;

/// Container of a lease as it should be.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Spec {
	/// The lease.
	pub lease: LeaseId,
	/// Image by name, such as `docker.io/library/nginx:1.27` or `registry.example/app@sha256:..`.
	pub image: String,
	/// Login at the image's registry.
	pub login: Option<Login>,
	/// Entry point and arguments. Those of the image if empty.
	pub command: Vec<String>,
	/// Arguments. Those of the image if empty.
	pub args: Vec<String>,
	/// Environment.
	pub env: BTreeMap<String, String>,
	/// Files by absolute path in the container.
	pub files: BTreeMap<String, Vec<u8>>,
	/// Bounds of what it uses.
	pub resources: Resources,
	/// Ports of the container that the host publishes.
	pub ports: Vec<u16>,
}

/// Login at a registry.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct Login {
	/// User.
	pub user: String,
	/// Password or token.
	pub password: String,
}

impl fmt::Debug for Login {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "Login({})", self.user)
	}
}

/// Bounds of a container.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Resources {
	/// Thousandths of a CPU.
	pub cpu_milli: u32,
	/// Memory in MiB, without swap.
	pub memory_mib: u32,
	/// Disk that it may write, in GiB.
	pub storage_gib: u32,
	/// Bandwidth in Mbit/s in each direction; 0 for the default of the agent.
	pub bandwidth_mbps: u32,
	/// Number of GPUs.
	pub gpus: u16,
}

/// State of a lease's container, as the engine reports it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
	/// The engine was asked and has no such container.
	Absent,
	/// The image is being fetched, or the container is being created.
	Starting,
	/// It runs, and everything of the specification was applied.
	Running,
	/// It ended by itself: by the application's exit or by its own use of memory.
	Exited {
		/// Exit code.
		code: i64,
		/// True if the kernel ended it for want of its own memory.
		out_of_memory: bool,
	},
	/// The operator's side failed: engine, image or host.
	Failed {
		/// Reason, for the operator's log.
		reason: String,
	},
}

/// Observation of a container. Without an answer of the engine there is none: unknown is not
/// [`State::Absent`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Observed {
	/// The lease.
	pub lease: LeaseId,
	/// State.
	pub state: State,
	/// Digest of the image that runs.
	pub digest: Option<String>,
	/// Host ports by container port.
	pub ports: BTreeMap<u16, u16>,
	/// Parts of the specification that the engine did not apply. Not empty means not ready.
	pub missing: Vec<String>,
	/// Milliseconds since the Unix epoch at which the engine answered.
	pub at_ms: u64,
}

/// Size and platform of an image, known before it is fetched.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ImageFacts {
	/// Digest of the manifest for this platform.
	pub digest: String,
	/// Compressed bytes of all layers.
	pub bytes: u64,
	/// Platform, such as `linux/amd64`.
	pub platform: String,
}

/// Error of an engine or of a registry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum EngineError {
	/// No answer in time, or no connection. Nothing is known.
	Unavailable(String),
	/// The image cannot be had or may not be run: not found, no access, wrong platform, too large,
	/// another digest.
	Image(String),
	/// The engine refused.
	Refused(String),
}

impl fmt::Display for EngineError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Unavailable(reason) => write!(f, "the engine does not answer: {reason}"),
			Self::Image(reason) => write!(f, "image: {reason}"),
			Self::Refused(reason) => write!(f, "the engine refused: {reason}"),
		}
	}
}

impl std::error::Error for EngineError {}

/// Container engine. Every method ends in bounded time and may be repeated.
pub trait Engine: Send + Sync + 'static {
	/// Containers of all leases, those of an earlier run of the agent included.
	fn observe(&self) -> impl Future<Output = Result<Vec<Observed>, EngineError>> + Send;
	/// Look at an image without fetching its layers.
	fn inspect_image(
		&self,
		image: &str,
		login: Option<&Login>,
	) -> impl Future<Output = Result<ImageFacts, EngineError>> + Send;
	/// Fetch the image of a specification, at most `max_bytes` compressed.
	fn fetch(
		&self,
		spec: &Spec,
		max_bytes: u64,
	) -> impl Future<Output = Result<ImageFacts, EngineError>> + Send;
	/// Create what is missing for a specification and start it: network, firewall, volume,
	/// container. Nothing is changed if it runs as specified.
	fn start(&self, spec: &Spec) -> impl Future<Output = Result<Observed, EngineError>> + Send;
	/// Stop the container and keep it, its data and its logs aside.
	fn stop(&self, lease: LeaseId) -> impl Future<Output = Result<(), EngineError>> + Send;
	/// Remove container, network, firewall rules and data of a lease that is over.
	fn remove(&self, lease: LeaseId) -> impl Future<Output = Result<(), EngineError>> + Send;
	/// Capacity of the machine, and whether each bound can be enforced on it.
	fn capacity(&self) -> impl Future<Output = Result<Capacity, EngineError>> + Send;
}

/// Capacity of the machine.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Capacity {
	/// All of it.
	pub total: Resources,
	/// Name and version of the engine.
	pub engine: String,
	/// Address on which ports are published.
	pub address: Option<IpAddr>,
	/// Bounds that the engine or the host cannot enforce, in words.
	pub unenforced: Vec<String>,
}
