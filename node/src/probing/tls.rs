//! TLS of a probe: whom it trusts, what it refuses to look at, and the threads on which hands are shaken.
//!
//! Checking a certificate is work that a stranger sets: path building tries the certificates that the server
//! sends in every order. So a long chain is refused unread, and handshakes run on threads of their own: however
//! long one of them computes, timers, bodies and name look-ups go on.

use super::connector::Failure;
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

/// Threads that shake hands.
const THREADS: usize = 2;
/// Most intermediate certificates. Public chains have one to three; all orders of five are 326 paths, which
/// take less than a millisecond to refuse.
const MAX_INTERMEDIATES: usize = 5;
/// Longest chain in bytes, the server's own certificate included. Public ones have 3 to 8 kB.
const MAX_CHAIN: usize = 32 * 1024;

/// The roots of Mozilla's programme as compiled in, not those of the machine: honest probers must see the same.
pub fn public_roots() -> RootCertStore {
	RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// A client that trusts `roots`.
pub fn client(roots: RootCertStore) -> io::Result<ClientConfig> {
	// Named, because the process may have more than one rustls provider.
	let provider = Arc::new(rustls::crypto::ring::default_provider());
	let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
		.build()
		.map_err(io::Error::other)?;
	client_with(provider, Arc::new(ShortChains { inner }))
}

/// A client that leaves it to `verifier` whom it trusts.
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
	// A resumed session shows no certificate: one that has expired or was revoked would go unseen.
	config.resumption = Resumption::disabled();
	Ok(config)
}

/// Refuses chains over the caps before any path is built, and leaves the rest to the standard verifier.
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

/// Threads for handshakes.
pub struct Handshakes {
	runtime: Option<Runtime>,
	handle: Handle,
	connector: TlsConnector,
	/// Most time for one.
	patience: Duration,
}

impl Handshakes {
	/// Threads that shake hands as `config` says.
	pub fn new(config: ClientConfig, patience: Duration) -> io::Result<Self> {
		// No timers and no sockets are driven here: those of a stream stay with the runtime that opened it.
		let runtime = tokio::runtime::Builder::new_multi_thread()
			.worker_threads(THREADS)
			.thread_name("probe-tls")
			.build()?;
		Ok(Self {
			handle: runtime.handle().clone(),
			runtime: Some(runtime),
			connector: TlsConnector::from(Arc::new(config)),
			patience,
		})
	}

	/// TLS over `stream` with the host of `uri`, and how long it stood in the queue for a thread of ours.
	pub async fn shake(
		&self,
		uri: &Uri,
		stream: TcpStream,
	) -> Result<(TlsStream<TcpStream>, Duration), Failure> {
		let host = uri.host().unwrap_or_default();
		let name = ServerName::try_from(host.to_string()).map_err(|_| Failure::Tls)?;
		// Dropped with this future, the set aborts the handshake.
		let mut task = JoinSet::new();
		task.spawn_on(Queued::new(self.connector.connect(name, stream)), &self.handle);
		match timeout(self.patience, task.join_next()).await {
			Ok(Some(Ok((Ok(stream), queued)))) => Ok((stream, queued)),
			Ok(Some(Ok((Err(error), _)))) => {
				log::debug!(target: super::LOG, "{uri}: {error}");
				Err(Failure::Tls)
			},
			_ => Err(Failure::Tls),
		}
	}
}

impl Drop for Handshakes {
	fn drop(&mut self) {
		if let Some(runtime) = self.runtime.take() {
			// Does not wait, so that dropping it inside an async task is no error.
			runtime.shutdown_background();
		}
	}
}

/// A future, and how long it could have gone on but had no thread: from each wake to the poll that follows.
struct Queued<F> {
	work: Pin<Box<F>>,
	bell: Arc<Bell>,
	queued: Duration,
}

impl<F> Queued<F> {
	fn new(work: F) -> Self {
		// It is ready from the start.
		let rung = Rung { since: Some(Instant::now()), task: None };
		Self {
			work: Box::pin(work),
			bell: Arc::new(Bell(Mutex::new(rung))),
			queued: Duration::ZERO,
		}
	}
}

impl<F: Future> Future for Queued<F> {
	type Output = (F::Output, Duration);

	fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
		let since = {
			let mut rung = self.bell.0.lock().unwrap_or_else(PoisonError::into_inner);
			rung.task = Some(context.waker().clone());
			rung.since.take()
		};
		self.queued =
			self.queued.saturating_add(since.map_or(Duration::ZERO, |since| since.elapsed()));
		let waker = Waker::from(self.bell.clone());
		let queued = self.queued;
		self.work.as_mut().poll(&mut Context::from_waker(&waker)).map(|output| (output, queued))
	}
}

/// Wakes a task and remembers when.
struct Bell(Mutex<Rung>);

struct Rung {
	since: Option<Instant>,
	task: Option<Waker>,
}

impl Wake for Bell {
	fn wake(self: Arc<Self>) {
		self.wake_by_ref();
	}

	fn wake_by_ref(self: &Arc<Self>) {
		let mut rung = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		rung.since.get_or_insert_with(Instant::now);
		if let Some(task) = &rung.task {
			task.wake_by_ref();
		}
	}
}
