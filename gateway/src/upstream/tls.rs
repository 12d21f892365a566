// SPDX-License-Identifier: Apache-2.0

//! TLS towards endpoints.
//!
//! A stranger decides how much work a certificate check is: path building tries the server's
//! certificates in every order. Long chains are therefore refused unread.

use rustls::{
	ClientConfig, DigitallySignedStruct, Error as RustlsError, OtherError, RootCertStore,
	SignatureScheme,
	client::{
		WebPkiServerVerifier,
		danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
	},
	crypto::ring,
	pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use std::{error::Error, fmt, path::Path, sync::Arc};

/// Maximum number of intermediate certificates. Public chains have one to three.
const MAX_INTERMEDIATES: usize = 5;
/// Maximum length of a chain in bytes, leaf included. Public chains have 3 to 8 kB.
const MAX_CHAIN: usize = 32 * 1024;

/// Reason why there is no TLS configuration.
#[derive(Debug)]
pub struct TlsError(String);

impl fmt::Display for TlsError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.0)
	}
}

impl Error for TlsError {}

/// TLS configuration that trusts Mozilla's root programme as compiled in.
///
/// - `extra`: PEM file with more roots, for private networks and tests.
///
/// Errors: the file is not readable or has no usable certificate.
pub fn client_config(extra: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
	let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
	if let Some(path) = extra {
		let fault = |error: &dyn fmt::Display| TlsError(format!("{}: {error}", path.display()));
		let found = CertificateDer::pem_file_iter(path)
			.and_then(Iterator::collect::<Result<Vec<_>, _>>)
			.map_err(|error| fault(&error))?;
		if found.is_empty() {
			return Err(fault(&"no certificate"));
		}
		for root in found {
			roots.add(root).map_err(|error| fault(&error))?;
		}
	}
	// The provider is explicit because the process may link more than one.
	let provider = Arc::new(ring::default_provider());
	let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
		.build()
		.map_err(|error| TlsError(error.to_string()))?;
	let mut config = ClientConfig::builder_with_provider(provider)
		.with_safe_default_protocol_versions()
		.map_err(|error| TlsError(error.to_string()))?
		.dangerous()
		.with_custom_certificate_verifier(Arc::new(ShortChains { inner }))
		.with_no_client_auth();
	config.alpn_protocols = vec![b"http/1.1".to_vec()];
	Ok(Arc::new(config))
}

/// Certificate check that refuses long chains before any work is done.
#[derive(Debug)]
struct ShortChains {
	inner: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for ShortChains {
	fn verify_server_cert(
		&self,
		leaf: &CertificateDer<'_>,
		intermediates: &[CertificateDer<'_>],
		name: &ServerName<'_>,
		ocsp: &[u8],
		now: UnixTime,
	) -> Result<ServerCertVerified, RustlsError> {
		let bytes = intermediates.iter().fold(leaf.len(), |sum, one| sum.saturating_add(one.len()));
		if intermediates.len() > MAX_INTERMEDIATES || bytes > MAX_CHAIN {
			let fault = Arc::new(TlsError("chain of certificates too long".into()));
			return Err(RustlsError::Other(OtherError(fault)));
		}
		self.inner.verify_server_cert(leaf, intermediates, name, ocsp, now)
	}

	fn verify_tls12_signature(
		&self,
		message: &[u8],
		certificate: &CertificateDer<'_>,
		signature: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, RustlsError> {
		self.inner.verify_tls12_signature(message, certificate, signature)
	}

	fn verify_tls13_signature(
		&self,
		message: &[u8],
		certificate: &CertificateDer<'_>,
		signature: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, RustlsError> {
		self.inner.verify_tls13_signature(message, certificate, signature)
	}

	fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
		self.inner.supported_verify_schemes()
	}
}
