// SPDX-License-Identifier: Apache-2.0

//! Files of a specification, as an archive that engines unpack into a container.

use crate::EngineError;
use std::collections::BTreeMap;

/// Size of a block of the archive.
const BLOCK: usize = 512;

/// Check the path of a file: absolute, plain, and no longer than the archive's header can say.
pub(crate) fn check_path(path: &str) -> Result<(), String> {
	let shown: String = path.chars().take(120).collect();
	let Some(inner) = path.strip_prefix('/') else {
		return Err(format!("file {shown:?}: the path is not absolute"));
	};
	let plain = |part: &str| {
		!part.is_empty() && part != "." && part != ".." && !part.chars().any(char::is_control)
	};
	if !inner.split('/').all(plain) {
		return Err(format!("file {shown:?}: the path has an empty, dotted or unprintable part"));
	}
	let engine = ["proc/", "sys/", "dev/"].iter().any(|dir| inner.starts_with(dir));
	if engine || split(inner).is_none() {
		return Err(format!("file {shown:?}: the path is too long, or in /proc, /sys or /dev"));
	}
	Ok(())
}

/// Prefix and name of a path, as the header has room for: 155 and 100 bytes.
fn split(path: &str) -> Option<(&str, &str)> {
	if path.len() <= 100 {
		return Some(("", path));
	}
	path.match_indices('/').find_map(|(at, _)| {
		let (prefix, name) = (path.get(..at)?, path.get(at.checked_add(1)?..)?);
		(prefix.len() <= 155 && name.len() <= 100 && !name.is_empty()).then_some((prefix, name))
	})
}

/// Write bytes into a field of a header.
fn put(header: &mut [u8; BLOCK], at: usize, bytes: &[u8]) {
	for (to, from) in header.iter_mut().skip(at).zip(bytes) {
		*to = *from;
	}
}

/// Archive (ustar) of files, owned by root and readable by all: the container's user is the
/// image's business.
pub(crate) fn archive(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, EngineError> {
	let mut out = Vec::new();
	for (path, bytes) in files {
		check_path(path).map_err(EngineError::Refused)?;
		let inner = path.trim_start_matches('/');
		let (prefix, name) = split(inner)
			.ok_or_else(|| EngineError::Refused("file: the path is too long".into()))?;
		let mut header = [0u8; BLOCK];
		put(&mut header, 0, name.as_bytes());
		put(&mut header, 100, b"0000644\0");
		put(&mut header, 108, b"0000000\0");
		put(&mut header, 116, b"0000000\0");
		put(&mut header, 124, format!("{:011o}\0", bytes.len()).as_bytes());
		put(&mut header, 136, b"00000000000\0");
		put(&mut header, 148, b"        ");
		put(&mut header, 156, b"0");
		put(&mut header, 257, b"ustar\x0000");
		put(&mut header, 345, prefix.as_bytes());
		let sum = header.iter().fold(0u32, |sum, byte| sum.saturating_add(u32::from(*byte)));
		put(&mut header, 148, format!("{sum:06o}\0 ").as_bytes());
		out.extend_from_slice(&header);
		out.extend_from_slice(bytes);
		out.resize(out.len().next_multiple_of(BLOCK), 0);
	}
	out.resize(out.len().saturating_add(BLOCK.saturating_mul(2)), 0);
	Ok(out)
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::{fs, process::Command};

	#[test]
	fn tar_unpacks_what_was_packed() {
		let dir = tempfile::tempdir().unwrap();
		let long = format!("/{}/{}", "d".repeat(120), "f".repeat(90));
		let files = BTreeMap::from([
			("/etc/app/conf".to_string(), b"x = 1\n".to_vec()),
			("/empty".to_string(), Vec::new()),
			(long.clone(), vec![7; 5_000]),
		]);
		fs::write(dir.path().join("a.tar"), archive(&files).unwrap()).unwrap();
		let status = Command::new("tar").args(["xf", "a.tar"]).current_dir(&dir).status().unwrap();
		assert!(status.success());
		for (path, bytes) in &files {
			assert_eq!(&fs::read(dir.path().join(&path[1..])).unwrap(), bytes, "{path}");
		}
	}

	#[test]
	fn paths_that_leave_or_hide_are_refused() {
		for path in ["a", "", "/", "/../x", "/a/../b", "/a//b", "/a/", "/a\nb", "/proc/1/mem"] {
			assert!(check_path(path).is_err(), "{path}");
		}
		assert!(check_path(&format!("/{}", "a".repeat(101))).is_err());
		assert!(check_path("/usr/share/nginx/html/index.html").is_ok());
	}
}
