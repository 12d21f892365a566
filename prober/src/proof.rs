//! Proof of control: the operator's signature at the endpoint's host.

use crate::{Proof, json};
use alloc::{format, string::String, vec::Vec};
use sp_core::sr25519::{Public, Signature};
use surety_primitives::ServiceId;

/// What an operator signs (sr25519, with the operator's account) to prove control of an endpoint's host.
///
/// The signature is served at [`control_url`] as hex (`0x` or not, in quotes or not), or as its 64 bytes;
/// a `MultiSignature` (one byte `1` before it) will do too, and so will a signature over
/// `<Bytes>` + message + `</Bytes>`, which is what browser wallets sign.
pub fn control_message(genesis: &[u8; 32], service: ServiceId, endpoint: &[u8]) -> Vec<u8> {
	[b"surety:control:".as_slice(), genesis, &service.to_le_bytes(), endpoint].concat()
}

/// Where the signature is served: `scheme://host[:port]/.well-known/surety/<service>`. `None` if the
/// endpoint is no http(s) URL or has credentials in it.
pub fn control_url(endpoint: &str, service: ServiceId) -> Option<String> {
	let (scheme, rest) = endpoint.split_once("://")?;
	let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
	let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
	let good = known && !authority.is_empty() && !authority.contains('@');
	good.then(|| format!("{scheme}://{authority}/.well-known/surety/{service}"))
}

/// Whether what is served there is the operator's signature.
pub fn is_proof(served: &[u8], proof: &Proof, service: ServiceId, endpoint: &[u8]) -> bool {
	let Some(signature) = signature(served).map(Signature::from_raw) else { return false };
	let Ok(operator) = <[u8; 32]>::try_from(proof.operator.as_slice()).map(Public::from_raw) else {
		return false;
	};
	let message = control_message(&proof.genesis, service, endpoint);
	let verify = |message: &[u8]| sp_io::crypto::sr25519_verify(&signature, message, &operator);
	verify(&message) || verify(&[b"<Bytes>", message.as_slice(), b"</Bytes>"].concat())
}

/// The signature in what is served.
fn signature(served: &[u8]) -> Option<[u8; 64]> {
	if let Ok(raw) = <[u8; 64]>::try_from(served) {
		return Some(raw);
	}
	if let Ok(multi) = <[u8; 65]>::try_from(served) {
		return sr25519_of(&multi);
	}
	let text = served.trim_ascii();
	let text = text.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\"")).unwrap_or(text);
	json::hex::<64>(text).or_else(|| sr25519_of(&json::hex::<65>(text)?))
}

/// Encoded `MultiSignature::Sr25519`.
fn sr25519_of(multi: &[u8; 65]) -> Option<[u8; 64]> {
	multi.strip_prefix(&[1])?.try_into().ok()
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use sp_core::{Pair, sr25519};

	const ENDPOINT: &[u8] = b"https://rpc.example.org/v1";

	fn operator() -> (sr25519::Pair, Proof) {
		let pair = sr25519::Pair::from_seed(&[7; 32]);
		let proof = Proof { operator: pair.public().0.to_vec(), genesis: [3; 32], pending: false };
		(pair, proof)
	}

	fn hex(bytes: &[u8]) -> String {
		bytes.iter().map(|b| format!("{b:02x}")).collect()
	}

	#[test]
	fn the_file_is_at_the_root_of_the_host() {
		for (endpoint, url) in [
			("https://a.org/x/y", Some("https://a.org/.well-known/surety/7")),
			("http://a.org:8080", Some("http://a.org:8080/.well-known/surety/7")),
			("http://[::1]:80/x", Some("http://[::1]:80/.well-known/surety/7")),
			("https://a.org?x=/y", Some("https://a.org/.well-known/surety/7")),
			("https://a.org#x", Some("https://a.org/.well-known/surety/7")),
			("https://me:pw@a.org/", None),
			("https:///x", None),
			("ftp://a.org", None),
			("a.org", None),
			("", None),
		] {
			assert_eq!(control_url(endpoint, 7).as_deref(), url, "{endpoint}");
		}
	}

	#[test]
	fn every_form_of_the_right_signature_is_proof() {
		let (pair, proof) = operator();
		let message = control_message(&proof.genesis, 7, ENDPOINT);
		let raw = pair.sign(&message).0;
		let wrapped = pair.sign(&[b"<Bytes>", message.as_slice(), b"</Bytes>"].concat()).0;
		let multi = [&[1u8][..], &raw].concat();
		let forms: [Vec<u8>; 7] = [
			raw.to_vec(),
			multi.clone(),
			hex(&raw).into_bytes(),
			format!(" 0x{}\n", hex(&raw)).into_bytes(),
			format!("\"0x{}\"\r\n", hex(&raw)).into_bytes(),
			hex(&multi).into_bytes(),
			hex(&wrapped).into_bytes(),
		];
		for (i, form) in forms.iter().enumerate() {
			assert!(is_proof(form, &proof, 7, ENDPOINT), "form {i}");
		}
	}

	#[test]
	fn a_signature_for_anything_else_is_no_proof() {
		let (pair, proof) = operator();
		let other = sr25519::Pair::from_seed(&[8; 32]);
		let right = control_message(&proof.genesis, 7, ENDPOINT);
		let served = |pair: &sr25519::Pair, message: &[u8]| hex(&pair.sign(message).0).into_bytes();
		for (what, served) in [
			("another service", served(&pair, &control_message(&proof.genesis, 8, ENDPOINT))),
			("another chain", served(&pair, &control_message(&[4; 32], 7, ENDPOINT))),
			("another endpoint", served(&pair, &control_message(&proof.genesis, 7, b"https://b.org"))),
			("another account", served(&other, &right)),
			("ecdsa", [&[2u8][..], &pair.sign(&right).0].concat()),
			("nothing", Vec::new()),
			("a page", b"<html></html>".to_vec()),
			("half", hex(&pair.sign(&right).0[..32]).into_bytes()),
		] {
			assert!(!is_proof(&served, &proof, 7, ENDPOINT), "{what}");
		}
		let short = Proof { operator: proof.operator[..20].to_vec(), ..proof };
		assert!(!is_proof(&served(&pair, &right), &short, 7, ENDPOINT));
	}

	proptest! {
		#[test]
		fn arbitrary_bytes_are_no_proof(served: Vec<u8>, endpoint: String) {
			let (_, proof) = operator();
			prop_assert!(!is_proof(&served, &proof, 7, ENDPOINT));
			let _ = control_url(&endpoint, 7);
		}
	}
}
