// SPDX-License-Identifier: Apache-2.0

//! Values with a form of their own.

use serde::{Deserialize, Deserializer, Serialize, de};
use std::{fmt, str::FromStr};
use surety_primitives::Balance;

/// Decimals of the native token.
const DECIMALS: u32 = 12;
/// Planck of one SURE.
pub const UNIT: Balance = 1_000_000_000_000;

/// Amount of the native token, written in SURE with up to 12 decimals: `10`, `"0.25"`.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Sure(
	/// Planck.
	pub Balance,
);

impl FromStr for Sure {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let fault = || format!("cannot read {text:?} as an amount in SURE, such as 10 or 0.25");
		let (whole, part) = text.split_once('.').unwrap_or((text, ""));
		let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
		let places = u32::try_from(part.len()).map_err(|_| fault())?;
		if whole.is_empty() || !digits(whole) || !digits(part) {
			return Err(fault());
		}
		let scale = DECIMALS.checked_sub(places).ok_or_else(fault)?;
		let read = |text: &str| match text {
			"" => Ok(0),
			_ => text.parse::<Balance>().map_err(|_| fault()),
		};
		let part = read(part)?.checked_mul(10u128.saturating_pow(scale));
		let whole = read(whole)?.checked_mul(UNIT);
		whole
			.zip(part)
			.and_then(|(whole, part)| whole.checked_add(part))
			.map(Self)
			.ok_or_else(fault)
	}
}

impl fmt::Display for Sure {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let whole = self.0.checked_div(UNIT).unwrap_or(0);
		let part = self.0.checked_rem(UNIT).unwrap_or(0);
		if part == 0 {
			return write!(f, "{whole}");
		}
		let part = format!("{part:012}");
		write!(f, "{whole}.{}", part.trim_end_matches('0'))
	}
}

impl Serialize for Sure {
	fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
		to.collect_str(self)
	}
}

impl<'de> Deserialize<'de> for Sure {
	fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
		struct Visitor;
		impl de::Visitor<'_> for Visitor {
			type Value = Sure;

			fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
				f.write_str("an amount in SURE: an integer, or a string such as \"0.25\"")
			}
			fn visit_str<E: de::Error>(self, text: &str) -> Result<Sure, E> {
				text.parse().map_err(E::custom)
			}
			fn visit_i64<E: de::Error>(self, number: i64) -> Result<Sure, E> {
				number.to_string().parse().map_err(E::custom)
			}
			fn visit_u64<E: de::Error>(self, number: u64) -> Result<Sure, E> {
				number.to_string().parse().map_err(E::custom)
			}
		}
		from.deserialize_any(Visitor)
	}
}

/// URL with one of the schemes `http`, `https`, without credentials.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(into = "String", try_from = "String")]
pub struct Url(http::Uri);

impl Url {
	/// The URL.
	pub fn uri(&self) -> &http::Uri {
		&self.0
	}

	/// True for `https`.
	pub fn is_tls(&self) -> bool {
		self.0.scheme_str() == Some("https")
	}

	/// Host, without the brackets of an IPv6 address.
	pub fn host(&self) -> &str {
		self.0.host().unwrap_or_default().trim_matches(['[', ']'])
	}

	/// Port, by default that of the scheme.
	pub fn port(&self) -> u16 {
		self.0.port_u16().unwrap_or(if self.is_tls() { 443 } else { 80 })
	}

	/// Path and query, `/` if the URL has none.
	pub fn path(&self) -> &str {
		self.0.path_and_query().map_or("/", |path| path.as_str())
	}
}

impl FromStr for Url {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		// A node is often named by the URL of its WebSocket; it answers HTTP on the same port.
		let (scheme, rest) = text.split_once("://").ok_or("the URL has no scheme")?;
		let scheme = match scheme {
			"http" | "ws" => "http",
			"https" | "wss" => "https",
			_ => return Err(format!("{scheme} is none of http, https, ws, wss")),
		};
		let uri: http::Uri =
			format!("{scheme}://{rest}").parse().map_err(|error| format!("not a URL: {error}"))?;
		match uri.authority() {
			Some(authority) if authority.as_str().contains('@') => {
				Err("the URL must not contain credentials".into())
			},
			Some(authority) if !authority.host().is_empty() => Ok(Self(uri)),
			_ => Err("the URL has no host".into()),
		}
	}
}

impl TryFrom<String> for Url {
	type Error = String;

	fn try_from(text: String) -> Result<Self, String> {
		text.parse()
	}
}

impl From<Url> for String {
	fn from(url: Url) -> Self {
		url.to_string()
	}
}

impl fmt::Display for Url {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		self.0.fmt(f)
	}
}
