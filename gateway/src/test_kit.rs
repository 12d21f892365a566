// SPDX-License-Identifier: Apache-2.0

//! Fixtures of several rooms' tests.

use base64::{Engine, engine::general_purpose::STANDARD};

/// Self-signed certificate and its key, both as PEM.
pub struct SelfSigned {
	pub certificate: String,
	pub key: String,
}

impl SelfSigned {
	/// Certificate for a host.
	pub fn new(host: &str) -> Self {
		let made = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
		Self {
			certificate: pem("CERTIFICATE", made.cert.der()),
			key: pem("PRIVATE KEY", &made.signing_key.serialize_der()),
		}
	}
}

fn pem(label: &str, der: &[u8]) -> String {
	format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}
