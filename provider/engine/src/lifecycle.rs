// SPDX-License-Identifier: Apache-2.0

//! Start, stop and removal of a lease's container. Each step may be repeated, and a failure in the
//! middle leaves what the next attempt goes on from.

use crate::{
	ContainerEngine, EngineError, LeaseId, Observed, Spec,
	client::Failure,
	create, files, images,
	plan::{self, LEASE, Place, Plan, WANT, Want},
	record::{Record, Trouble},
	state,
	verify::layer,
	volume::Volume,
	wire::Inspected,
};
use bollard::query_parameters::{
	RemoveContainerOptions, RemoveVolumeOptions, StopContainerOptions,
};
use http::Method;
use std::{collections::BTreeSet, path::PathBuf};

/// Subnets that are tried if the host uses some otherwise.
const SUBNETS: usize = 16;

/// Wish by the label of a container.
pub(crate) fn wanted(got: &Inspected) -> Option<Want> {
	serde_json::from_str(got.config.labels.get(WANT)?).ok()
}

fn is_new(got: &Inspected) -> bool {
	matches!(got.state.status.as_str(), "created" | "configured" | "initialized")
}

impl ContainerEngine {
	fn name(&self, lease: LeaseId) -> String {
		plan::name(&self.settings, lease)
	}

	fn volume(&self, lease: LeaseId) -> Volume {
		Volume::new(&self.records.dir(lease))
	}

	/// Create what is missing, and start.
	pub(crate) async fn bring_up(&self, spec: &Spec) -> Result<Observed, EngineError> {
		let (lease, name) = (spec.lease, self.name(spec.lease));
		let none = BTreeSet::new();
		let gpus = spec.resources.gpus;
		let record = self.records.allocate(lease, &spec.ports, gpus, &none, &self.settings)?;
		let want = Want::new(spec, &record, &self.settings, record.gpus.clone())?;
		let bandwidth = want.resources.bandwidth_mbps;
		self.records.change(lease, |record| record.bandwidth_mbps = bandwidth)?;
		// Rules come before there is anything to be ruled.
		self.protect().await?;
		let mut existing = self.inspect(&name).await?;
		if let Some(got) = &existing {
			let same = wanted(got).as_ref() == Some(&want);
			if same && got.state.status == "running" {
				return self.report(lease, Some(got)).await;
			}
			let networks = create::networks(&self.client, &self.settings, lease).await?;
			if !same || networks.is_empty() {
				self.discard(lease, got).await?;
				existing = None;
			}
		}
		let got = match existing {
			Some(got) => got,
			None => self.create(spec, &record, &want).await?,
		};
		let layer = layer(&got);
		let volume = self.volume(lease);
		volume.ensure(want.resources.storage_gib).await?;
		if let Some(layer) = &layer {
			self.records.change(lease, |record| record.layer = Some(layer.clone()))?;
			volume.cover(layer, &want.digest).await?;
		}
		if is_new(&got) && !spec.files.is_empty() {
			self.upload(&name, spec).await?;
		}
		self.run(lease, &name).await?;
		let got = self.inspect(&name).await?;
		if let Some(got) = &got {
			self.check_words(spec, got)?;
		}
		self.report(lease, got.as_ref()).await
	}

	/// Create network, volumes and container.
	async fn create(
		&self,
		spec: &Spec,
		record: &Record,
		want: &Want,
	) -> Result<Inspected, EngineError> {
		let (lease, name) = (spec.lease, self.name(spec.lease));
		let image = images::local(&self.client, &want.pull).await?.ok_or_else(|| {
			EngineError::Image("the engine lost the image; fetch it again".into())
		})?;
		self.network(spec, record).await?;
		let volume = self.volume(lease);
		volume.ensure(want.resources.storage_gib).await?;
		let mut places = Vec::new();
		for (index, path) in image.config.volumes.keys().take(16).enumerate() {
			let place = Place { name: format!("{name}-{index}"), path: path.clone() };
			let directory = volume.directory(index)?;
			create::volume(&self.client, &self.settings, lease, &place.name, &directory).await?;
			places.push(place);
		}
		if image.config.volumes.len() > places.len() {
			return Err(EngineError::Image("the image has more than 16 volumes".into()));
		}
		let resolvers = self.settings.resolvers().iter().map(ToString::to_string).collect();
		let plan = Plan { spec, settings: &self.settings, want: want.clone(), places, resolvers };
		create::container(&self.client, &plan).await?;
		self.inspect(&name)
			.await?
			.ok_or_else(|| EngineError::Refused("the container was created and is gone".into()))
	}

	/// Create the network in a subnet that the host does not use otherwise.
	async fn network(&self, spec: &Spec, record: &Record) -> Result<(), EngineError> {
		let lease = spec.lease;
		if !create::networks(&self.client, &self.settings, lease).await?.is_empty() {
			return Ok(());
		}
		let (mut taken, mut number) = (BTreeSet::new(), record.subnet.unwrap_or_default());
		for _ in 0..SUBNETS {
			let failure = match create::network(&self.client, &self.settings, lease, number).await {
				Ok(()) => return Ok(()),
				Err(failure) if failure.is_duplicate() => return Ok(()),
				Err(failure) => failure,
			};
			match &failure {
				Failure::Status(_, text)
					if text.contains("overlap") || text.contains("already used") => {},
				_ => return Err(failure.into()),
			}
			taken.insert(number);
			let gpus = spec.resources.gpus;
			let record = self.records.allocate(lease, &spec.ports, gpus, &taken, &self.settings)?;
			number = record.subnet.unwrap_or_default();
		}
		Err(EngineError::Refused("the host uses the subnets otherwise; set subnets".into()))
	}

	/// Copy the files of a specification into a container that has not run yet.
	async fn upload(&self, name: &str, spec: &Spec) -> Result<(), EngineError> {
		// bollard would write the content into its log.
		let body = files::archive(&spec.files)?.into();
		let path = format!("/containers/{name}/archive?path=/");
		self.client.stream(Method::PUT, &path, body, None).await?;
		Ok(())
	}

	/// Start a container, and note why if it cannot be.
	async fn run(&self, lease: LeaseId, name: &str) -> Result<(), EngineError> {
		let identity = self.client.identity().await?;
		let failure = match self.client.call(identity.docker.start_container(name, None)).await {
			Err(failure) if !failure.is_done() => failure,
			_ => {
				self.records.change(lease, |record| {
					record.boot = state::boot();
					record.failure = None;
					record.stopped = false;
				})?;
				return Ok(());
			},
		};
		let Failure::Status(_, text) = &failure else { return Err(failure.into()) };
		let reason: String = text.chars().take(500).collect();
		let exit_code = command_fault(&reason);
		let port = reason.contains("already allocated") || reason.contains("already in use");
		self.records.change(lease, |record| {
			record.failure = Some(Trouble { reason, exit_code });
			record.stopped = false;
			// A port that nobody was told of yet can be another one.
			if port && record.boot.is_empty() {
				record.ports.clear();
			}
		})?;
		match exit_code {
			Some(_) => Ok(()),
			None => Err(failure.into()),
		}
	}

	/// Words of a specification that the engine must have taken as they are.
	fn check_words(&self, spec: &Spec, got: &Inspected) -> Result<(), EngineError> {
		let env = spec.env.iter().all(|(key, value)| {
			got.config.env.iter().any(|line| {
				line.strip_prefix(key.as_str()).and_then(|rest| rest.strip_prefix('='))
					== Some(value.as_str())
			})
		});
		let command = spec.command.is_empty() || got.config.entrypoint == spec.command;
		let args = spec.args.is_empty() || got.config.cmd == spec.args;
		if env && command && args {
			return Ok(());
		}
		Err(EngineError::Refused("the engine took another command or environment".into()))
	}

	/// Remove a container. Its disk stays.
	async fn discard(&self, lease: LeaseId, got: &Inspected) -> Result<(), EngineError> {
		self.end(&self.name(lease)).await?;
		let recorded = self.records.get(lease).and_then(|record| record.layer);
		for layer in layer(got).into_iter().chain(recorded) {
			self.volume(lease).uncover(&layer).await?;
		}
		let identity = self.client.identity().await?;
		let options = RemoveContainerOptions { force: true, v: true, link: false };
		let id = if got.id.is_empty() { self.name(lease) } else { got.id.clone() };
		match self.client.call(identity.docker.remove_container(&id, Some(options))).await {
			Err(failure) if !failure.is_absent() => Err(failure.into()),
			_ => Ok(()),
		}
	}

	/// Stop a container that may not be there, or not run.
	async fn end(&self, name: &str) -> Result<(), EngineError> {
		let identity = self.client.identity().await?;
		let grace = i32::try_from(self.settings.timeouts.stop).unwrap_or(i32::MAX);
		let options = StopContainerOptions { t: Some(grace), signal: None };
		match self.client.call(identity.docker.stop_container(name, Some(options))).await {
			Ok(()) => Ok(()),
			Err(failure) if failure.is_absent() || failure.is_done() => Ok(()),
			// Podman refuses to stop a container that never ran.
			Err(Failure::Status(_, text)) if text.contains("can only stop") => Ok(()),
			Err(failure) => Err(failure.into()),
		}
	}

	/// Stop, and keep aside.
	pub(crate) async fn halt(&self, lease: LeaseId) -> Result<(), EngineError> {
		if self.records.get(lease).is_some() {
			self.records.change(lease, |record| record.stopped = true)?;
		}
		self.end(&self.name(lease)).await
	}

	/// Remove the volumes of a lease, and those that an engine would not let go of earlier.
	async fn release_volumes(&self, lease: LeaseId) -> Result<(), EngineError> {
		let records = self.records.all();
		for volume in create::volumes(&self.client, &self.settings).await? {
			let of: Option<LeaseId> = volume.labels.get(LEASE).and_then(|text| text.parse().ok());
			if of.is_none_or(|of| of != lease && records.contains_key(&of)) {
				continue;
			}
			let identity = self.client.identity().await?;
			let options = Some(RemoveVolumeOptions { force: true });
			match self.client.call(identity.docker.remove_volume(&volume.name, options)).await {
				Err(failure) if !failure.is_absent() => {
					// dockerd counts the users of a volume wrongly once it was restarted under them.
					// The directory is ours, and the entry goes with a later removal.
					tracing::warn!(lease, volume = volume.name, ?failure, "volume entry stays");
					let mount = PathBuf::from(volume.mountpoint);
					if self.volume(lease).covers(&mount) {
						self.volume(lease).uncover(&mount).await?;
					}
				},
				_ => {},
			}
		}
		Ok(())
	}

	/// Remove everything of a lease.
	pub(crate) async fn take_down(&self, lease: LeaseId) -> Result<(), EngineError> {
		let name = self.name(lease);
		if let Some(got) = self.inspect(&name).await? {
			self.discard(lease, &got).await?;
		}
		let record = self.records.get(lease).unwrap_or_default();
		if let Some(layer) = &record.layer {
			self.volume(lease).uncover(layer).await?;
		}
		self.release_volumes(lease).await?;
		let identity = self.client.identity().await?;
		for network in create::networks(&self.client, &self.settings, lease).await? {
			let id = if network.id.is_empty() { &network.name } else { &network.id };
			match self.client.call(identity.docker.remove_network(id)).await {
				Err(failure) if !failure.is_absent() => return Err(failure.into()),
				_ => {},
			}
		}
		self.volume(lease).close().await?;
		self.records.remove(lease)?;
		if let Some(image) = record.image {
			let shared = self.records.all().into_values().filter_map(|other| other.image);
			if !shared.into_iter().any(|other| other.digest == image.digest) {
				images::discard(&self.client, &image.pull).await;
			}
		}
		self.protect().await
	}
}

/// Exit code for a command that cannot be run, which is the tenant's doing, as a shell has it.
fn command_fault(reason: &str) -> Option<i64> {
	let exec = reason.contains("exec: \"") || reason.contains("exec user process");
	match () {
		() if !exec => None,
		() if reason.contains("executable file not found") => Some(127),
		() if reason.contains("no such file or directory") => Some(127),
		() if reason.contains("permission denied") => Some(126),
		() if reason.contains("exec format error") => Some(126),
		() => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn only_a_wrong_command_is_the_tenants_doing() {
		let docker =
			"OCI runtime create failed: exec: \"nope\": executable file not found in $PATH";
		assert_eq!(command_fault(docker), Some(127));
		assert_eq!(
			command_fault("exec: \"/x\": permission denied: OCI permission denied"),
			Some(126)
		);
		assert_eq!(command_fault("mount /x: no such file or directory"), None);
		assert_eq!(command_fault("no space left on device"), None);
	}
}
