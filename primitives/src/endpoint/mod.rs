// SPDX-License-Identifier: Apache-2.0

//! URLs of endpoints: the rules for a listing, and the origin of a URL.
//!
//! Pure text: nothing is resolved here. The probe transport of the node checks the address to which
//! it connects; this module refuses what is visible in the URL, so that a bad listing fails when it
//! is made.

mod address;

pub use address::{Reason, forbidden};

use crate::ServiceId;
use alloc::{format, vec::Vec};
use core::{
	fmt,
	net::{Ipv4Addr, Ipv6Addr},
	str::FromStr,
};
use frame_support::{BoundedVec, traits::ConstU32};
use sp_runtime::traits::{BlakeTwo256, Hash};

/// Maximum length of a host in bytes (the limit of DNS).
pub const MAX_HOST: u32 = 253;
/// Maximum number of labels of a host name, which bounds the look-ups of the deny list.
pub const MAX_LABELS: usize = 10;
/// Maximum length of a label of a host name in bytes (the limit of DNS).
const MAX_LABEL: usize = 63;
/// Top-level names below which no name is on the public internet.
const PRIVATE_ZONES: [&[u8]; 4] = [b"localhost", b"local", b"internal", b"arpa"];

/// Normalised host: lower case, no trailing dot, no port, IPv6 in brackets and in its shortest
/// form.
pub type Host = BoundedVec<u8, ConstU32<MAX_HOST>>;

/// Reason why a URL cannot be listed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
	/// Does not begin with `http://` or `https://`.
	Scheme,
	/// A space, a backslash, or anything but printable ASCII.
	Characters,
	/// User name or password.
	Credentials,
	/// Query string.
	Query,
	/// Fragment.
	Fragment,
	/// Host empty, malformed, or an address in an unusual notation.
	Host,
	/// Port malformed or 0.
	Port,
	/// Loopback, private or otherwise not on the public internet.
	Private,
	/// An IPv6 address: not every validator has IPv6, and all must see the same.
	Ipv6,
}

impl fmt::Display for Fault {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Scheme => "the URL must begin with http:// or https://",
			Self::Characters => "a space, a backslash or anything but printable ASCII",
			Self::Credentials => "user name or password",
			Self::Query => "query string",
			Self::Fragment => "fragment",
			Self::Host => "not a host name or a plain IP address, without scheme, port or path",
			Self::Port => "bad port",
			Self::Private => "not on the public internet",
			Self::Ipv6 => "IPv6 address, which not every validator reaches",
		})
	}
}

/// Origin of a URL: requests to equal origins reach the same server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin {
	/// Host, normalised.
	pub host: Host,
	/// Port; 80 or 443 unless the URL has one.
	pub port: u16,
	/// True for https.
	pub secure: bool,
}

/// Check a URL that is to be listed. Returns its origin.
pub fn check(url: &[u8], allow_private: bool) -> Result<Origin, Fault> {
	let (origin, host) = parse(url)?;
	match host {
		Parsed::V6(_) => Err(Fault::Ipv6),
		host if !allow_private && !host.is_public() => Err(Fault::Private),
		_ => Ok(origin),
	}
}

/// Origin of a URL, even if it may not be listed.
pub fn origin(url: &[u8]) -> Result<Origin, Fault> {
	parse(url).map(|(origin, _)| origin)
}

fn parse(url: &[u8]) -> Result<(Origin, Parsed), Fault> {
	if !url.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'\\') {
		return Err(Fault::Characters);
	}
	let (secure, rest) = match (url.strip_prefix(b"https://"), url.strip_prefix(b"http://")) {
		(Some(rest), _) => (true, rest),
		(_, Some(rest)) => (false, rest),
		_ => return Err(Fault::Scheme),
	};
	if rest.contains(&b'#') {
		return Err(Fault::Fragment);
	}
	if rest.contains(&b'?') {
		return Err(Fault::Query);
	}
	let authority = rest.split(|byte| *byte == b'/').next().unwrap_or_default();
	if authority.contains(&b'@') {
		return Err(Fault::Credentials);
	}
	let (host, port) = split_port(authority)?;
	let port = match port {
		Some(digits) => parse_port(digits)?,
		None if secure => 443,
		None => 80,
	};
	let host = parse_host(host)?;
	Ok((Origin { host: host.normalised()?, port, secure }, host))
}

/// Proof of control of an endpoint's host: the BLAKE2b-256 hash that must be served, as 64 hex
/// digits, at `scheme://host[:port]/.well-known/surety/<service>`. Only the owner of the host can
/// put it there, and it names the chain, the operator and the listing. No key signs, so any account
/// can sell, a multisig or a pure proxy too.
///
/// - `genesis`: hash of the genesis block, 32 bytes.
/// - `operator`: the encoded account of the operator.
pub fn control_hash(
	genesis: &[u8],
	operator: &[u8],
	service: ServiceId,
	endpoint: &[u8],
) -> [u8; 32] {
	BlakeTwo256::hash_of(&(b"surety:control", genesis, operator, service, endpoint)).0
}

/// Normalise a host as it is in a URL: a name, an IPv4 address, or an IPv6 address in brackets.
pub fn normalise(host: &[u8]) -> Result<Host, Fault> {
	parse_host(host)?.normalised()
}

/// Host and the names above it, the host first: the entries of a deny list that match the host.
pub fn lineage(host: &Host) -> impl Iterator<Item = Host> + '_ {
	let name = !host.starts_with(b"[") && Ipv4Addr::from_str(as_str(host)).is_err();
	let above = host.iter().enumerate().filter(move |(_, byte)| name && **byte == b'.');
	let above = above.filter_map(|(dot, _)| host.get(dot.checked_add(1)?..));
	core::iter::once(host.as_slice())
		.chain(above)
		.filter_map(|part| Host::try_from(part.to_vec()).ok())
}

/// Parsed host.
enum Parsed {
	Name(Vec<u8>),
	V4(Ipv4Addr),
	V6(Ipv6Addr),
}

impl Parsed {
	fn normalised(&self) -> Result<Host, Fault> {
		let text = match self {
			Self::Name(name) => name.clone(),
			Self::V4(address) => format!("{address}").into_bytes(),
			Self::V6(address) => format!("[{address}]").into_bytes(),
		};
		Host::try_from(text).map_err(|_| Fault::Host)
	}

	fn is_public(&self) -> bool {
		match self {
			Self::Name(name) => {
				let last = name.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
				name.contains(&b'.') && !PRIVATE_ZONES.contains(&last)
			},
			Self::V4(address) => forbidden((*address).into()).is_none(),
			Self::V6(address) => forbidden((*address).into()).is_none(),
		}
	}
}

/// Split `host[:port]`; a port is `None` only without a colon.
fn split_port(authority: &[u8]) -> Result<(&[u8], Option<&[u8]>), Fault> {
	// The colons inside the brackets of an IPv6 address are not those of the port.
	let close = authority.iter().position(|byte| *byte == b']');
	if authority.starts_with(b"[") && close.is_none() {
		return Err(Fault::Host);
	}
	let from = close.unwrap_or(0);
	let colon = authority.iter().skip(from).position(|byte| *byte == b':');
	let Some(at) = colon.and_then(|offset| from.checked_add(offset)) else {
		return Ok((authority, None));
	};
	let host = authority.get(..at).ok_or(Fault::Host)?;
	let port = at.checked_add(1).and_then(|next| authority.get(next..)).ok_or(Fault::Port)?;
	Ok((host, Some(port)))
}

/// Parse a port in plain decimal, 1 to 65535.
fn parse_port(digits: &[u8]) -> Result<u16, Fault> {
	// `u16::from_str` would also take "+80" and "0080".
	let plain = digits.iter().all(u8::is_ascii_digit) && digits.first() != Some(&b'0');
	if plain { u16::from_str(as_str(digits)).map_err(|_| Fault::Port) } else { Err(Fault::Port) }
}

fn parse_host(host: &[u8]) -> Result<Parsed, Fault> {
	if let Some(inside) = host.strip_prefix(b"[") {
		let inside = inside.strip_suffix(b"]").ok_or(Fault::Host)?;
		return Ipv6Addr::from_str(as_str(inside)).map(Parsed::V6).map_err(|_| Fault::Host);
	}
	let host = host.strip_suffix(b".").unwrap_or(host).to_ascii_lowercase();
	if ends_in_a_number(&host) {
		// Resolvers read 127.1, 0x7f.0.0.1 and 2130706433 as addresses too: only the plain form
		// passes.
		return Ipv4Addr::from_str(as_str(&host)).map(Parsed::V4).map_err(|_| Fault::Host);
	}
	let mut labels = 0usize;
	for label in host.split(|byte| *byte == b'.') {
		labels = labels.saturating_add(1);
		let plain = label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
		let hyphen = label.starts_with(b"-") || label.ends_with(b"-");
		if label.is_empty() || label.len() > MAX_LABEL || !plain || hyphen {
			return Err(Fault::Host);
		}
	}
	if labels > MAX_LABELS {
		return Err(Fault::Host);
	}
	Ok(Parsed::Name(host))
}

fn ends_in_a_number(host: &[u8]) -> bool {
	let last = host.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
	let decimal = !last.is_empty() && last.iter().all(u8::is_ascii_digit);
	let hex =
		last.strip_prefix(b"0x").is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
	decimal || hex
}

/// Text of bytes that are known to be ASCII; anything else reads as empty, which no parser takes.
fn as_str(bytes: &[u8]) -> &str {
	core::str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
	#![allow(clippy::arithmetic_side_effects)]

	use super::*;
	use proptest::prelude::*;

	fn host_of(url: &str) -> String {
		String::from_utf8(check(url.as_bytes(), false).expect(url).host.into_inner()).unwrap()
	}

	fn fault_of(url: &str) -> Fault {
		check(url.as_bytes(), false).expect_err(url)
	}

	#[test]
	fn plain_urls_pass_and_name_their_host() {
		for (url, host, port) in [
			("http://example.com", "example.com", 80),
			("https://example.com", "example.com", 443),
			("https://example.com/", "example.com", 443),
			("https://RPC.Example.COM./v1/key-abc", "rpc.example.com", 443),
			("http://example.com:65535/a/b@c:d", "example.com", 65_535),
			("http://8.8.8.8:1", "8.8.8.8", 1),
			("http://8.8.8.8.", "8.8.8.8", 80),
			("http://0x.example.com", "0x.example.com", 80),
			("http://a--b.x1.io", "a--b.x1.io", 80),
		] {
			assert_eq!(host_of(url), host, "{url}");
			assert_eq!(check(url.as_bytes(), false).unwrap().port, port, "{url}");
		}
	}

	#[test]
	fn only_http_and_https_pass() {
		for url in [
			"",
			"example.com",
			"ftp://example.com",
			"ws://example.com",
			"HTTP://example.com",
			"http:/e.com",
		] {
			assert_eq!(fault_of(url), Fault::Scheme, "{url}");
		}
	}

	#[test]
	fn credentials_query_and_fragment_are_refused() {
		assert_eq!(fault_of("http://user@example.com"), Fault::Credentials);
		assert_eq!(fault_of("http://user:secret@example.com/"), Fault::Credentials);
		assert_eq!(fault_of("http://example.com@127.0.0.1/"), Fault::Credentials);
		assert_eq!(fault_of("http://example.com/?key=1"), Fault::Query);
		assert_eq!(fault_of("http://example.com?"), Fault::Query);
		assert_eq!(fault_of("http://example.com/#top"), Fault::Fragment);
		assert_eq!(fault_of("http://example.com#@evil.org/"), Fault::Fragment);
	}

	#[test]
	fn bytes_that_are_not_printable_ascii_are_refused() {
		for url in [
			"http://example.com/a b",
			" http://example.com",
			"http://example.com\n",
			"http://example.com/\t",
			"http://example.com\\@evil.org",
			"http://ex\u{e4}mple.com",
			"http://example.com/\0",
			"http://example.com/\u{7f}",
		] {
			assert_eq!(fault_of(url), Fault::Characters, "{url:?}");
		}
	}

	#[test]
	fn malformed_hosts_are_refused() {
		let long_label = format!("http://{}.com", "a".repeat(64));
		let long_host = format!("http://{}com", format!("{}.", "a".repeat(50)).repeat(5));
		let many_labels = format!("http://{}com", "a.".repeat(MAX_LABELS));
		for url in [
			"http://",
			"https:///path",
			"http://.",
			"http://..",
			"http://.example.com",
			"http://example..com",
			"http://example.com..",
			"http://-a.com",
			"http://a-.com",
			"http://a_b.com",
			"http://a%2eb.com",
			"http://:80",
			"http://[::1",
			"http://[]",
			"http://[::1]x",
			"http://[fe80::1%25eth0]",
			"http://x[::1]",
			"http://[8.8.8.8]",
			&long_label,
			&long_host,
			&many_labels,
		] {
			assert_eq!(fault_of(url), Fault::Host, "{url}");
		}
	}

	#[test]
	fn addresses_in_unusual_notations_are_refused() {
		for url in [
			"http://127.1",
			"http://2130706433",
			"http://0x7f.0.0.1",
			"http://0x7f000001",
			"http://0177.0.0.1",
			"http://08.8.8.8",
			"http://1.2.3.4.5",
			"http://256.1.1.1",
			"http://example.1",
			"http://example.0x",
		] {
			assert_eq!(check(url.as_bytes(), true), Err(Fault::Host), "{url}");
		}
	}

	#[test]
	fn ports_are_plain_and_in_range() {
		for url in [
			"http://example.com:",
			"http://example.com:/",
			"http://example.com:0",
			"http://example.com:65536",
			"http://example.com:+80",
			"http://example.com:0080",
			"http://example.com:8o",
			"http://example.com:80:80",
			"http://[2606:4700::1]:",
			"http://2606:4700::1",
		] {
			assert_eq!(fault_of(url), Fault::Port, "{url}");
		}
	}

	#[test]
	fn private_addresses_and_names_are_refused_unless_allowed() {
		for url in [
			"http://localhost",
			"http://LOCALHOST.:9944",
			"http://db",
			"http://a.localhost",
			"http://printer.local",
			"http://metadata.google.internal",
			"http://1.0.168.192.in-addr.arpa",
			"http://0.0.0.0",
			"http://10.1.2.3",
			"http://100.64.0.1",
			"http://100.127.255.255",
			"http://127.0.0.1:8545",
			"http://127.0.0.1.",
			"http://168.63.129.16",
			"http://169.254.169.254",
			"http://172.16.0.1",
			"http://172.31.255.255",
			"http://192.0.0.8",
			"http://192.168.1.1",
			"http://192.88.99.1",
			"http://198.19.0.1",
			"http://224.0.0.1",
			"http://255.255.255.255",
		] {
			assert_eq!(fault_of(url), Fault::Private, "{url}");
			assert!(
				check(url.as_bytes(), true).is_ok(),
				"{url} where private endpoints are allowed"
			);
		}
	}

	#[test]
	fn ipv6_addresses_are_refused_but_have_an_origin() {
		for (url, host) in [
			("https://[2606:4700::1111]:8443/x", "[2606:4700::1111]"),
			("https://[2606:4700:0:0:0:0:0:1111]", "[2606:4700::1111]"),
			("http://[::1]", "[::1]"),
			("http://[::ffff:8.8.8.8]", "[::ffff:8.8.8.8]"),
		] {
			for allow_private in [false, true] {
				assert_eq!(check(url.as_bytes(), allow_private), Err(Fault::Ipv6), "{url}");
			}
			assert_eq!(origin(url.as_bytes()).unwrap().host.as_slice(), host.as_bytes(), "{url}");
			assert_eq!(normalise(host.as_bytes()).unwrap().as_slice(), host.as_bytes());
		}
	}

	#[test]
	fn public_neighbours_of_private_ranges_pass() {
		for url in [
			"http://9.255.255.255",
			"http://11.0.0.0",
			"http://100.63.255.255",
			"http://100.128.0.0",
			"http://172.15.0.1",
			"http://172.32.0.1",
			"http://192.0.1.1",
			"http://192.167.0.1",
			"http://198.17.0.1",
			"http://198.20.0.1",
			"http://223.255.255.255",
			"http://notlocalhost.com",
			"http://local.com",
		] {
			assert!(check(url.as_bytes(), false).is_ok(), "{url}");
		}
	}

	#[test]
	fn the_lineage_is_the_host_and_the_names_above_it() {
		let lineage = |host: &str| -> Vec<String> {
			super::lineage(&normalise(host.as_bytes()).unwrap())
				.map(|part| String::from_utf8(part.into_inner()).unwrap())
				.collect()
		};
		assert_eq!(
			lineage("A.b.Example.com."),
			["a.b.example.com", "b.example.com", "example.com", "com"]
		);
		assert_eq!(lineage("8.8.8.8"), ["8.8.8.8"]);
		assert_eq!(lineage("[2606::1]"), ["[2606::1]"]);
	}

	proptest! {
		#[test]
		fn no_url_panics(url in proptest::collection::vec(any::<u8>(), 0..300)) {
			let _ = check(&url, false);
			let _ = normalise(&url);
		}

		#[test]
		fn the_host_of_an_accepted_url_is_its_own_normal_form(tail in "[a-zA-Z0-9.:@/\\[\\]?#-]{0,40}") {
			if let Ok(origin) = check(format!("http://{tail}").as_bytes(), true) {
				prop_assert!(!origin.host.is_empty() && origin.port > 0);
				prop_assert_eq!(normalise(&origin.host), Ok(origin.host.clone()));
			}
		}
	}
}
