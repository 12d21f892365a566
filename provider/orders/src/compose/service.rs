// SPDX-License-Identifier: Apache-2.0

//! The service of a compose file: image, ports and resources for the order, all else for the
//! manifest.

use super::{
	error::{ComposeError, FaultKind},
	fields::{Fields, Item},
	files::Files,
	image::{ImageName, image},
	keys::Section,
	units::{cpus, integer, mebibytes},
	words,
};
use crate::manifest::{
	MAX_FILES, MAX_MANIFEST, Manifest, SecretBytes, SecretText, is_path, is_variable,
};
use pallet_surety_compute_orders::{MAX_PORTS, Ports};
use std::collections::{BTreeMap, BTreeSet};
use surety_primitives::{Port, PortProtocol, Resources};

/// Longest file of variables in bytes.
const MAX_VARIABLES_FILE: usize = 256 * 1024;

/// Public part of a service.
pub(super) struct Public {
	pub image: ImageName,
	pub ports: Ports,
	pub resources: Resources,
}

/// Read the public part.
pub(super) fn public(service: &Fields<'_>) -> Result<Public, ComposeError> {
	let image = service.require("image", "docker.io/library/nginx:1.27")?.read(image)?;
	let mut ports: Vec<Port> = Vec::new();
	for item in service.get("ports").map(|item| item.list()).transpose()?.unwrap_or_default() {
		let port = port(&item)?;
		if ports.contains(&port) {
			return Err(item.fault(FaultKind::Duplicate, "the port is given twice", "keep one"));
		}
		ports.push(port);
		if ports.len() > MAX_PORTS as usize {
			return Err(item.wrong(format!("an order has at most {MAX_PORTS} ports")));
		}
	}
	let ports = Ports::truncate_from(ports);
	Ok(Public { image, ports, resources: resources(service)? })
}

fn port(item: &Item<'_>) -> Result<Port, ComposeError> {
	let number = |text: &str| {
		let number = integer::<u16>(text).filter(|number| *number > 0);
		number.ok_or_else(|| "a port is a number from 1 to 65535, without range".to_owned())
	};
	let protocol = |text: &str| match text {
		"tcp" => Ok(PortProtocol::Tcp),
		"udp" => Ok(PortProtocol::Udp),
		_ => Err("a protocol is tcp or udp".to_owned()),
	};
	if item.is_map() {
		let fields = item.fields(Section::Port)?;
		let container = fields.require("target", "80")?.read(number)?;
		let protocol = fields.read("protocol", protocol)?.unwrap_or(PortProtocol::Tcp);
		return Ok(Port { container, protocol });
	}
	item.read(|text| {
		let (text, protocol) = match text.split_once('/') {
			None => (text, PortProtocol::Tcp),
			Some((text, name)) => (text, protocol(name)?),
		};
		if text.contains(':') {
			return Err(
				"the operator's agent chooses the port of the host; write the port of the \
				 container only"
					.into(),
			);
		}
		Ok(Port { container: number(text)?, protocol })
	})
}

/// Resources of `deploy.resources`. Storage, bandwidth and the class of GPUs are of `x-surety`.
fn resources(service: &Fields<'_>) -> Result<Resources, ComposeError> {
	let mut found = Resources::default();
	let Some(deploy) = service.get("deploy") else { return Ok(found) };
	let Some(resources) = deploy.fields(Section::Deploy)?.get("resources") else {
		return Ok(found);
	};
	let resources = resources.fields(Section::DeployResources)?;
	if let Some(limits) = resources.get("limits") {
		let limits = limits.fields(Section::Limits)?;
		found.cpu_milli = limits.read("cpus", cpus)?.unwrap_or(0);
		found.memory_mib = limits.read("memory", mebibytes)?.unwrap_or(0);
	}
	let Some(reservations) = resources.get("reservations") else { return Ok(found) };
	let Some(devices) = reservations.fields(Section::Reservations)?.get("devices") else {
		return Ok(found);
	};
	for (at, device) in devices.list()?.into_iter().enumerate() {
		if at > 0 {
			return Err(device.wrong("all GPUs are of one entry: raise its `count`"));
		}
		let fields = device.fields(Section::Device)?;
		for item in fields.require("capabilities", "[gpu]")?.list()? {
			item.read(|text| match text {
				"gpu" => Ok(()),
				_ => Err("the only capability is gpu".into()),
			})?;
		}
		found.gpus = fields.require("count", "1")?.read(|text| {
			let count = integer::<u16>(text).filter(|count| *count > 0);
			count.ok_or_else(|| "the count is a number from 1, not `all`".into())
		})?;
	}
	Ok(found)
}

/// Read the private part, but for the login.
pub(super) fn private(
	document: &Fields<'_>,
	service: &Fields<'_>,
	files: &dyn Files,
) -> Result<Manifest, ComposeError> {
	Ok(Manifest {
		entrypoint: command(service, "entrypoint")?,
		command: command(service, "command")?,
		environment: environment(service, files)?,
		files: mounts(document, service, files)?,
		login: None,
	})
}

/// A list of texts, or a text that is split.
fn command(service: &Fields<'_>, key: &str) -> Result<Vec<SecretText>, ComposeError> {
	let Some(item) = service.get(key) else { return Ok(Vec::new()) };
	if item.is_list() {
		let words = item.list()?;
		return words.iter().map(|word| Ok(SecretText::from(&word.text()?))).collect();
	}
	words::words(&item.text()?).map_err(|problem| item.wrong(problem))
}

/// Variables of the files in their order, and then of `environment`, which wins.
fn environment(
	service: &Fields<'_>,
	files: &dyn Files,
) -> Result<BTreeMap<String, SecretText>, ComposeError> {
	let mut found = BTreeMap::new();
	if let Some(item) = service.get("env_file") {
		for item in item.list_or_text()? {
			let path = item.text()?;
			let failed = |problem| {
				let problem = format!("cannot read {:?}: {problem}", path.as_str());
				item.fault(FaultKind::File, problem, "")
			};
			let content = files.read(&path, MAX_VARIABLES_FILE).map_err(failed)?;
			let text = std::str::from_utf8(&content).map_err(|_| failed("no UTF-8".into()))?;
			found.extend(words::variables(text).map_err(failed)?);
		}
	}
	let Some(item) = service.get("environment") else { return Ok(found) };
	let check = |item: &Item<'_>, name: &str| {
		if is_variable(name) {
			return Ok(());
		}
		let problem = "the name of a variable is letters, digits and `_`, with no digit in front";
		Err(item.wrong(problem))
	};
	if item.is_list() {
		let mut own = BTreeMap::new();
		for item in item.list()? {
			let text = item.text()?;
			let (name, value) = text.split_once('=').ok_or_else(|| {
				let problem = "variables of your own machine are not taken";
				item.fault(FaultKind::Missing, problem, "write `NAME=value`, or use `env_file`")
			})?;
			check(&item, name)?;
			if own.insert(name.to_owned(), SecretText::new(value)).is_some() {
				let problem = "the variable is given twice";
				return Err(item.fault(FaultKind::Duplicate, problem, "keep one"));
			}
		}
		found.extend(own);
		return Ok(found);
	}
	for (name, item) in item.entries()? {
		check(&item, name)?;
		found.insert(name.to_owned(), SecretText::from(&item.text()?));
	}
	Ok(found)
}

/// Files of `configs` and `secrets`.
fn mounts(
	document: &Fields<'_>,
	service: &Fields<'_>,
	files: &dyn Files,
) -> Result<BTreeMap<String, SecretBytes>, ComposeError> {
	let mut found = BTreeMap::new();
	for (key, directory) in [("configs", "/"), ("secrets", "/run/secrets/")] {
		let sources = document.get(key).map(|item| item.entries()).transpose()?;
		let sources = sources.unwrap_or_default();
		let mut used = BTreeSet::new();
		let mounts = service.get(key).map(|item| item.list()).transpose()?.unwrap_or_default();
		for item in mounts {
			let (name, target) = mount(&item)?;
			let Some((_, source)) = sources.iter().find(|(known, _)| *known == name) else {
				let problem = "no such entry at the top level of the file";
				return Err(item.fault(FaultKind::Missing, problem, format!("add it to `{key}`")));
			};
			let path = target.unwrap_or_else(|| format!("{directory}{name}"));
			let path = if path.starts_with('/') { path } else { format!("{directory}{path}") };
			if !is_path(&path) {
				return Err(item.wrong(
					"the target is an absolute, plain path outside of /dev, /proc and /sys",
				));
			}
			if found.insert(path, content(source, files)?).is_some() {
				let problem = "two files have this target";
				return Err(item.fault(FaultKind::Duplicate, problem, "change one"));
			}
			if found.len() > MAX_FILES {
				return Err(item.wrong(format!("an order has at most {MAX_FILES} files")));
			}
			used.insert(name);
		}
		if let Some((_, unused)) = sources.iter().find(|(name, _)| !used.contains(*name)) {
			let problem = "the service does not use it";
			let instead = format!("add it to the `{key}` of the service, or remove it");
			return Err(unused.fault(FaultKind::Value, problem, instead));
		}
	}
	Ok(found)
}

/// Name of the source and target of a mount.
fn mount(item: &Item<'_>) -> Result<(String, Option<String>), ComposeError> {
	if !item.is_map() {
		return Ok((item.text()?.to_string(), None));
	}
	let fields = item.fields(Section::Mount)?;
	let source = fields.require("source", "name")?.text()?.to_string();
	let target = fields.get("target").map(|item| item.text()).transpose()?;
	Ok((source, target.map(|target| target.to_string())))
}

fn content(source: &Item<'_>, files: &dyn Files) -> Result<SecretBytes, ComposeError> {
	let fields = source.fields(Section::Source)?;
	match (fields.get("file"), fields.get("content")) {
		(Some(item), None) => {
			let path = item.text()?;
			let content = files.read(&path, MAX_MANIFEST).map_err(|problem| {
				let problem = format!("cannot read {:?}: {problem}", path.as_str());
				item.fault(FaultKind::File, problem, "")
			})?;
			Ok(SecretBytes::new(content.as_slice()))
		},
		(None, Some(item)) => Ok(SecretBytes::new(item.text()?.as_bytes())),
		_ => Err(source.fault(
			FaultKind::Missing,
			"exactly one of `file` and `content` is needed",
			"give the content by one of them",
		)),
	}
}
