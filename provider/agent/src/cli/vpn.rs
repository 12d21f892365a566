// SPDX-License-Identifier: Apache-2.0

//! `surety-provider vpn`: a tenant gets the configuration of a tunnel.

use super::{Failure, NodeArgs};
use crate::{
	client::Chain,
	vpn::{Granted, UNIT_BITS, request},
};
use std::{
	fs::{self, File, OpenOptions},
	io::{self, Write},
	os::unix::fs::OpenOptionsExt,
	path::{Path, PathBuf},
};
use surety_primitives::{AgreementId, ServiceId};

/// Flags of `vpn`.
#[derive(Clone, Debug, clap::Args)]
pub struct VpnArgs {
	/// Service, of the kind `Vpn`.
	#[arg(long, value_name = "ID")]
	pub service: ServiceId,

	/// Agreement of the tenant about the service.
	#[arg(long, value_name = "ID")]
	pub agreement: AgreementId,

	/// File with the secret URI of the tenant's key, or of its `Buy` proxy.
	#[arg(long, visible_alias = "key", value_name = "FILE")]
	pub key_file: PathBuf,

	/// Chain and network.
	#[command(flatten)]
	pub node: NodeArgs,

	/// File to write, for `wg-quick`: at most 15 of a-z, A-Z, 0-9, _, =, +, ., - and `.conf`. By
	/// default `sure<agreement>.conf`.
	#[arg(long, value_name = "FILE")]
	pub out: Option<PathBuf>,

	/// Replace the file if it exists. The key in it is of no use after this command.
	#[arg(long)]
	pub replace: bool,

	/// Leave out the DNS servers: `wg-quick` needs `resolvconf` for them. Names are then looked up
	/// as before, which may be beside the tunnel.
	#[arg(long)]
	pub no_dns: bool,
}

/// Get a configuration and write it.
pub(super) async fn run(args: &VpnArgs) -> Result<String, Failure> {
	let path = args.out.clone().unwrap_or_else(|| format!("sure{}.conf", args.agreement).into());
	// Before the agent is asked: afterwards the old key is of no use.
	let mut file = NewFile::create(&path, args.replace)?;
	let signer = super::tenant::key(&args.key_file)?;
	let network = args.node.network()?;
	let chain = Chain::connect(&args.node.nodes).await?;
	let head = chain.poll().await?;
	let granted =
		request(chain.nodes(), head, &signer, args.service, args.agreement, &network).await?;
	let Granted { secret, mut answer, units } = granted;
	if args.no_dns {
		answer.tunnel.dns.clear();
	}
	file.write(&answer.tunnel.wg_quick(&secret))?;
	let megabits = UNIT_BITS.saturating_mul(units.into()).checked_div(1_000_000).unwrap_or(0);
	Ok(format!(
		"{path} is written: {megabits} Mbit/s through {endpoint}.\nNext: wg-quick up {path}",
		path = shown(&path),
		endpoint = answer.tunnel.endpoint,
	))
}

/// Path as `wg-quick` takes it: with a slash, or it looks into its own directory.
fn shown(path: &Path) -> String {
	let text = path.display().to_string();
	if text.contains('/') { text } else { format!("./{text}") }
}

/// File beside the one that it replaces once it is whole.
struct NewFile {
	path: PathBuf,
	beside: PathBuf,
	file: File,
}

impl NewFile {
	fn create(path: &Path, replace: bool) -> Result<Self, String> {
		let fault = |error: io::Error| format!("{}: {error}", path.display());
		let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
		let interface = name.strip_suffix(".conf").unwrap_or_default();
		let plain = |byte: u8| {
			byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'=' | b'+' | b'.' | b'-')
		};
		if !(1..=15).contains(&interface.len()) || !interface.bytes().all(plain) {
			return Err(format!(
				"{}: wg-quick takes at most 15 of a-z, A-Z, 0-9, _, =, +, ., - and .conf as a name",
				path.display()
			));
		}
		if !replace && path.exists() {
			return Err(format!(
				"{} exists: name another file by --out, or pass --replace",
				path.display()
			));
		}
		let beside = path.with_extension("conf.new");
		match fs::remove_file(&beside) {
			Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fault(error)),
			_ => (),
		}
		let mut options = OpenOptions::new();
		let file = options.create_new(true).write(true).mode(0o600).open(&beside).map_err(fault)?;
		Ok(Self { path: path.to_owned(), beside, file })
	}

	fn write(&mut self, text: &str) -> Result<(), String> {
		let mut written = || {
			self.file.write_all(text.as_bytes())?;
			self.file.sync_all()?;
			fs::rename(&self.beside, &self.path)
		};
		written().map_err(|error| format!("{}: {error}", self.path.display()))
	}
}

impl Drop for NewFile {
	fn drop(&mut self) {
		// It is gone if it took the name of the other.
		let _ = fs::remove_file(&self.beside);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::os::unix::fs::PermissionsExt;

	#[test]
	fn a_file_is_replaced_only_on_request_and_only_when_whole() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("sure7.conf");
		NewFile::create(&path, false).unwrap().write("first").unwrap();
		let mode = fs::metadata(&path).unwrap().permissions().mode();
		assert_eq!(mode & 0o777, 0o600);
		let refused = NewFile::create(&path, false).err().unwrap();
		assert!(refused.contains("--replace"), "{refused}");
		// Given up before the answer.
		drop(NewFile::create(&path, true).unwrap());
		assert_eq!(fs::read_to_string(&path).unwrap(), "first");
		NewFile::create(&path, true).unwrap().write("second").unwrap();
		assert_eq!(fs::read_to_string(&path).unwrap(), "second");
		assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
	}

	#[test]
	fn names_that_wg_quick_does_not_take_are_refused() {
		for bad in ["a", ".conf", "a b.conf", "sixteen-letters-.conf", "a.conf/..", "é.conf"] {
			assert!(NewFile::create(Path::new(bad), true).is_err(), "{bad}");
		}
		assert_eq!(shown(Path::new("sure7.conf")), "./sure7.conf");
		assert_eq!(shown(Path::new("/a/sure7.conf")), "/a/sure7.conf");
	}
}
