//! Opens the connection of a probe: resolves the host, checks every address, connects to a checked one.

use super::{
	address::{self, Refusal},
	budget::{Budget, Visit},
	names::Names,
};
use hyper::Uri;
use std::{
	collections::HashSet,
	fmt,
	net::{IpAddr, Ipv4Addr, SocketAddr},
	sync::Arc,
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
	/// Strangers have had all the requests that they get at the address.
	Budget,
	/// Nobody answers at the address.
	Connect,
	/// No TLS session: certificate, name or protocol.
	Tls,
	/// No HTTP/1.1 response, a broken one, or headers over the cap.
	Http,
	/// The body is over the cap, or memory is short and it is the longest.
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
	pub const CAUSES: [&str; 11] = [
		Self::ABANDONED,
		Self::REDIRECT,
		Self::STATUS,
		"dns",
		"forbidden",
		"budget",
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
			Self::Budget => "budget",
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
	pub fn refuse(&self, address: Ipv4Addr) -> Option<Refusal> {
		endpoint::forbidden(address.into())
			.map(Refusal::Special)
			.or_else(|| {
				(self.own.contains(&address.into()) || address::is_own(address))
					.then_some(Refusal::Own)
			})
			.filter(|refusal| !(self.private && refusal.is_private()))
	}
}

/// Connects requests, under [`Rules`]. Speaks plain TCP.
pub struct Connector {
	/// What addresses are checked against.
	pub rules: Rules,
	/// What an address gets. An own anchor needs none.
	pub budget: Option<Arc<Budget>>,
	/// Address that connections leave from.
	pub egress: Option<Ipv4Addr>,
	/// Knows the addresses of names.
	pub names: Arc<Names>,
	/// Most time for looking a name up.
	pub lookup: Duration,
	/// Most time for one address.
	pub patience: Duration,
}

impl Connector {
	/// A connection to the host of `uri`, and the visit that it is.
	pub async fn connect(&self, uri: &Uri) -> Result<(TcpStream, Option<Visit>), Failure> {
		let host = uri.host().ok_or(Failure::Dns)?;
		let port =
			uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
		let addresses = self.resolve(host).await?;
		// One bad address condemns the name: an honest service has no reason to have any.
		for address in &addresses {
			if let Some(refusal) = self.rules.refuse(*address) {
				return Err(Failure::Forbidden((*address).into(), refusal));
			}
		}
		for address in addresses.into_iter().take(MAX_TRIES) {
			let visit = match &self.budget {
				Some(budget) => Some(budget.admit(address, host).ok_or(Failure::Budget)?),
				None => None,
			};
			if let Ok(Ok(stream)) = timeout(self.patience, self.open((address, port).into())).await
			{
				return Ok((stream, visit));
			}
		}
		Err(Failure::Connect)
	}

	async fn resolve(&self, host: &str) -> Result<Vec<Ipv4Addr>, Failure> {
		let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
		match bare.parse::<IpAddr>() {
			Ok(IpAddr::V4(address)) => return Ok(vec![address]),
			Ok(address) => return Err(Failure::Forbidden(address, Refusal::V6)),
			Err(_) => (),
		}
		let addresses = timeout(self.lookup, self.names.addresses(bare)).await.unwrap_or_default();
		if addresses.is_empty() { Err(Failure::Dns) } else { Ok(addresses) }
	}

	async fn open(&self, address: SocketAddr) -> std::io::Result<TcpStream> {
		let socket = TcpSocket::new_v4()?;
		if let Some(egress) = self.egress {
			socket.bind((egress, 0).into())?;
		}
		let stream = socket.connect(address).await?;
		// A probe is one small write and one small read.
		stream.set_nodelay(true)?;
		Ok(stream)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use surety_primitives::endpoint::Reason;

	#[test]
	fn rules_refuse_own_addresses_unless_private_ones_are_allowed() {
		let listens_at: Ipv4Addr = "93.184.216.34".parse().unwrap();
		let own = Arc::new(HashSet::from([listens_at.into()]));
		let public = Rules { private: false, own: own.clone() };
		assert_eq!(public.refuse(listens_at), Some(Refusal::Own));
		assert_eq!(
			public.refuse("127.0.0.1".parse().unwrap()),
			Some(Refusal::Special(Reason::Loopback))
		);
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
