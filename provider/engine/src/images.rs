// SPDX-License-Identifier: Apache-2.0

//! Fetch of images: judged at the registry, fetched by digest, proven at the engine.

use crate::{
	EngineError, ImageFacts, Login, Reference, Settings, Spec,
	client::{Client, Failure},
	record::Fetched,
	registry::{Registries, platform},
	verify::proves,
	volume::space,
	wire::{Image, Info},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::json;
use std::{path::PathBuf, time::Duration};
use tokio::time::{Instant, timeout};

const GIB: u64 = 1 << 30;
/// Bytes of a fetch's progress, and of one line of it.
const PROGRESS: usize = 64 << 20;
const LINE: usize = 64 << 10;
/// Time between two looks at the disk.
const LOOK: Duration = Duration::from_secs(2);

/// Line of a fetch's progress.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Progress {
	error: Option<String>,
}

/// Image as the engine has it, or none.
pub(crate) async fn local(client: &Client, pull: &str) -> Result<Option<Image>, EngineError> {
	match client.docker(Method::GET, &format!("/images/{pull}/json"), None::<&()>).await {
		Ok(image) => Ok(Some(image)),
		Err(failure) if failure.is_absent() => Ok(None),
		Err(failure) => Err(failure.into()),
	}
}

/// Fetch the image of a specification unless the engine has it.
pub(crate) async fn fetch(
	client: &Client,
	registries: &Registries,
	settings: &Settings,
	spec: &Spec,
	max_bytes: u64,
) -> Result<(ImageFacts, Fetched), EngineError> {
	let reference: Reference = spec.image.parse()?;
	let described = registries.describe(&reference, spec.login.as_ref()).await?;
	let facts = described.facts;
	if facts.bytes > max_bytes {
		return Err(EngineError::Image(format!(
			"{reference}: {} bytes, and at most {max_bytes} are fetched",
			facts.bytes
		)));
	}
	let (pull, digest) = (described.pull, facts.digest.clone());
	let present = local(client, &pull).await?.is_some_and(|image| proves(&image, &digest));
	if !present {
		let time = Duration::from_secs(settings.timeouts.fetch);
		timeout(time, pull_image(client, settings, &pull, spec.login.as_ref()))
			.await
			.map_err(|_| EngineError::Image(format!("{reference}: not fetched in {time:?}")))??;
	}
	let image = local(client, &pull)
		.await?
		.ok_or_else(|| EngineError::Image(format!("{reference}: fetched, but not there")))?;
	if let Err(reason) = judge(&image, &digest, settings) {
		// Only what this fetch brought is removed.
		if !present {
			discard(client, &pull).await;
		}
		return Err(EngineError::Image(format!("{reference}: {reason}")));
	}
	Ok((facts, Fetched { name: spec.image.clone(), digest, pull }))
}

/// Remove an image; one that is in use stays.
pub(crate) async fn discard(client: &Client, pull: &str) {
	let removed: Result<serde_json::Value, Failure> =
		client.docker(Method::DELETE, &format!("/images/{pull}"), None::<&()>).await;
	if let Err(failure) = removed {
		tracing::debug!(image = pull, ?failure, "image stays");
	}
}

fn judge(image: &Image, digest: &str, settings: &Settings) -> Result<(), String> {
	let (os, architecture) = platform();
	if !proves(image, digest) {
		return Err(format!("the engine fetched another digest than {digest}"));
	}
	if image.os != os || image.architecture != architecture {
		return Err(format!("the engine fetched {}/{}", image.os, image.architecture));
	}
	let most = u64::from(settings.limits.unpacked_gib).saturating_mul(GIB);
	if u64::try_from(image.size).unwrap_or(u64::MAX) > most {
		return Err(format!("{} bytes unpacked, and at most {most} are kept", image.size));
	}
	Ok(())
}

/// Directory of the engine's storage.
async fn root(client: &Client, settings: &Settings) -> PathBuf {
	let info: Result<Info, Failure> = client.docker(Method::GET, "/info", None::<&()>).await;
	let path = info.map(|info| PathBuf::from(info.docker_root_dir)).unwrap_or_default();
	if path.is_absolute() && path.exists() { path } else { settings.data_dir.clone() }
}

/// Pull by digest. The fetch is given up, and with it the engine's, if the disk gets full: a small
/// archive may unpack to anything.
async fn pull_image(
	client: &Client,
	settings: &Settings,
	pull: &str,
	login: Option<&Login>,
) -> Result<(), EngineError> {
	let root = root(client, settings).await;
	let reserve = u64::from(settings.limits.reserve_gib).saturating_mul(GIB);
	let full = || {
		EngineError::Refused(format!(
			"less than {reserve} bytes would be free in {}; make room",
			root.display()
		))
	};
	if space(&root).await?.0 < reserve {
		return Err(full());
	}
	// bollard encodes logins in an alphabet of Base64 that dockerd takes for no login at all.
	let auth = login.map(|login| {
		let server = pull.split('/').next().unwrap_or_default();
		let login = json!({
			"username": login.user,
			"password": login.password,
			"serveraddress": server,
		});
		URL_SAFE.encode(login.to_string())
	});
	let path = format!("/images/create?fromImage={pull}");
	let header = auth.as_deref().map(|auth| ("x-registry-auth", auth));
	let response =
		client.stream(Method::POST, &path, Bytes::new(), header).await.map_err(trouble)?;
	let (mut body, mut line, mut total) = (response.into_body(), Vec::new(), 0usize);
	let silence = Duration::from_secs(settings.timeouts.silence);
	let (mut heard, mut looked) = (Instant::now(), Instant::now());
	loop {
		if looked.elapsed() >= LOOK {
			looked = Instant::now();
			if space(&root).await?.0 < reserve {
				return Err(full());
			}
		}
		let frame = match timeout(LOOK, body.frame()).await {
			Err(_) if heard.elapsed() < silence => continue,
			Err(_) => return Err(EngineError::Unavailable("the fetch stands still".into())),
			Ok(None) => break,
			Ok(Some(Err(e))) => return Err(EngineError::Unavailable(format!("fetch: {e}"))),
			Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
		};
		heard = Instant::now();
		total = total.saturating_add(frame.len());
		for part in frame.split_inclusive(|byte| *byte == b'\n') {
			line.extend_from_slice(part);
			if line.len() > LINE || total > PROGRESS {
				return Err(EngineError::Unavailable("the fetch's progress has no end".into()));
			}
			if part.ends_with(b"\n") {
				progress(&line)?;
				line.clear();
			}
		}
	}
	progress(&line)
}

fn progress(line: &[u8]) -> Result<(), EngineError> {
	match serde_json::from_slice::<Progress>(line) {
		Ok(Progress { error: Some(error) }) if !error.is_empty() => {
			Err(trouble(Failure::Status(500, error)))
		},
		_ => Ok(()),
	}
}

/// Failure of a fetch: that of a network is temporary, all others are the image's.
fn trouble(failure: Failure) -> EngineError {
	let text = match failure {
		Failure::Down(reason) => return EngineError::Unavailable(reason),
		Failure::Status(_, text) => text.chars().take(500).collect::<String>(),
	};
	let lower = text.to_lowercase();
	let network = ["connection refused", "timeout", "no such host", "eof", "toomanyrequests"];
	match network.iter().any(|word| lower.contains(word)) {
		true => EngineError::Unavailable(format!("fetch: {text}")),
		false => EngineError::Image(text),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn errors_in_progress_are_seen() {
		progress(b"{\"status\":\"Pulling\"}\n").unwrap();
		progress(b"").unwrap();
		assert!(matches!(
			progress(b"{\"error\":\"manifest unknown\"}"),
			Err(EngineError::Image(_))
		));
		let error = progress(b"{\"error\":\"dial tcp: i/o timeout\"}");
		assert!(matches!(error, Err(EngineError::Unavailable(_))));
	}

	#[test]
	fn an_image_is_taken_by_proof_only() {
		let (os, architecture) = platform();
		let image = Image {
			repo_digests: vec!["a/b@sha256:1".into()],
			os: os.into(),
			architecture: architecture.into(),
			size: 5,
			..Image::default()
		};
		let settings = Settings::default();
		judge(&image, "sha256:1", &settings).unwrap();
		assert!(judge(&image, "sha256:2", &settings).is_err());
		assert!(
			judge(&Image { os: "plan9".into(), ..image.clone() }, "sha256:1", &settings).is_err()
		);
		assert!(judge(&Image { size: i64::MAX, ..image.clone() }, "sha256:1", &settings).is_err());
		assert!(judge(&Image { size: -1, ..image }, "sha256:1", &settings).is_err());
	}
}
