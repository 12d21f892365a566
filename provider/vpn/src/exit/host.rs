// SPDX-License-Identifier: Apache-2.0

//! The host around the TUN device: permission, addresses, routes, forwarding.

use super::{
	fault::ExitError,
	namespace::{Namespace, missing},
	pool::{EXIT, Net},
	settings::Settings,
};
use std::{fs, io, net::Ipv4Addr, path::Path};

/// Bit of CAP_NET_ADMIN.
const NET_ADMIN: u32 = 12;
/// Settings of the kernel for networks, of the namespace of the thread that looks.
const SYSCTL: &str = "/proc/sys/net";

/// Check that the process may configure networks.
pub fn check_permission() -> Result<(), ExitError> {
	let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
	let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
	let effective = effective.and_then(|text| u64::from_str_radix(text.trim(), 16).ok());
	let may = effective.is_some_and(|bits| bits.checked_shr(NET_ADMIN).unwrap_or(0) & 1 == 1);
	if may { Ok(()) } else { Err(ExitError::NoPermission) }
}

/// Check that programs and device are there.
pub fn check_machine() -> Result<(), ExitError> {
	let path = std::env::var_os("PATH").unwrap_or_default();
	for program in ["ip", "nft"] {
		if !std::env::split_paths(&path).any(|directory| directory.join(program).is_file()) {
			return Err(missing(program));
		}
	}
	if Path::new("/dev/net/tun").exists() { Ok(()) } else { Err(ExitError::NoTun) }
}

/// Check that no route of the host leads into the pool, but those of the exit itself.
pub fn check_pool(settings: &Settings, namespace: &Namespace) -> Result<(), ExitError> {
	let routes = namespace.run(|| fs::read_to_string("/proc/thread-self/net/route"))?;
	// Without the file there is nothing to check: the addresses are refused later if they clash.
	match routes.unwrap_or_default().lines().skip(1).filter_map(route).find(|(interface, net)| {
		let is_own = *interface == settings.interface;
		!is_own && net.prefix() > 0 && net.overlaps(&settings.pool.ipv4)
	}) {
		Some((interface, net)) => Err(ExitError::PoolInUse(format!("{net} of {interface}"))),
		None => Ok(()),
	}
}

/// Interface and network of a line of the kernel's routes.
fn route(line: &str) -> Option<(&str, Net)> {
	let mut fields = line.split_whitespace();
	let interface = fields.next()?;
	let hex = |text: &str| u32::from_str_radix(text, 16).ok().map(u32::swap_bytes);
	let address = hex(fields.next()?)?;
	let mask = hex(fields.nth(5)?)?;
	let prefix = u8::try_from(mask.leading_ones()).ok()?;
	Some((interface, Net::new(Ipv4Addr::from_bits(address).into(), prefix)?))
}

/// Give the TUN device its addresses and bring it up.
pub async fn configure(settings: &Settings, namespace: &Namespace) -> Result<(), ExitError> {
	let Settings { interface, pool, mtu, .. } = settings;
	let (v4, v6) = pool.addresses(EXIT);
	let (v4, v6) = (format!("{v4}/{}", pool.ipv4.prefix()), format!("{v6}/{}", pool.ipv6.prefix()));
	let mtu = mtu.to_string();
	let ip = async |arguments: &[&str]| namespace.command("ip", arguments, "").await.map(drop);
	ip(&["address", "add", &v4, "dev", interface]).await?;
	if has_ipv6(namespace)? {
		ip(&["link", "set", "dev", interface, "addrgenmode", "none"]).await?;
		ip(&["-6", "address", "add", &v6, "dev", interface, "nodad"]).await?;
	}
	ip(&["link", "set", "dev", interface, "mtu", &mtu, "up"]).await
}

/// Number of an interface. `None` if there is none of this name.
pub fn interface(name: &str, namespace: &Namespace) -> Result<Option<u32>, ExitError> {
	namespace.run(|| nix::net::if_::if_nametoindex(name).ok())
}

fn has_ipv6(namespace: &Namespace) -> Result<bool, ExitError> {
	namespace.run(|| {
		let disabled = fs::read_to_string(Path::new(SYSCTL).join("ipv6/conf/all/disable_ipv6"));
		disabled.is_ok_and(|value| value.trim() == "0")
	})
}

/// Let the kernel forward. It stays so afterwards: others, such as a container engine, may have
/// come to rely on it, and without the TUN device nothing of ours is forwarded.
pub fn enable_forwarding(namespace: &Namespace) -> Result<(), ExitError> {
	let ipv6 = has_ipv6(namespace)?;
	namespace.run(move || {
		set("ipv4/ip_forward", "1")?;
		if ipv6 && !is("ipv6/conf/all/forwarding", "1") {
			// A host that forwards ignores router advertisements, and would lose its own route to
			// the internet, unless it is told to accept them all the same.
			for interface in advertised() {
				set(&format!("ipv6/conf/{interface}/accept_ra"), "2")?;
			}
			set("ipv6/conf/all/forwarding", "1")?;
		}
		Ok(())
	})?
}

/// Interfaces that accept router advertisements as long as the host does not forward.
fn advertised() -> Vec<String> {
	let entries = fs::read_dir(Path::new(SYSCTL).join("ipv6/conf")).into_iter().flatten();
	let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
	names.filter(|name| is(&format!("ipv6/conf/{name}/accept_ra"), "1")).collect()
}

fn is(name: &str, value: &str) -> bool {
	fs::read_to_string(Path::new(SYSCTL).join(name)).is_ok_and(|found| found.trim() == value)
}

fn set(name: &str, value: &str) -> Result<(), ExitError> {
	if is(name, value) {
		return Ok(());
	}
	let path = Path::new(SYSCTL).join(name);
	let written: io::Result<()> = fs::write(&path, value);
	written.map_err(|error| ExitError::Kernel(path, error))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn routes_of_the_kernel_are_read() {
		let line = "eth0\t0000420A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0";
		let (interface, net) = route(line).unwrap();
		assert_eq!((interface, net.to_string().as_str()), ("eth0", "10.66.0.0/16"));
		let default = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0";
		assert_eq!(route(default).unwrap().1.prefix(), 0);
		assert!(route("Iface Destination Gateway").is_none());
	}
}
