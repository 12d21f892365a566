// SPDX-License-Identifier: Apache-2.0

//! URL of a server, parsed once.

use http::HeaderValue;
use std::{error::Error, fmt, str::FromStr};
use surety_primitives::endpoint as rules;

/// Transport of an endpoint.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Scheme {
	/// Plain TCP: `http` and `ws`.
	Http,
	/// TLS: `https` and `wss`.
	Https,
}

/// URL of a server: scheme, host, port and the path below which it serves.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Endpoint {
	scheme: Scheme,
	/// Normalised; IPv6 without brackets.
	host: String,
	port: u16,
	/// Without a slash at its end; empty for the root.
	path: String,
	/// Value of the header `host`.
	authority: HeaderValue,
}

/// Reason why a URL is not an endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EndpointError(String);

impl fmt::Display for EndpointError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.0)
	}
}

impl Error for EndpointError {}

impl FromStr for Endpoint {
	type Err = EndpointError;

	fn from_str(url: &str) -> Result<Self, EndpointError> {
		let fault = |fault: &dyn fmt::Display| EndpointError(format!("{url}: {fault}"));
		// WebSocket URLs differ from those of HTTP by their scheme only.
		let http = match url.split_once("://") {
			Some(("ws", rest)) => format!("http://{rest}"),
			Some(("wss", rest)) => format!("https://{rest}"),
			_ => url.to_owned(),
		};
		let origin = rules::origin(http.as_bytes()).map_err(|error| fault(&error))?;
		let scheme = if origin.secure { Scheme::Https } else { Scheme::Http };
		let host = String::from_utf8_lossy(&origin.host).into_owned();
		let rest = http.split_once("://").map_or("", |(_, rest)| rest);
		let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default();
		let path = path.trim_end_matches('/').to_owned();
		format!("{path}/").parse::<http::uri::PathAndQuery>().map_err(|error| fault(&error))?;
		let authority = match (scheme, origin.port) {
			(Scheme::Http, 80) | (Scheme::Https, 443) => host.clone(),
			(_, port) => format!("{host}:{port}"),
		};
		let authority = HeaderValue::from_str(&authority).map_err(|error| fault(&error))?;
		let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
		Ok(Self { scheme, host, port: origin.port, path, authority })
	}
}

impl Endpoint {
	/// Transport.
	pub fn scheme(&self) -> Scheme {
		self.scheme
	}

	/// Host name or address; an IPv6 address without brackets.
	pub fn host(&self) -> &str {
		&self.host
	}

	/// Port.
	pub fn port(&self) -> u16 {
		self.port
	}

	/// Value of the header `host`.
	pub fn authority(&self) -> &HeaderValue {
		&self.authority
	}

	/// Endpoint of the same server at its root.
	pub fn root(&self) -> Self {
		Self { path: String::new(), ..self.clone() }
	}

	/// Parts of the target of a request: the endpoint's own path, and what follows it.
	///
	/// A request to `/` goes to the endpoint's path as it is in the URL, one to `/a?b` below it.
	pub fn target<'a>(&'a self, path_and_query: &'a str) -> (&'a str, &'a str) {
		let rest = path_and_query.strip_prefix('/');
		match rest {
			_ if self.path.is_empty() => ("", path_and_query),
			Some(query) if query.is_empty() || query.starts_with('?') => (&self.path, query),
			_ => (&self.path, path_and_query),
		}
	}
}

impl fmt::Display for Endpoint {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let scheme = match self.scheme {
			Scheme::Http => "http",
			Scheme::Https => "https",
		};
		let authority = self.authority.to_str().unwrap_or_default();
		write!(f, "{scheme}://{authority}{}", self.path)
	}
}

/// True if a path has a segment that climbs, as it is or percent-encoded. Below the path of an
/// endpoint, a server would resolve it to something outside.
pub fn climbs(path: &str) -> bool {
	path.contains(['.', '%'])
		&& path.split(['/', '\\']).any(|segment| {
			let plain = segment.to_ascii_lowercase().replace("%2e", ".");
			plain == ".." || plain == "." || plain.contains("%2f") || plain.contains("%5c")
		})
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn a_url_is_parsed_into_its_parts() {
		for (url, host, port, authority, shown) in [
			("http://a.org", "a.org", 80, "a.org", "http://a.org"),
			("https://A.org:8443/rpc/", "a.org", 8443, "a.org:8443", "https://a.org:8443/rpc"),
			("wss://a.org/ws", "a.org", 443, "a.org", "https://a.org/ws"),
			("ws://127.0.0.1:9944", "127.0.0.1", 9944, "127.0.0.1:9944", "http://127.0.0.1:9944"),
			("http://[::1]:80/x", "::1", 80, "[::1]", "http://[::1]/x"),
		] {
			let endpoint: Endpoint = url.parse().unwrap();
			assert_eq!(endpoint.host(), host);
			assert_eq!(endpoint.port(), port);
			assert_eq!(endpoint.authority(), authority);
			assert_eq!(endpoint.to_string(), shown);
		}
	}

	#[test]
	fn other_urls_are_refused() {
		for url in [
			"",
			"a.org",
			"ftp://a.org",
			"http://",
			"http://u:p@a.org",
			"http://a.org?x",
			"http://a.org:0",
		] {
			let refused = url.parse::<Endpoint>().unwrap_err().to_string();
			assert!(refused.starts_with(url), "{refused}");
		}
	}

	#[test]
	fn a_path_that_climbs_is_found() {
		for path in ["..", "a/../b", "a/%2e%2E/b", "a\\..\\b", "a/.%2e", "a%2f..%2fb", "./a"] {
			assert!(climbs(path), "{path}");
		}
		for path in ["", "a/b", "a..b", "...", "a/b.c"] {
			assert!(!climbs(path), "{path}");
		}
	}

	#[test]
	fn requests_go_below_the_path_of_the_endpoint() {
		let target = |url: &str, path: &str| {
			let endpoint: Endpoint = url.parse().unwrap();
			let (own, rest) = endpoint.target(path);
			format!("{own}{rest}")
		};
		assert_eq!(target("http://a.org", "/"), "/");
		assert_eq!(target("http://a.org/", "/x?y"), "/x?y");
		assert_eq!(target("http://a.org/rpc", "/"), "/rpc");
		assert_eq!(target("http://a.org/rpc", "/?x"), "/rpc?x");
		assert_eq!(target("http://a.org/rpc/", "/v1/x?y"), "/rpc/v1/x?y");
	}

	proptest! {
		#[test]
		fn a_shown_endpoint_parses_to_itself(text in "(ws|http)s?://[a-z0-9.:/\\[\\]@?#-]{0,30}") {
			if let Ok(endpoint) = text.parse::<Endpoint>() {
				prop_assert_eq!(endpoint.to_string().parse::<Endpoint>().unwrap(), endpoint);
			}
		}
	}
}
