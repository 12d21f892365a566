// SPDX-License-Identifier: Apache-2.0

//! Images as registries describe them, before a byte of a layer is fetched.

mod auth;
mod http;
mod manifest;

use crate::{EngineError, ImageFacts, Login, Reference, Settings};
use auth::Challenge;
use http::{Answer, Http};
use manifest::{Document, Manifest};
use std::time::Duration;

/// Bound on a manifest and on a configuration; the protocol wants registries to take 4 MiB.
const DOCUMENT: usize = 4 << 20;

/// Image as a registry describes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Described {
	/// Facts for this platform.
	pub facts: ImageFacts,
	/// Name by which an engine fetches it: at the mirror if there is one, by digest.
	pub pull: String,
}

/// Platform of this machine.
pub(crate) fn platform() -> (&'static str, &'static str) {
	let architecture = match std::env::consts::ARCH {
		"x86_64" => "amd64",
		"aarch64" => "arm64",
		other => other,
	};
	("linux", architecture)
}

/// SHA-256 of bytes as registries write it.
pub(crate) fn digest_of(bytes: &[u8]) -> String {
	let hash = ring::digest::digest(&ring::digest::SHA256, bytes);
	let hex: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
	format!("sha256:{hex}")
}

/// Client of registries.
pub(crate) struct Registries {
	http: Http,
	settings: Settings,
}

impl Registries {
	/// Client with the exceptions and mirrors of the settings.
	pub fn new(settings: &Settings) -> Result<Self, EngineError> {
		Ok(Self { http: Http::new(settings)?, settings: settings.clone() })
	}

	/// Describe an image for this platform, in bounded time.
	pub async fn describe(
		&self,
		image: &Reference,
		login: Option<&Login>,
	) -> Result<Described, EngineError> {
		let time = Duration::from_secs(self.settings.timeouts.registry);
		tokio::time::timeout(time, self.look(image, login)).await.map_err(|_| {
			EngineError::Unavailable(format!("registry {}: no answer in time", image.registry))
		})?
	}

	async fn look(
		&self,
		image: &Reference,
		login: Option<&Login>,
	) -> Result<Described, EngineError> {
		let mirror = self.settings.mirrors.get(&image.registry);
		let place =
			Reference { registry: mirror.unwrap_or(&image.registry).clone(), ..image.clone() };
		let host = match place.registry.as_str() {
			"docker.io" => "registry-1.docker.io",
			other => other,
		};
		let mut session = Session { http: &self.http, host, image: &place, login, token: None };
		let (os, architecture) = platform();
		let (body, digest) = session.manifest(place.selector(), image.digest.as_deref()).await?;
		let (manifest, digest) = match manifest::parse(&body)? {
			Document::Image(manifest) => (manifest, digest),
			Document::Index(index) => {
				let chosen = index.choose(os, architecture)?;
				let (body, digest) = session.manifest(&chosen, Some(&chosen)).await?;
				match manifest::parse(&body)? {
					Document::Image(manifest) => (manifest, digest),
					Document::Index(_) => {
						return Err(EngineError::Image("the image's index holds an index".into()));
					},
				}
			},
		};
		session.check_platform(&manifest, os, architecture).await?;
		Ok(Described {
			facts: ImageFacts {
				bytes: manifest.bytes()?,
				platform: format!("{os}/{architecture}"),
				digest: digest.clone(),
			},
			pull: place.pinned(&digest),
		})
	}
}

/// Requests for one image, with the token that the first one got.
struct Session<'a> {
	http: &'a Http,
	host: &'a str,
	image: &'a Reference,
	login: Option<&'a Login>,
	token: Option<String>,
}

impl Session<'_> {
	async fn get(&mut self, path: &str, accept: &str) -> Result<Answer, EngineError> {
		let url = self.http.url(self.host, &format!("/v2/{}{path}", self.image.repository));
		let answer = self.http.get(&url, accept, self.token.as_deref(), DOCUMENT).await?;
		if answer.status.as_u16() != 401 || self.token.is_some() {
			return self.judge(answer);
		}
		let challenge = answer
			.headers
			.get_all("www-authenticate")
			.iter()
			.filter_map(|value| value.to_str().ok())
			.find_map(Challenge::parse)
			.ok_or_else(|| {
				EngineError::Image("the registry wants a login of an unknown kind".into())
			})?;
		self.token =
			Some(auth::answer(self.http, &challenge, &self.image.repository, self.login).await?);
		let answer = self.http.get(&url, accept, self.token.as_deref(), DOCUMENT).await?;
		self.judge(answer)
	}

	fn judge(&self, answer: Answer) -> Result<Answer, EngineError> {
		let image = self.image;
		match answer.status.as_u16() {
			200 => Ok(answer),
			401 | 403 => Err(EngineError::Image(format!(
				"{image}: the registry gives no access; check that the image exists and the login"
			))),
			404 => Err(EngineError::Image(format!("{image}: the registry has no such image"))),
			429 => Err(EngineError::Unavailable(format!(
				"registry {}: too many requests; use a login or a mirror",
				self.host
			))),
			status if status >= 500 => {
				Err(EngineError::Unavailable(format!("registry {}: answers {status}", self.host)))
			},
			status => Err(EngineError::Image(format!("{image}: the registry answers {status}"))),
		}
	}

	/// A manifest and its digest, which is checked if one is expected.
	async fn manifest(
		&mut self,
		selector: &str,
		expected: Option<&str>,
	) -> Result<(bytes::Bytes, String), EngineError> {
		let answer = self.get(&format!("/manifests/{selector}"), manifest::ACCEPT).await?;
		let digest = digest_of(&answer.body);
		if expected.is_some_and(|expected| expected != digest) {
			return Err(EngineError::Image(format!(
				"{}: the registry sent a manifest with the digest {digest}",
				self.image
			)));
		}
		Ok((answer.body, digest))
	}

	/// Platform by the image's configuration: a manifest outside of an index names none.
	async fn check_platform(
		&mut self,
		manifest: &Manifest,
		os: &str,
		architecture: &str,
	) -> Result<(), EngineError> {
		let path = format!("/blobs/{}", manifest.config());
		let answer = self.get(&path, "*/*").await?;
		if digest_of(&answer.body) != manifest.config() {
			return Err(EngineError::Image("the image's configuration has another digest".into()));
		}
		let found = manifest::platform(&answer.body)?;
		if found.0 == os && found.1 == architecture {
			return Ok(());
		}
		Err(EngineError::Image(format!(
			"{}: built for {}/{}, and this machine is {os}/{architecture}",
			self.image, found.0, found.1
		)))
	}
}
