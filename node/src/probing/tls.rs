// SPDX-License-Identifier: Apache-2.0

//! TLS of a probe: trusted roots, limits on certificates, and threads for handshakes.
//!
//! A stranger decides how much work a certificate check is: path building tries the server's
//! certificates in every order. Long chains are therefore refused unread, and handshakes run on
//! dedicated threads, so that timers, bodies and DNS lookups proceed in the meantime.

use super::failure::Failure;
use hyper::Uri;
use rustls::{
	ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
	client::{
		Resumption, WebPkiServerVerifier,
		danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
	},
	crypto::CryptoProvider,
	pki_types::{CertificateDer, ServerName, UnixTime},
};
use std::{
	fmt,
	future::Future,
	io,
	pin::Pin,
	sync::{Arc, Mutex, PoisonError},
	task::{Context, Poll, Wake, Waker},
	time::{Duration, Instant},
};
use tokio::{
	net::TcpStream,
	runtime::{Handle, Runtime},
	task::JoinSet,
	time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Threads for handshakes.
const THREADS: usize = 2;
/// Maximum number of intermediate certificates. Public chains have one to three. All orders of five
/// are 326 paths, which take less than a millisecond to refuse.
const MAX_INTERMEDIATES: usize = 5;
/// Maximum length of a chain in bytes, leaf included. Public chains have 3 to 8 kB.
const MAX_CHAIN: usize = 32 * 1024;

/// Mozilla's root programme as compiled in. The machine's own roots are not used: honest probers
/// must see the same result.
pub fn public_roots() -> RootCertStore {
	RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// TLS configuration that trusts `roots`.
pub fn client(roots: RootCertStore) -> io::Result<ClientConfig> {
	// The provider is explicit because the process may link more than one.
	let provider = Arc::new(rustls::crypto::ring::default_provider());
	let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
		.build()
		.map_err(io::Error::other)?;
	client_with(provider, Arc::new(ShortChains { inner }))
}

/// TLS configuration with a custom `verifier`.
pub fn client_with(
	provider: Arc<CryptoProvider>,
	verifier: Arc<dyn ServerCertVerifier>,
) -> io::Result<ClientConfig> {
	let mut config = ClientConfig::builder_with_provider(provider)
		.with_safe_default_protocol_versions()
		.map_err(io::Error::other)?
		.dangerous()
		.with_custom_certificate_verifier(verifier)
		.with_no_client_auth();
	config.alpn_protocols = vec![b"http/1.1".to_vec()];
	// A resumed session shows no certificate, so an expired or revoked one would stay unnoticed.
	config.resumption = Resumption::disabled();
	Ok(config)
}

/// Verifier that refuses oversized chains before any path is built.
#[derive(Debug)]
struct ShortChains {
	inner: Arc<WebPkiServerVerifier>,
}

#[derive(Debug)]
struct ChainTooLong;

impl fmt::Display for ChainTooLong {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "more than {MAX_INTERMEDIATES} intermediate certificates or {MAX_CHAIN} bytes")
	}
}

impl std::error::Error for ChainTooLong {}

impl ServerCertVerifier for ShortChains {
	fn verify_server_cert(
		&self,
		end_entity: &CertificateDer<'_>,
		intermediates: &[CertificateDer<'_>],
		server_name: &ServerName<'_>,
		ocsp_response: &[u8],
		now: UnixTime,
	) -> Result<ServerCertVerified, Error> {
		let lengths = intermediates.iter().chain([end_entity]).map(|certificate| certificate.len());
		if intermediates.len() > MAX_INTERMEDIATES
			|| lengths.fold(0, usize::saturating_add) > MAX_CHAIN
		{
			return Err(Error::Other(OtherError(Arc::new(ChainTooLong))));
		}
		self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
	}

	fn verify_tls12_signature(
		&self,
		message: &[u8],
		certificate: &CertificateDer<'_>,
		signature: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, Error> {
		self.inner.verify_tls12_signature(message, certificate, signature)
	}

	fn verify_tls13_signature(
		&self,
		message: &[u8],
		certificate: &CertificateDer<'_>,
		signature: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, Error> {
		self.inner.verify_tls13_signature(message, certificate, signature)
	}

	fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
		self.inner.supported_verify_schemes()
	}
}

/// TLS handshakes on dedicated threads.
pub struct TlsHandshaker {
	runtime: Option<Runtime>,
	handle: Handle,
	connector: TlsConnector,
	/// Maximum time of one handshake.
	limit: Duration,
}

impl TlsHandshaker {
	/// Start the threads.
	pub fn new(config: ClientConfig, limit: Duration) -> io::Result<Self> {
		// This runtime drives no timers and no sockets: those stay with the runtime that opened the
		// stream.
		let runtime = tokio::runtime::Builder::new_multi_thread()
			.worker_threads(THREADS)
			.thread_name("probe-tls")
			.build()?;
		Ok(Self {
			handle: runtime.handle().clone(),
			runtime: Some(runtime),
			connector: TlsConnector::from(Arc::new(config)),
			limit,
		})
	}

	/// Perform a handshake with the host of `uri`. Also returns the time spent waiting for a free
	/// thread.
	pub async fn handshake(
		&self,
		uri: &Uri,
		stream: TcpStream,
	) -> Result<(TlsStream<TcpStream>, Duration), Failure> {
		let host = uri.host().unwrap_or_default();
		let name = ServerName::try_from(host.to_string()).map_err(|_| Failure::Tls)?;
		// Dropping this future drops the set, which aborts the handshake.
		let mut task = JoinSet::new();
		task.spawn_on(QueueTimed::new(self.connector.connect(name, stream)), &self.handle);
		match timeout(self.limit, task.join_next()).await {
			Ok(Some(Ok((Ok(stream), queued)))) => Ok((stream, queued)),
			Ok(Some(Ok((Err(error), _)))) => {
				log::debug!(target: super::LOG_TARGET, "{uri}: {error}");
				Err(Failure::Tls)
			},
			_ => Err(Failure::Tls),
		}
	}
}

impl Drop for TlsHandshaker {
	fn drop(&mut self) {
		if let Some(runtime) = self.runtime.take() {
			// Does not block, so that dropping inside an async task is allowed.
			runtime.shutdown_background();
		}
	}
}

/// Future that measures its queueing time: the sum of the delays from each wake to the poll that
/// follows.
struct QueueTimed<F> {
	work: Pin<Box<F>>,
	waker: Arc<TimedWaker>,
	queued: Duration,
}

impl<F> QueueTimed<F> {
	fn new(work: F) -> Self {
		// A new future is ready to be polled.
		let state = WakeState { since: Some(Instant::now()), task: None };
		Self {
			work: Box::pin(work),
			waker: Arc::new(TimedWaker(Mutex::new(state))),
			queued: Duration::ZERO,
		}
	}
}

impl<F: Future> Future for QueueTimed<F> {
	type Output = (F::Output, Duration);

	fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
		let since = {
			let mut state = self.waker.0.lock().unwrap_or_else(PoisonError::into_inner);
			state.task = Some(context.waker().clone());
			state.since.take()
		};
		self.queued =
			self.queued.saturating_add(since.map_or(Duration::ZERO, |since| since.elapsed()));
		let waker = Waker::from(self.waker.clone());
		let queued = self.queued;
		self.work.as_mut().poll(&mut Context::from_waker(&waker)).map(|output| (output, queued))
	}
}

/// Waker that records the time of the first wake since the last poll.
struct TimedWaker(Mutex<WakeState>);

struct WakeState {
	since: Option<Instant>,
	task: Option<Waker>,
}

impl Wake for TimedWaker {
	fn wake(self: Arc<Self>) {
		self.wake_by_ref();
	}

	fn wake_by_ref(self: &Arc<Self>) {
		let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		state.since.get_or_insert_with(Instant::now);
		if let Some(task) = &state.task {
			task.wake_by_ref();
		}
	}
}
