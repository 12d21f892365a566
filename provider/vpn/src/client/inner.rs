// SPDX-License-Identifier: Apache-2.0

//! UDP in IPv4, as it travels inside the tunnel.

use std::net::{Ipv4Addr, SocketAddrV4};

const IP_HEADER: usize = 20;
const UDP_HEADER: usize = 8;
const UDP: u8 = 17;

/// Sum of 16-bit words in one's complement, not yet inverted.
fn sum(bytes: &[u8]) -> u32 {
	bytes.chunks(2).fold(0u32, |sum, pair| {
		let high = pair.first().copied().unwrap_or(0);
		let low = pair.get(1).copied().unwrap_or(0);
		let sum = sum.saturating_add(u16::from_be_bytes([high, low]).into());
		(sum & 0xffff).saturating_add(sum >> 16)
	})
}

fn checksum(parts: &[&[u8]]) -> u16 {
	let total = parts.iter().fold(0u32, |total, part| total.saturating_add(sum(part)));
	let total = (total & 0xffff).saturating_add(total >> 16);
	let total = (total & 0xffff).saturating_add(total >> 16);
	!u16::try_from(total & 0xffff).unwrap_or(0)
}

/// Packet from one socket address to another. `None` if the payload is too long for one.
pub fn build(
	from: SocketAddrV4,
	to: SocketAddrV4,
	identification: u16,
	payload: &[u8],
) -> Option<Vec<u8>> {
	let udp_length = u16::try_from(payload.len().checked_add(UDP_HEADER)?).ok()?;
	let length = udp_length.checked_add(20)?;
	let addresses = [from.ip().octets(), to.ip().octets()].concat();
	let header = |check: u16| {
		[
			// Version 4, five words of header; length; identification; no fragment; 64 hops.
			[0x45, 0].as_slice(),
			&length.to_be_bytes(),
			&identification.to_be_bytes(),
			&[0x40, 0, 64, UDP],
			&check.to_be_bytes(),
			&addresses,
		]
		.concat()
	};
	let ports = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
	let pseudo = [addresses.as_slice(), &[0, UDP], &udp_length.to_be_bytes()].concat();
	// 0 would mean that there is no checksum.
	let check = match checksum(&[&pseudo, &ports, &udp_length.to_be_bytes(), payload]) {
		0 => 0xffff,
		check => check,
	};
	let header = header(checksum(&[&header(0)]));
	Some(
		[&header, ports.as_slice(), &udp_length.to_be_bytes(), &check.to_be_bytes(), payload]
			.concat(),
	)
}

/// Sender, receiver and payload of a packet, if it is UDP in IPv4 and no fragment. Bytes after the
/// packet are padding of the tunnel. Checksums are left to the seal of the tunnel.
pub fn parse(packet: &[u8]) -> Option<(SocketAddrV4, SocketAddrV4, &[u8])> {
	let first = *packet.first()?;
	let words = usize::from(first & 0x0f);
	let header = words.checked_mul(4)?;
	let length = usize::from(u16_at(packet, 2)?);
	let fragment = u16_at(packet, 6)? & 0x3fff;
	let is_udp = first >> 4 == 4 && header >= IP_HEADER && *packet.get(9)? == UDP && fragment == 0;
	if !is_udp {
		return None;
	}
	let udp = packet.get(header..length)?;
	let address = |at: usize| {
		let octets: [u8; 4] = packet.get(at..at.checked_add(4)?)?.try_into().ok()?;
		Some(Ipv4Addr::from(octets))
	};
	let from = SocketAddrV4::new(address(12)?, u16_at(udp, 0)?);
	let to = SocketAddrV4::new(address(16)?, u16_at(udp, 2)?);
	let payload = udp.get(UDP_HEADER..usize::from(u16_at(udp, 4)?))?;
	Some((from, to, payload))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
	Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at.checked_add(1)?)?]))
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn checksums_are_right() {
		let from = "10.66.0.2:4000".parse().unwrap();
		let to = "93.184.216.34:9000".parse().unwrap();
		let packet = build(from, to, 7, b"odd").unwrap();
		assert_eq!(checksum(&[&packet[..20]]), 0);
		let pseudo = [&packet[12..20], &[0, UDP, 0, 11]].concat();
		assert_eq!(checksum(&[&pseudo, &packet[20..]]), 0);
		assert!(build(from, to, 7, &[0; 65_536]).is_none());
	}

	#[test]
	fn what_is_no_whole_udp_packet_is_nothing() {
		let from = "10.66.0.2:4000".parse().unwrap();
		let good = build(from, from, 7, b"nonce").unwrap();
		assert_eq!(parse(&good), Some((from, from, b"nonce".as_slice())));
		let with = |at: usize, byte: u8| {
			let mut packet = good.clone();
			packet[at] = byte;
			packet
		};
		for bad in
			[with(0, 0x65), with(0, 0x44), with(0, 0x4f), with(9, 6), with(6, 0x20), with(3, 255)]
		{
			assert_eq!(parse(&bad), None);
		}
		// A length below the header's of UDP, and one above the packet's.
		assert_eq!(parse(&with(25, 7)), None);
		assert_eq!(parse(&with(25, 200)), None);
	}

	proptest! {
		#[test]
		fn what_is_built_is_parsed(
			from: ([u8; 4], u16), to: ([u8; 4], u16), payload: Vec<u8>, padding: [u8; 15],
		) {
			let from = SocketAddrV4::new(from.0.into(), from.1);
			let to = SocketAddrV4::new(to.0.into(), to.1);
			let mut packet = build(from, to, 1, &payload).unwrap();
			packet.extend(padding);
			prop_assert_eq!(parse(&packet), Some((from, to, payload.as_slice())));
		}

		#[test]
		fn any_bytes_may_come_out_of_the_tunnel(bytes: Vec<u8>) {
			let _ = parse(&bytes);
		}
	}
}
