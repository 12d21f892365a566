// SPDX-License-Identifier: Apache-2.0

//! TLS against servers with invalid and hostile certificates.

use super::*;
use crate::probing::tls::client_with;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::{
	ClientConfig, DigitallySignedStruct, Error, HandshakeKind, RootCertStore, ServerConfig,
	SignatureScheme,
	client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
	crypto::ring::default_provider,
	pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime},
};
use std::sync::{Mutex, mpsc};
use tokio_rustls::TlsAcceptor;

fn params(name: &str, authority: bool) -> CertificateParams {
	let mut params = CertificateParams::new(vec!["localhost".into()]).unwrap();
	params.distinguished_name.push(DnType::CommonName, name);
	if authority {
		params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
		params.subject_alt_names.clear();
	}
	params
}

/// A single key for all certificates: only the certificates matter here.
struct Keys(KeyPair);

impl Keys {
	fn new() -> Self {
		Self(KeyPair::generate().unwrap())
	}

	/// Certificate for `subject`, signed by the authority named `issuer`.
	fn sign(&self, subject: &str, authority: bool, issuer: &str) -> CertificateDer<'static> {
		self.issue(params(subject, authority), issuer)
	}

	fn issue(&self, subject: CertificateParams, issuer: &str) -> CertificateDer<'static> {
		let issuer = Issuer::new(params(issuer, true), &self.0);
		subject.signed_by(&self.0, &issuer).unwrap().der().clone()
	}

	/// Trust store with the root that signs for "0".
	fn roots(&self) -> RootCertStore {
		let mut roots = RootCertStore::empty();
		roots.add(params("0", true).self_signed(&self.0).unwrap().der().clone()).unwrap();
		roots
	}

	/// Certificate of a server, and `intermediates` more up to the root.
	fn chain(&self, intermediates: usize) -> Vec<CertificateDer<'static>> {
		let above = (1..=intermediates)
			.rev()
			.map(|n| self.sign(&n.to_string(), true, &(n - 1).to_string()));
		[self.sign("localhost", false, &intermediates.to_string())]
			.into_iter()
			.chain(above)
			.collect()
	}

	fn server(
		&self,
		chain: Vec<CertificateDer<'static>>,
	) -> (Server, mpsc::Receiver<Option<HandshakeKind>>) {
		let key = PrivateKeyDer::try_from(self.0.serialize_der()).unwrap();
		let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
			.with_safe_default_protocol_versions()
			.unwrap()
			.with_no_client_auth()
			.with_single_cert(chain, key)
			.unwrap();
		let acceptor = TlsAcceptor::from(Arc::new(config));
		let (kind_to, kinds) = mpsc::channel();
		let kind_to = Arc::new(Mutex::new(kind_to));
		let server = Server::new(move |stream| {
			let (acceptor, kind_to) = (acceptor.clone(), kind_to.clone());
			async move {
				let Ok(mut stream) = acceptor.accept(stream).await else { return };
				let _ = kind_to.lock().unwrap().send(stream.get_ref().1.handshake_kind());
				let mut seen = [0; 1024];
				let _ = stream.read(&mut seen).await;
				let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
				let _ = stream.shutdown().await;
			}
		});
		(server, kinds)
	}
}

fn http_trusting(tls: ClientConfig, limits: Limits, metrics: Metrics) -> HttpRequests {
	let transport = Transport::new(resolver(), tls, None, limits, metrics, HashSet::new()).unwrap();
	HttpRequests::new(
		Arc::new(transport),
		AddressFilter { private: true, ..AddressFilter::default() },
	)
}

fn https(keys: &Keys) -> HttpRequests {
	http_trusting(client(keys.roots()).unwrap(), limits(), Metrics::default())
}

fn secure(server: &Server) -> String {
	format!("https://localhost:{}/", server.port)
}

#[test]
fn up_to_five_intermediates_are_accepted() {
	let keys = Keys::new();
	for (intermediates, expected) in [
		(0, HttpRequestStatus::Finished(200)),
		(5, HttpRequestStatus::Finished(200)),
		(6, HttpRequestStatus::IoError),
	] {
		let (server, _kinds) = keys.server(keys.chain(intermediates));
		assert_eq!(status(&mut https(&keys), &secure(&server)), expected, "{intermediates}");
	}
}

#[test]
fn a_chain_with_too_many_bytes_is_refused() {
	let keys = Keys::new();
	let mut long = params("localhost", false);
	let names = (0..1_500).map(|n| format!("a-very-long-name-{n}.example").try_into().unwrap());
	long.subject_alt_names.extend(names.map(rcgen::SanType::DnsName));
	let (server, _kinds) = keys.server(vec![keys.issue(long, "0")]);
	assert_eq!(status(&mut https(&keys), &secure(&server)), HttpRequestStatus::IoError);
}

#[test]
fn only_the_given_roots_are_trusted() {
	let keys = Keys::new();
	let (server, _kinds) = keys.server(keys.chain(1));
	assert_eq!(status(&mut https(&keys), &secure(&server)), HttpRequestStatus::Finished(200));
	assert_eq!(status(&mut https(&Keys::new()), &secure(&server)), HttpRequestStatus::IoError);
	assert_eq!(status(&mut http(), &secure(&server)), HttpRequestStatus::IoError);
	let other_name = format!("https://127.0.0.1:{}/", server.port);
	assert_eq!(status(&mut https(&keys), &other_name), HttpRequestStatus::IoError);
}

#[test]
fn every_connection_performs_a_full_handshake() {
	let keys = Keys::new();
	let (server, kinds) = keys.server(keys.chain(1));
	let mut http = https(&keys);
	for _ in 0..3 {
		let id = get(&mut http, &secure(&server));
		assert_eq!(body(&mut http, id).unwrap(), b"ok");
		assert_eq!(kinds.recv_timeout(Duration::from_secs(5)), Ok(Some(HandshakeKind::Full)));
	}
}

/// Six layers of intermediates with equal names, each signed by all of the layer above: 64 kB that
/// give a verifier millions of paths.
fn maze(keys: &Keys) -> Vec<CertificateDer<'static>> {
	let layers = (1..=6).flat_map(|layer| (0..24).map(move |_| layer));
	let above = layers
		.map(|layer| keys.sign(&format!("layer {layer}"), true, &format!("layer {}", layer + 1)));
	[keys.sign("localhost", false, "layer 1")].into_iter().chain(above).collect()
}

#[test]
fn a_maze_of_certificates_is_refused_unread() {
	let keys = Keys::new();
	let maze = maze(&keys);
	let bytes = maze.iter().map(|certificate| certificate.len()).sum::<usize>();
	assert!((50_000..65_000).contains(&bytes), "{bytes}");
	let (hostile, _kinds) = keys.server(maze);
	let (good, _kinds) = keys.server(keys.chain(1));
	let registry = Registry::new();
	let metrics = Metrics::new(Some(&registry)).unwrap();
	let limits =
		Limits { total: Duration::from_secs(10), handshake: Duration::from_secs(10), ..limits() };
	let mut http = http_trusting(client(keys.roots()).unwrap(), limits, metrics);
	let lost: Vec<_> = (0..32).map(|_| get(&mut http, &secure(&hostile))).collect();
	let id = get(&mut http, &secure(&good));
	assert_eq!(body(&mut http, id).unwrap(), b"ok");
	assert!(http.wait(&lost, after(15_000)).iter().all(|end| *end == HttpRequestStatus::IoError));
	// Each request failed for its certificates, and none for its time.
	assert_eq!(failures(&registry, "tls"), 32.0);
	assert_eq!(failures(&registry, "timeout"), 0.0);
}

/// Verifier that blocks for certificates of 127.0.0.1 and returns at once for names.
#[derive(Debug)]
struct SlowVerifier;

const VERIFY_TIME: Duration = Duration::from_secs(2);

impl ServerCertVerifier for SlowVerifier {
	fn verify_server_cert(
		&self,
		_: &CertificateDer<'_>,
		_: &[CertificateDer<'_>],
		name: &ServerName<'_>,
		_: &[u8],
		_: UnixTime,
	) -> Result<ServerCertVerified, Error> {
		if matches!(name, ServerName::IpAddress(_)) {
			std::thread::sleep(VERIFY_TIME);
		}
		Ok(ServerCertVerified::assertion())
	}

	fn verify_tls12_signature(
		&self,
		_: &[u8],
		_: &CertificateDer<'_>,
		_: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, Error> {
		Ok(HandshakeSignatureValid::assertion())
	}

	fn verify_tls13_signature(
		&self,
		_: &[u8],
		_: &CertificateDer<'_>,
		_: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, Error> {
		Ok(HandshakeSignatureValid::assertion())
	}

	fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
		default_provider().signature_verification_algorithms.supported_schemes()
	}
}

fn http_with_slow_verifier(limits: Limits) -> HttpRequests {
	let tls = client_with(Arc::new(default_provider()), Arc::new(SlowVerifier)).unwrap();
	http_trusting(tls, limits, Metrics::default())
}

#[test]
fn slow_handshakes_delay_no_other_and_add_no_latency() {
	let keys = Keys::new();
	let (server, _kinds) = keys.server(keys.chain(0));
	let plain = Server::responding("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
	let long = Duration::from_secs(60);
	let mut http = http_with_slow_verifier(Limits { total: long, handshake: long, ..limits() });
	let slow: Vec<_> =
		(0..4).map(|_| get(&mut http, &format!("https://127.0.0.1:{}/", server.port))).collect();
	// Wait until all handshake threads are busy.
	std::thread::sleep(VERIFY_TIME / 4);

	let asked = Instant::now();
	let id = get(&mut http, &plain.url());
	let secured = get(&mut http, &secure(&server));
	assert_eq!(body(&mut http, id).unwrap(), b"ok");
	// A plain request completes while all handshake threads are busy.
	for end in http.wait(&slow, after(0)) {
		assert_eq!(end, HttpRequestStatus::DeadlineReached);
	}

	// A secure request waits in the queue, and the wait does not count as latency.
	assert_eq!(http.wait(&[secured], None), [HttpRequestStatus::Finished(200)]);
	let stood = asked.elapsed();
	assert!(stood > VERIFY_TIME / 2, "{stood:?}");
	let elapsed = header(&mut http, secured, ELAPSED_HEADER)[0].parse().unwrap();
	assert!(Duration::from_micros(elapsed) < stood - VERIFY_TIME / 2, "{elapsed} us of {stood:?}");
	assert!(http.wait(&slow, None).iter().all(|end| *end == HttpRequestStatus::Finished(200)));
}

#[test]
fn a_handshake_has_its_own_time_limit() {
	let silent = Server::new(|stream| async move {
		let _stream = stream;
		std::future::pending().await
	});
	let registry = Registry::new();
	let metrics = Metrics::new(Some(&registry)).unwrap();
	let limits = Limits {
		total: Duration::from_secs(60),
		handshake: Duration::from_millis(300),
		..limits()
	};
	let mut http = HttpRequests::new(
		counted(limits, metrics),
		AddressFilter { private: true, ..AddressFilter::default() },
	);
	assert_eq!(status(&mut http, &secure(&silent)), HttpRequestStatus::IoError);
	assert_eq!(failures(&registry, "tls"), 1.0);
}
