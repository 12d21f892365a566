//! Opens the connection of a probe: resolves the host, checks every address, connects to a checked one.

use super::{
	address::{self, Refusal},
	names::Names,
};
use hyper::Uri;
use hyper_util::rt::TokioIo;
use std::{
	collections::HashSet,
	fmt,
	future::Future,
	net::{IpAddr, SocketAddr},
	pin::Pin,
	sync::Arc,
	task::{Context, Poll},
	time::Duration,
};
use surety_primitives::endpoint;
use tokio::{
	net::{TcpSocket, TcpStream},
	time::timeout,
};

/// Most addresses of one name that are tried before giving up. All of them are checked.
const MAX_TRIES: usize = 4;

/// Why a request has no usable answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
	/// The name has no address, or no name server says in time.
	Dns,
	/// The name resolves, at least once, to an address that probes must not connect to.
	Forbidden(IpAddr, Refusal),
	/// Nobody answers at the address.
	Connect,
	/// No TLS session: certificate, name or protocol.
	Tls,
	/// No HTTP/1.1 response, a broken one, or headers over the cap.
	Http,
	/// The body is over the cap.
	Oversize,
	/// Not done within the time cap.
	Timeout,
}

impl Failure {
	/// Cause of a request that nobody waited for any more.
	pub const ABANDONED: &str = "abandoned";
	/// Cause of an answer that points elsewhere.
	pub const REDIRECT: &str = "redirect";
	/// Cause of an answer with an error status.
	pub const STATUS: &str = "status";
	/// All causes, as metrics label them.
	pub const CAUSES: [&str; 10] = [
		Self::ABANDONED,
		Self::REDIRECT,
		Self::STATUS,
		"dns",
		"forbidden",
		"connect",
		"tls",
		"http",
		"oversize",
		"timeout",
	];

	/// The cause as metrics label it.
	pub fn cause(&self) -> &'static str {
		match self {
			Self::Dns => "dns",
			Self::Forbidden(..) => "forbidden",
			Self::Connect => "connect",
			Self::Tls => "tls",
			Self::Http => "http",
			Self::Oversize => "oversize",
			Self::Timeout => "timeout",
		}
	}
}

impl fmt::Display for Failure {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Forbidden(address, refusal) => write!(f, "{address} is refused: {refusal}"),
			other => f.write_str(other.cause()),
		}
	}
}

impl std::error::Error for Failure {}

/// What the addresses of a request are checked against.
#[derive(Clone, Default)]
pub struct Rules {
	/// The chain lets probes go to private addresses.
	pub private: bool,
	/// Addresses this node listens at, besides those of its interfaces.
	pub own: Arc<HashSet<IpAddr>>,
}

impl Rules {
	/// Why a probe must not connect to `address`.
	pub fn refuse(&self, address: IpAddr) -> Option<Refusal> {
		endpoint::forbidden(address)
			.map(Refusal::Special)
			.or_else(|| (self.own.contains(&address) || address::is_own(address)).then_some(Refusal::Own))
			.filter(|refusal| !(self.private && refusal.is_private()))
	}
}

/// Connects one request, under [`Rules`]. Speaks plain TCP; TLS is wrapped around it.
#[derive(Clone)]
pub struct Connector {
	/// What addresses are checked against.
	pub rules: Rules,
	/// Address that connections leave from.
	pub egress: Option<IpAddr>,
	/// Knows the addresses of names.
	pub names: Arc<Names>,
	/// Most time for looking a name up.
	pub lookup: Duration,
	/// Most time for one address.
	pub patience: Duration,
}

impl Connector {
	async fn connect(self, uri: Uri) -> Result<TokioIo<TcpStream>, Failure> {
		let addresses = self.resolve(&uri).await?;
		// One bad address condemns the name: an honest service has no reason to have any.
		for address in &addresses {
			if let Some(refusal) = self.rules.refuse(address.ip()) {
				return Err(Failure::Forbidden(address.ip(), refusal));
			}
		}
		let reachable = addresses
			.into_iter()
			.filter(|address| self.egress.is_none_or(|egress| egress.is_ipv4() == address.is_ipv4()));
		for address in reachable.take(MAX_TRIES) {
			if let Ok(Ok(stream)) = timeout(self.patience, self.open(address)).await {
				return Ok(TokioIo::new(stream));
			}
		}
		Err(Failure::Connect)
	}

	async fn resolve(&self, uri: &Uri) -> Result<Vec<SocketAddr>, Failure> {
		let host = uri.host().ok_or(Failure::Dns)?;
		let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
		let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
		if let Ok(address) = bare.parse::<IpAddr>() {
			return Ok(vec![SocketAddr::new(address, port)]);
		}
		let addresses = timeout(self.lookup, self.names.addresses(bare)).await.unwrap_or_default();
		if addresses.is_empty() {
			return Err(Failure::Dns);
		}
		Ok(addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect())
	}

	async fn open(&self, address: SocketAddr) -> std::io::Result<TcpStream> {
		let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
		if let Some(egress) = self.egress {
			socket.bind(SocketAddr::new(egress, 0))?;
		}
		let stream = socket.connect(address).await?;
		// A probe is one small write and one small read.
		stream.set_nodelay(true)?;
		Ok(stream)
	}
}

impl tower_service::Service<Uri> for Connector {
	type Response = TokioIo<TcpStream>;
	type Error = Failure;
	type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

	fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
		Poll::Ready(Ok(()))
	}

	fn call(&mut self, uri: Uri) -> Self::Future {
		Box::pin(self.clone().connect(uri))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use surety_primitives::endpoint::Reason;

	#[test]
	fn rules_refuse_own_addresses_unless_private_ones_are_allowed() {
		let listens_at: IpAddr = "93.184.216.34".parse().unwrap();
		let own = Arc::new(HashSet::from([listens_at]));
		let public = Rules { private: false, own: own.clone() };
		assert_eq!(public.refuse(listens_at), Some(Refusal::Own));
		assert_eq!(public.refuse("127.0.0.1".parse().unwrap()), Some(Refusal::Special(Reason::Loopback)));
		assert_eq!(public.refuse("1.1.1.1".parse().unwrap()), None);
		let private = Rules { private: true, own };
		assert_eq!(private.refuse(listens_at), None);
		assert_eq!(private.refuse("127.0.0.1".parse().unwrap()), None);
		assert_eq!(
			private.refuse("169.254.169.254".parse().unwrap()),
			Some(Refusal::Special(Reason::Metadata))
		);
	}
}
