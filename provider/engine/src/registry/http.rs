// SPDX-License-Identifier: Apache-2.0

//! Bounded HTTPS requests to addresses that strangers name.
//!
//! A tenant names the registry, a registry names the server of its tokens and of its blobs. So
//! every host is resolved here, every address judged, and the connection made to the very address
//! that was judged. Redirects are followed by the caller's count, and carry no login elsewhere.

use crate::{Cidr, EngineError, Settings, cidr::forbidden};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{
	ClientConfig, RootCertStore,
	pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use std::{
	collections::BTreeSet,
	net::{IpAddr, SocketAddr},
	sync::Arc,
	time::Duration,
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

/// Time to connect to one address.
const CONNECT: Duration = Duration::from_secs(5);
/// Redirects that are followed.
const REDIRECTS: usize = 5;

/// Answer of a server.
pub(crate) struct Answer {
	/// Status.
	pub status: StatusCode,
	/// Headers.
	pub headers: HeaderMap,
	/// Body.
	pub body: Bytes,
}

/// Client of registries.
pub(crate) struct Http {
	tls: TlsConnector,
	forbidden: Vec<Cidr>,
	private: BTreeSet<String>,
}

fn down(host: &str, reason: impl std::fmt::Display) -> EngineError {
	EngineError::Unavailable(format!("registry {host}: {reason}"))
}

impl Http {
	/// Client with the roots and exceptions of the settings.
	pub fn new(settings: &Settings) -> Result<Self, EngineError> {
		let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
		if let Some(path) = &settings.roots {
			let wrong = |e: &dyn std::fmt::Display| {
				EngineError::Refused(format!("roots {}: {e}", path.display()))
			};
			for certificate in CertificateDer::pem_file_iter(path).map_err(|e| wrong(&e))? {
				roots.add(certificate.map_err(|e| wrong(&e))?).map_err(|e| wrong(&e))?;
			}
		}
		let provider = Arc::new(rustls::crypto::ring::default_provider());
		let config = ClientConfig::builder_with_provider(provider)
			.with_safe_default_protocol_versions()
			.map_err(|e| EngineError::Refused(format!("TLS: {e}")))?
			.with_root_certificates(roots)
			.with_no_client_auth();
		Ok(Self {
			tls: TlsConnector::from(Arc::new(config)),
			forbidden: forbidden(&settings.forbidden),
			private: settings.private_registries.clone(),
		})
	}

	/// URL of a path at a registry: plain HTTP for an allowed one on loopback, otherwise HTTPS.
	pub fn url(&self, registry: &str, path: &str) -> String {
		let scheme = if self.is_plain(registry) { "http" } else { "https" };
		format!("{scheme}://{registry}{path}")
	}

	fn is_plain(&self, authority: &str) -> bool {
		let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
		let loopback =
			host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
		loopback && self.private.contains(authority)
	}

	/// Addresses of a host that may be connected to.
	async fn resolve(&self, authority: &str, port: u16) -> Result<Vec<SocketAddr>, EngineError> {
		let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
		let found = timeout(CONNECT, tokio::net::lookup_host((host, port)))
			.await
			.map_err(|_| down(authority, "the name is not resolved in time"))?
			.map_err(|e| down(authority, format!("the name is not resolved: {e}")))?;
		let found: Vec<SocketAddr> = found.take(8).collect();
		let allowed = |address: &SocketAddr| {
			self.private.contains(authority)
				|| !self.forbidden.iter().any(|range| range.contains(address.ip()))
		};
		let good: Vec<SocketAddr> = found.iter().copied().filter(allowed).collect();
		if good.is_empty() && !found.is_empty() {
			return Err(EngineError::Image(format!(
				"registry {authority} has a private address; the operator allows it with \
				 private-registries"
			)));
		}
		Ok(good)
	}

	/// GET with redirects. `authorization` goes to the first host only.
	pub async fn get(
		&self,
		url: &str,
		accept: &str,
		authorization: Option<&str>,
		max_bytes: usize,
	) -> Result<Answer, EngineError> {
		let mut url: Uri =
			url.parse().map_err(|_| EngineError::Image("a registry named no URL".into()))?;
		let origin = url.authority().cloned();
		for _ in 0..=REDIRECTS {
			let own = url.authority() == origin.as_ref();
			let answer = self.once(&url, accept, authorization.filter(|_| own), max_bytes).await?;
			if !answer.status.is_redirection() {
				return Ok(answer);
			}
			let next =
				answer
					.headers
					.get(header::LOCATION)
					.and_then(|value| value.to_str().ok())
					.ok_or_else(|| EngineError::Image("a registry redirects to nowhere".into()))?;
			let next = match next.starts_with('/') && !next.starts_with("//") {
				true => format!(
					"{}://{}{next}",
					url.scheme_str().unwrap_or("https"),
					url.authority().map_or("", |a| a.as_str())
				),
				false => next.to_string(),
			};
			url = next
				.parse()
				.map_err(|_| EngineError::Image("a registry redirects to no URL".into()))?;
		}
		Err(EngineError::Image("a registry redirects too often".into()))
	}

	async fn once(
		&self,
		url: &Uri,
		accept: &str,
		authorization: Option<&str>,
		max_bytes: usize,
	) -> Result<Answer, EngineError> {
		let authority = url.authority().map(|a| a.as_str()).unwrap_or_default().to_string();
		let host = url.host().unwrap_or_default().to_string();
		if authority.contains('@') || host.is_empty() || host.starts_with('[') {
			return Err(EngineError::Image("a registry named a URL without a plain host".into()));
		}
		let plain = match url.scheme_str() {
			Some("https") => false,
			Some("http") if self.is_plain(&authority) => true,
			_ => {
				return Err(EngineError::Image(format!(
					"registry {authority}: only HTTPS is spoken, but with registries on loopback \
					 that private-registries names"
				)));
			},
		};
		let port = url.port_u16().unwrap_or(if plain { 80 } else { 443 });
		let stream = self.connect(&authority, port).await?;
		let mut request = Request::get(url.path_and_query().map_or("/", |p| p.as_str()))
			.header(header::HOST, &authority)
			.header(header::USER_AGENT, "surety-provider")
			.header(header::ACCEPT, accept);
		if let Some(authorization) = authorization {
			request = request.header(header::AUTHORIZATION, authorization);
		}
		let request = request
			.body(Empty::<Bytes>::new())
			.map_err(|_| EngineError::Image("the login or address is no HTTP header".into()))?;
		if plain {
			return exchange(stream, request, &authority, max_bytes).await;
		}
		let name = ServerName::try_from(host).map_err(|e| down(&authority, e))?;
		let stream = timeout(CONNECT, self.tls.connect(name, stream))
			.await
			.map_err(|_| down(&authority, "no TLS handshake in time"))?
			.map_err(|e| down(&authority, e))?;
		exchange(stream, request, &authority, max_bytes).await
	}

	async fn connect(&self, authority: &str, port: u16) -> Result<TcpStream, EngineError> {
		let mut last = down(authority, "no address");
		for address in self.resolve(authority, port).await? {
			match timeout(CONNECT, TcpStream::connect(address)).await {
				Ok(Ok(stream)) => return Ok(stream),
				Ok(Err(e)) => last = down(authority, e),
				Err(_) => last = down(authority, "no connection in time"),
			}
		}
		Err(last)
	}
}

/// One request on a fresh connection. The caller bounds the time.
async fn exchange(
	stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
	request: Request<Empty<Bytes>>,
	host: &str,
	max_bytes: usize,
) -> Result<Answer, EngineError> {
	let (mut sender, connection) = http1::Builder::new()
		.max_buf_size(256 << 10)
		.handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
		.await
		.map_err(|e| down(host, e))?;
	let request = async move {
		let response = sender.send_request(request).await.map_err(|e| down(host, e))?;
		let (parts, body) = response.into_parts();
		let body = match Limited::new(body, max_bytes).collect().await {
			Ok(body) => body.to_bytes(),
			Err(e) if e.is::<http_body_util::LengthLimitError>() => {
				return Err(EngineError::Image(format!(
					"registry {host}: an answer has more than {max_bytes} bytes"
				)));
			},
			Err(e) => return Err(down(host, e)),
		};
		Ok(Answer { status: parts.status, headers: parts.headers, body })
	};
	tokio::pin!(connection, request);
	tokio::select! {
		answer = &mut request => answer,
		_ = &mut connection => request.await,
	}
}
