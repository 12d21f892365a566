// SPDX-License-Identifier: Apache-2.0

//! Records of leases: what must stay the same over restarts, and what the engine does not know.

use crate::{EngineError, LeaseId, Port, Protocol, Settings};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{
	collections::{BTreeMap, BTreeSet},
	fs,
	io::{self, Write},
	net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket},
	os::unix::fs::{DirBuilderExt, OpenOptionsExt},
	path::{Path, PathBuf},
};

/// Record of a lease.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct Record {
	/// Image that was fetched and proven.
	pub image: Option<Fetched>,
	/// Host ports by container port.
	pub ports: BTreeMap<Port, u16>,
	/// Number of its subnet.
	pub subnet: Option<u32>,
	/// CDI devices.
	pub gpus: Vec<String>,
	/// Bandwidth in Mbit/s.
	pub bandwidth_mbps: u32,
	/// Boot of the host in which it was started last.
	pub boot: String,
	/// Layer directory of the container, to which its disk is bound.
	pub layer: Option<PathBuf>,
	/// Reason why the last start failed.
	pub failure: Option<Trouble>,
	/// True if the agent stopped it.
	pub stopped: bool,
}

/// Image that was fetched.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Fetched {
	/// Name in the order.
	pub name: String,
	/// Digest of the manifest.
	pub digest: String,
	/// Name at the engine.
	pub pull: String,
}

/// Failure of a start.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Trouble {
	/// Reason.
	pub reason: String,
	/// Exit code if the application is at fault: its command cannot be run.
	pub exit_code: Option<i64>,
}

/// Records of all leases, in memory and on disk.
pub(crate) struct Records {
	dir: PathBuf,
	map: Mutex<BTreeMap<LeaseId, Record>>,
}

fn trouble(path: &Path, e: &io::Error) -> EngineError {
	EngineError::Refused(format!("{}: {e}", path.display()))
}

/// Create a directory that only its owner may enter.
pub(crate) fn private_dir(path: &Path) -> Result<(), EngineError> {
	fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|e| trouble(path, &e))
}

impl Records {
	/// Records under a data directory. An unreadable one is an error: its lease must not seem new.
	pub fn open(data_dir: &Path) -> Result<Self, EngineError> {
		let dir = data_dir.join("leases");
		private_dir(&dir)?;
		let mut map = BTreeMap::new();
		for entry in fs::read_dir(&dir).map_err(|e| trouble(&dir, &e))? {
			let entry = entry.map_err(|e| trouble(&dir, &e))?;
			let Some(lease) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
				continue;
			};
			let path = entry.path().join("record.json");
			match fs::read(&path) {
				Ok(bytes) => {
					let record = serde_json::from_slice(&bytes)
						.map_err(|e| trouble(&path, &io::Error::other(e)))?;
					map.insert(lease, record);
				},
				Err(e) if e.kind() == io::ErrorKind::NotFound => {},
				Err(e) => return Err(trouble(&path, &e)),
			}
		}
		Ok(Self { dir, map: Mutex::new(map) })
	}

	/// Directory of a lease.
	pub fn dir(&self, lease: LeaseId) -> PathBuf {
		self.dir.join(lease.to_string())
	}

	/// Record of a lease.
	pub fn get(&self, lease: LeaseId) -> Option<Record> {
		self.map.lock().get(&lease).cloned()
	}

	/// All records.
	pub fn all(&self) -> BTreeMap<LeaseId, Record> {
		self.map.lock().clone()
	}

	/// Change a record and write it to the disk before anybody acts on it.
	pub fn change(
		&self,
		lease: LeaseId,
		change: impl FnOnce(&mut Record),
	) -> Result<Record, EngineError> {
		self.write(lease, &mut self.map.lock(), |record, _| {
			change(record);
			Ok(())
		})
	}

	fn write(
		&self,
		lease: LeaseId,
		map: &mut BTreeMap<LeaseId, Record>,
		change: impl FnOnce(&mut Record, &BTreeMap<LeaseId, Record>) -> Result<(), EngineError>,
	) -> Result<Record, EngineError> {
		let mut record = map.get(&lease).cloned().unwrap_or_default();
		change(&mut record, map)?;
		if map.get(&lease) == Some(&record) {
			return Ok(record);
		}
		let dir = self.dir(lease);
		private_dir(&dir)?;
		let (new, path) = (dir.join("record.new"), dir.join("record.json"));
		let bytes =
			serde_json::to_vec_pretty(&record).map_err(|e| trouble(&path, &io::Error::other(e)))?;
		let save = || -> io::Result<()> {
			let mut file = fs::File::options()
				.write(true)
				.create(true)
				.truncate(true)
				.mode(0o600)
				.open(&new)?;
			file.write_all(&bytes)?;
			file.sync_all()?;
			fs::rename(&new, &path)?;
			fs::File::open(&dir)?.sync_all()
		};
		save().map_err(|e| trouble(&path, &e))?;
		map.insert(lease, record.clone());
		Ok(record)
	}

	/// Host ports, a subnet and GPUs for a lease: those of its record, and new ones for the rest.
	/// `taken` are subnets that the host uses otherwise.
	pub fn allocate(
		&self,
		lease: LeaseId,
		ports: &[Port],
		gpus: u16,
		taken: &BTreeSet<u32>,
		settings: &Settings,
	) -> Result<Record, EngineError> {
		let mut map = self.map.lock();
		self.write(lease, &mut map, |record, all| {
			let mut used: BTreeSet<u16> =
				all.values().flat_map(|other| other.ports.values().copied()).collect();
			record.ports.retain(|port, _| ports.contains(port));
			let address = settings.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
			let is_free = |protocol, number| match protocol {
				Protocol::Tcp => TcpListener::bind((address, number)).is_ok(),
				Protocol::Udp => UdpSocket::bind((address, number)).is_ok(),
			};
			for port in ports {
				if record.ports.contains_key(port) {
					continue;
				}
				let free = (settings.first_port..=settings.last_port)
					.find(|number| !used.contains(number) && is_free(port.protocol, *number))
					.ok_or_else(|| {
						EngineError::Refused(
							"no host port is free; widen first_port to last_port".into(),
						)
					})?;
				used.insert(free);
				record.ports.insert(*port, free);
			}
			if record.subnet.is_none_or(|subnet| taken.contains(&subnet)) {
				let used: BTreeSet<u32> = all
					.iter()
					.filter(|(other, _)| **other != lease)
					.filter_map(|(_, other)| other.subnet)
					.collect();
				let count = 1u32
					.checked_shl(28u32.saturating_sub(settings.subnets.prefix().into()))
					.unwrap_or(u32::MAX);
				let free = (0..count).find(|s| !used.contains(s) && !taken.contains(s));
				record.subnet = Some(free.ok_or_else(|| {
					EngineError::Refused("no subnet is free; widen subnets".into())
				})?);
			}
			if record.gpus.len() != usize::from(gpus) {
				let used: BTreeSet<&String> = all
					.iter()
					.filter(|(other, _)| **other != lease)
					.flat_map(|(_, other)| &other.gpus)
					.collect();
				let free = settings.gpus.iter().filter(|gpu| !used.contains(gpu));
				record.gpus = free.take(gpus.into()).cloned().collect();
				if record.gpus.len() != usize::from(gpus) {
					return Err(EngineError::Refused("no GPU is free; name more in gpus".into()));
				}
			}
			Ok(())
		})
	}

	/// Remove a record with its directory.
	pub fn remove(&self, lease: LeaseId) -> Result<(), EngineError> {
		let mut map = self.map.lock();
		let dir = self.dir(lease);
		match fs::remove_dir_all(&dir) {
			Ok(()) => {},
			Err(e) if e.kind() == io::ErrorKind::NotFound => {},
			Err(e) => return Err(trouble(&dir, &e)),
		}
		map.remove(&lease);
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn open(dir: &tempfile::TempDir) -> Records {
		Records::open(dir.path()).unwrap()
	}

	#[test]
	fn ports_and_subnets_are_stable_and_never_shared() {
		let dir = tempfile::tempdir().unwrap();
		let settings = Settings::default();
		let none = BTreeSet::new();
		let ports = [Port::tcp(53), Port::udp(53)];
		let first = open(&dir).allocate(1, &ports, 0, &none, &settings).unwrap();
		let records = open(&dir);
		assert_eq!(records.allocate(1, &ports, 0, &none, &settings).unwrap(), first);
		let second = records.allocate(2, &[Port::udp(53)], 0, &none, &settings).unwrap();
		assert_ne!(second.subnet, first.subnet);
		let all: BTreeSet<_> = first.ports.values().chain(second.ports.values()).collect();
		assert_eq!(all.len(), 3);
		records.remove(1).unwrap();
		assert!(open(&dir).get(1).is_none() && open(&dir).get(2).is_some());
	}

	#[test]
	fn a_port_that_the_host_uses_is_passed_over() {
		let dir = tempfile::tempdir().unwrap();
		let tcp = TcpListener::bind("0.0.0.0:0").unwrap();
		let udp = UdpSocket::bind("0.0.0.0:0").unwrap();
		let refused = |port: u16, wanted: Port| {
			let settings = Settings { first_port: port, last_port: port, ..Settings::default() };
			let answer = open(&dir).allocate(1, &[wanted], 0, &BTreeSet::new(), &settings);
			let error = answer.unwrap_err().to_string();
			assert!(error.contains("first_port"), "{error}");
		};
		refused(tcp.local_addr().unwrap().port(), Port::tcp(80));
		refused(udp.local_addr().unwrap().port(), Port::udp(80));
		assert!(open(&dir).get(1).is_none(), "a refused allocation leaves nothing behind");
	}

	#[test]
	fn a_subnet_that_the_host_uses_is_passed_over() {
		let dir = tempfile::tempdir().unwrap();
		let records = open(&dir);
		let settings = Settings::default();
		assert_eq!(
			records.allocate(1, &[], 0, &BTreeSet::new(), &settings).unwrap().subnet,
			Some(0)
		);
		let moved = records.allocate(1, &[], 0, &BTreeSet::from([0, 1]), &settings).unwrap();
		assert_eq!(moved.subnet, Some(2));
	}

	#[test]
	fn a_gpu_is_leased_once() {
		let dir = tempfile::tempdir().unwrap();
		let records = open(&dir);
		let settings =
			Settings { gpus: vec!["a.b/gpu=0".into(), "a.b/gpu=1".into()], ..Settings::default() };
		let none = BTreeSet::new();
		let first = records.allocate(1, &[], 1, &none, &settings).unwrap().gpus;
		let second = records.allocate(2, &[], 1, &none, &settings).unwrap().gpus;
		assert_ne!(first, second);
		assert!(records.allocate(3, &[], 1, &none, &settings).is_err());
		records.remove(1).unwrap();
		assert_eq!(records.allocate(3, &[], 1, &none, &settings).unwrap().gpus, first);
	}

	#[test]
	fn a_broken_record_stops_the_agent_instead_of_looking_new() {
		let dir = tempfile::tempdir().unwrap();
		open(&dir).change(7, |record| record.stopped = true).unwrap();
		fs::write(dir.path().join("leases/7/record.json"), b"{").unwrap();
		assert!(Records::open(dir.path()).is_err());
	}
}
