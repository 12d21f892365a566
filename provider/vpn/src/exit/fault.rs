// SPDX-License-Identifier: Apache-2.0

//! Errors of an exit. Each says what to do next.

use std::{fmt, io, path::PathBuf};

/// Error of an exit.
#[derive(Debug)]
pub enum ExitError {
	/// A setting is out of its bounds.
	Setting(String),
	/// The process may not configure networks.
	NoPermission,
	/// The kernel gives no TUN devices.
	NoTun,
	/// A program is not installed.
	Missing {
		/// Program.
		program: &'static str,
		/// Debian's package.
		package: &'static str,
	},
	/// A program failed or did not end in time.
	Command {
		/// Program and arguments.
		command: String,
		/// Its complaint.
		reason: String,
	},
	/// The network namespace cannot be entered.
	Namespace(String, io::Error),
	/// The TUN device cannot be made.
	Interface(String, String),
	/// The address pool is in use on this machine.
	PoolInUse(String),
	/// A file of the kernel's settings cannot be written.
	Kernel(PathBuf, io::Error),
	/// The port cannot be bound, or the device refused.
	Device(String),
	/// Key or peers cannot be read or written.
	Store(PathBuf, String),
	/// The key is that of another agreement.
	KeyInUse,
	/// The agreement has asked since, or at the same moment with another key.
	Replayed,
	/// All addresses are taken.
	PoolFull,
	/// All trials are taken. Ask again in some seconds.
	TrialsFull,
	/// The exit no longer forwards: the TUN device or the socket is gone.
	Failed(String),
}

impl fmt::Display for ExitError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Setting(reason) => write!(f, "setting of the VPN: {reason}"),
			Self::NoPermission => f.write_str(
				"a VPN exit needs CAP_NET_ADMIN: run as root, or as another user by `sudo setpriv \
				 --reuid USER --init-groups --inh-caps +net_admin --ambient-caps +net_admin \
				 surety-provider run ..`, or with `AmbientCapabilities=CAP_NET_ADMIN` in the \
				 [Service] part of the systemd unit",
			),
			Self::NoTun => f.write_str(
				"no /dev/net/tun: `modprobe tun`, or in a container `--device /dev/net/tun`",
			),
			Self::Missing { program, package } => {
				write!(f, "`{program}` is not installed: apt-get install {package}")
			},
			Self::Command { command, reason } => write!(f, "`{command}` failed: {reason}"),
			Self::Namespace(name, error) => {
				write!(f, "network namespace {name}: {error}; `ip netns add {name}` makes it")
			},
			Self::Interface(name, reason) => write!(
				f,
				"no TUN device {name}: {reason}; is another exit running, is /dev/net/tun there?"
			),
			Self::PoolInUse(route) => {
				write!(f, "the address pool overlaps the route {route}: choose another pool")
			},
			Self::Kernel(path, error) => {
				let name = path.strip_prefix("/proc/sys").unwrap_or(path).display().to_string();
				let name = name.trim_start_matches('/').replace('/', ".");
				write!(
					f,
					"cannot write {}: {error}; try `sysctl -w {name}=1` as root",
					path.display()
				)
			},
			Self::Device(reason) => write!(f, "WireGuard: {reason}; is the port in use?"),
			Self::Store(path, reason) => write!(f, "{}: {reason}", path.display()),
			Self::KeyInUse => {
				f.write_str("the key is in use by another agreement: make a fresh one")
			},
			Self::Replayed => {
				f.write_str("a newer request of this agreement was answered: sign again")
			},
			Self::PoolFull => f.write_str("all addresses of the pool are taken: widen the pool"),
			Self::TrialsFull => f.write_str("all trials are taken: ask again in some seconds"),
			Self::Failed(reason) => write!(f, "the exit has stopped: {reason}; start it again"),
		}
	}
}

impl std::error::Error for ExitError {}
