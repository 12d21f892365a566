// SPDX-License-Identifier: Apache-2.0

//! Certificate and key of a listener, loaded again when their files change.

use super::FrontError;
use arc_swap::ArcSwap;
use rustls::{
	ServerConfig,
	crypto::ring,
	pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
	server::{ClientHello, ResolvesServerCert},
	sign::CertifiedKey,
};
use std::{
	path::{Path, PathBuf},
	sync::Arc,
	time::SystemTime,
};

/// Files of a listener's certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsFiles {
	/// PEM: the certificate and its intermediates.
	pub certificate: PathBuf,
	/// PEM: the private key.
	pub key: PathBuf,
}

/// Certificate in use. New handshakes see a reloaded one, open connections keep theirs.
#[derive(Debug)]
pub struct Certificate {
	files: TlsFiles,
	current: ArcSwap<Loaded>,
}

#[derive(Debug)]
struct Loaded {
	key: Arc<CertifiedKey>,
	stamp: Stamp,
}

/// Times of change and lengths of both files.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl Certificate {
	/// Load the files.
	///
	/// Errors: [`FrontError::File`], [`FrontError::Tls`].
	pub fn load(files: TlsFiles) -> Result<Arc<Self>, FrontError> {
		let current = ArcSwap::from_pointee(read(&files)?);
		Ok(Arc::new(Self { files, current }))
	}

	/// Load the files again if they changed. The certificate in use stays if the new one is not
	/// usable, for example because only one of two files is written so far. Returns true if a new
	/// one is in use.
	///
	/// Errors: as [`load`](Self::load).
	pub fn reload(&self) -> Result<bool, FrontError> {
		if stamp(&self.files) == self.current.load().stamp {
			return Ok(false);
		}
		self.current.store(Arc::new(read(&self.files)?));
		Ok(true)
	}

	/// Server side of TLS with this certificate, with HTTP/2 and HTTP/1.1.
	///
	/// Errors: [`FrontError::Tls`].
	pub fn config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, FrontError> {
		let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
			.with_safe_default_protocol_versions()
			.map_err(FrontError::Tls)?
			.with_no_client_auth()
			.with_cert_resolver(self.clone());
		config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
		config.session_storage = rustls::server::ServerSessionMemoryCache::new(8_192);
		if let Ok(ticketer) = ring::Ticketer::new() {
			config.ticketer = ticketer;
		}
		Ok(Arc::new(config))
	}
}

impl ResolvesServerCert for Certificate {
	fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
		Some(self.current.load().key.clone())
	}
}

fn read(files: &TlsFiles) -> Result<Loaded, FrontError> {
	// The stamp first: files that change meanwhile are read once more the next time.
	let stamp = stamp(files);
	let fault = |path: &Path, error: &dyn std::fmt::Display| {
		FrontError::File(path.to_owned(), error.to_string())
	};
	let path = &files.certificate;
	let chain = CertificateDer::pem_file_iter(path)
		.and_then(Iterator::collect::<Result<Vec<_>, _>>)
		.map_err(|error| fault(path, &error))?;
	if chain.is_empty() {
		return Err(fault(path, &"no certificate"));
	}
	let path = &files.key;
	let key = PrivateKeyDer::from_pem_file(path).map_err(|error| fault(path, &error))?;
	let key =
		CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(FrontError::Tls)?;
	Ok(Loaded { key: Arc::new(key), stamp })
}

fn stamp(files: &TlsFiles) -> Stamp {
	[&files.certificate, &files.key].map(|path| {
		let data = std::fs::metadata(path).ok()?;
		Some((data.modified().ok()?, data.len()))
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::test_kit::SelfSigned;

	fn write(files: &TlsFiles, name: &str) {
		let made = SelfSigned::new(name);
		std::fs::write(&files.certificate, made.certificate).unwrap();
		std::fs::write(&files.key, made.key).unwrap();
	}

	fn files(directory: &Path) -> TlsFiles {
		TlsFiles { certificate: directory.join("cert.pem"), key: directory.join("key.pem") }
	}

	#[test]
	fn changed_files_are_loaded_and_broken_ones_are_not() {
		let directory = tempfile::tempdir().unwrap();
		let files = files(directory.path());
		write(&files, "a.org");
		let certificate = Certificate::load(files.clone()).unwrap();
		let leaf = |of: &Certificate| of.current.load().key.cert[0].clone();
		let first = leaf(&certificate);
		assert!(!certificate.reload().unwrap());

		write(&files, "longer-name.org");
		assert!(certificate.reload().unwrap());
		let second = leaf(&certificate);
		assert_ne!(first, second);

		std::fs::write(&files.key, "-----BEGIN").unwrap();
		assert!(
			matches!(certificate.reload(), Err(FrontError::File(path, _)) if path == files.key)
		);
		assert_eq!(leaf(&certificate), second);
	}

	#[test]
	fn a_key_of_another_certificate_is_refused() {
		let directory = tempfile::tempdir().unwrap();
		let files = files(directory.path());
		write(&files, "a.org");
		std::fs::write(&files.key, SelfSigned::new("b.org").key).unwrap();
		assert!(matches!(Certificate::load(files), Err(FrontError::Tls(_))));
	}

	#[test]
	fn a_file_without_certificate_is_named() {
		let directory = tempfile::tempdir().unwrap();
		let files = files(directory.path());
		write(&files, "a.org");
		std::fs::write(&files.certificate, "").unwrap();
		let refused = Certificate::load(files.clone()).unwrap_err().to_string();
		assert!(refused.contains("cert.pem: no certificate"), "{refused}");
		std::fs::remove_file(&files.certificate).unwrap();
		assert!(Certificate::load(files).is_err());
	}
}
