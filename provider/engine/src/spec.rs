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
	/// Class of the GPUs, such as `h100`; any if empty.
	pub gpu_class: String,
	/// Ports of the container that the host publishes.
	pub ports: Vec<Port>,
}

/// Protocol of a port.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Protocol {
	/// TCP.
	Tcp,
	/// UDP.
	Udp,
}

impl fmt::Display for Protocol {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Tcp => "tcp",
			Self::Udp => "udp",
		})
	}
}

/// Port of a container. Its text is that of compose files: `80`, or `53/udp`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Port {
	/// Protocol.
	pub protocol: Protocol,
	/// Number.
	pub number: u16,
}

impl Port {
	/// TCP port.
	pub const fn tcp(number: u16) -> Self {
		Self { number, protocol: Protocol::Tcp }
	}

	/// UDP port.
	pub const fn udp(number: u16) -> Self {
		Self { number, protocol: Protocol::Udp }
	}

	/// Text of engines, which always names the protocol.
	pub(crate) fn full(self) -> String {
		format!("{}/{}", self.number, self.protocol)
	}
}

impl fmt::Display for Port {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self.protocol {
			Protocol::Tcp => self.number.fmt(f),
			Protocol::Udp => f.write_str(&self.full()),
		}
	}
}

impl From<Port> for String {
	fn from(port: Port) -> Self {
		port.to_string()
	}
}

impl TryFrom<String> for Port {
	type Error = String;

	fn try_from(text: String) -> Result<Self, String> {
		let (number, protocol) = match text.split_once('/') {
			None => (text.as_str(), Protocol::Tcp),
			Some((number, "tcp")) => (number, Protocol::Tcp),
			Some((number, "udp")) => (number, Protocol::Udp),
			Some(_) => return Err(format!("{text:?} is no port, such as 80 or 53/udp")),
		};
		let number = number.parse().map_err(|_| format!("{text:?} is no port"))?;
		Ok(Self { number, protocol })
	}
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
	pub ports: BTreeMap<Port, u16>,
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

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn ports_are_written_as_in_compose_files() {
		let ports = BTreeMap::from([(Port::tcp(80), 1), (Port::udp(53), 2), (Port::tcp(53), 3)]);
		let text = serde_json::to_string(&ports).unwrap();
		assert_eq!(text, r#"{"53":3,"80":1,"53/udp":2}"#);
		assert_eq!(serde_json::from_str::<BTreeMap<Port, u16>>(&text).unwrap(), ports);
		assert_eq!(Port::try_from("80/tcp".to_string()), Ok(Port::tcp(80)));
		for wrong in ["", "/udp", "80/", "80/sctp", "65536", "-1", "80/udp/udp"] {
			assert!(Port::try_from(wrong.to_string()).is_err(), "{wrong}");
		}
	}
}
