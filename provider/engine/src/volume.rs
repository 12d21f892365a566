// SPDX-License-Identifier: Apache-2.0

//! Disk of a lease: a file with a file system of the leased size, mounted by the loop driver.
//!
//! Engines enforce no quota on ordinary file systems (`StorageOpt` is ignored or refused). So the
//! directory in which the engine keeps a container's writable layer (`diff`, `work`) is covered,
//! between creation and start, by a directory of the lease's own file system; the image's volumes
//! are directories of it too. All that a container writes, wherever it writes it, ends there, and a
//! full disk is full for this lease only. The layer outlives the container: one that is created
//! again from the same image finds what the former one wrote.

use crate::{EngineError, command::must, record::private_dir};
use std::{
	fs, io,
	os::unix::fs::{MetadataExt, OpenOptionsExt},
	path::{Path, PathBuf},
};

const GIB: u64 = 1 << 30;

/// Disk of a lease.
pub(crate) struct Volume {
	image: PathBuf,
	mount: PathBuf,
}

fn refused(path: &Path, e: &io::Error) -> EngineError {
	EngineError::Refused(format!("{}: {e}", path.display()))
}

fn text(path: &Path) -> Result<&str, EngineError> {
	path.to_str().ok_or_else(|| EngineError::Refused(format!("{}: not UTF-8", path.display())))
}

/// Device of the file system that is mounted on a path, by the kernel's list; the last one is on
/// top.
fn mounted_device(mountinfo: &str, path: &Path) -> Option<String> {
	mountinfo
		.lines()
		.filter_map(|line| {
			let mut words = line.split(' ');
			let device = words.nth(2)?;
			let point = words.nth(1)?;
			let point = point.replace("\\040", " ").replace("\\134", "\\");
			(Path::new(&point) == path).then(|| device.to_string())
		})
		.next_back()
}

fn device(path: &Path) -> Option<String> {
	mounted_device(&fs::read_to_string("/proc/self/mountinfo").ok()?, path)
}

/// Unmount a path until nothing is mounted on it.
async fn unmount(path: &Path) -> Result<(), EngineError> {
	for _ in 0..4 {
		if device(path).is_none() {
			return Ok(());
		}
		if let Err(e) = must("umount", &[text(path)?]).await
			// An engine that ends a start which was cut may be the faster one.
			&& device(path).is_some()
		{
			return Err(e);
		}
	}
	Err(EngineError::Refused(format!("{}: is mounted again and again", path.display())))
}

impl Volume {
	/// Disk in the directory of a lease.
	pub fn new(dir: &Path) -> Self {
		Self { image: dir.join("disk.img"), mount: dir.join("disk") }
	}

	/// Bytes that the disk takes on the host now.
	pub fn allocated(&self) -> u64 {
		fs::metadata(&self.image).map_or(0, |file| file.blocks().saturating_mul(512))
	}

	/// Make and mount the disk. An existing one keeps its content.
	pub async fn ensure(&self, gib: u32) -> Result<(), EngineError> {
		private_dir(&self.mount)?;
		if device(&self.mount).is_some() {
			return Ok(());
		}
		let (image, mount) = (text(&self.image)?, text(&self.mount)?);
		if !self.image.exists() {
			let new = self.image.with_extension("new");
			let create = || -> io::Result<()> {
				let file = fs::File::options()
					.write(true)
					.create(true)
					.truncate(true)
					.mode(0o600)
					.open(&new)?;
				file.set_len(u64::from(gib.max(1)).saturating_mul(GIB))
			};
			create().map_err(|e| refused(&new, &e))?;
			let lazy = "lazy_itable_init=1,lazy_journal_init=1";
			must("mkfs.ext4", &["-q", "-F", "-m", "0", "-E", lazy, text(&new)?]).await?;
			fs::rename(&new, &self.image).map_err(|e| refused(&self.image, &e))?;
		}
		let args = ["-o", "loop,nodev,nosuid,noatime,discard", image, mount];
		if must("mount", &args).await.is_err() {
			// A host that lost power leaves a file system that wants a check.
			let _ = command_check(image).await;
			must("mount", &args).await?;
		}
		Ok(())
	}

	/// Directory of an image's volume on the disk.
	pub fn directory(&self, index: usize) -> Result<PathBuf, EngineError> {
		let path = self.mount.join(format!("volume-{index}"));
		match fs::create_dir(&path) {
			Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(refused(&path, &e)),
			_ => Ok(path),
		}
	}

	/// Cover the directory of a container's writable layer.
	pub async fn cover(&self, layer: &Path, digest: &str) -> Result<(), EngineError> {
		if self.covers(layer) {
			return Ok(());
		}
		let own = self.mount.join("layer");
		let stamp = self.mount.join("layer.digest");
		let keep = own.join("diff").is_dir()
			&& fs::read_to_string(&stamp).is_ok_and(|found| found == digest);
		if own.exists() && !keep {
			// Another image cannot use it, and data is not deleted before the lease's end.
			let aside = (0..u32::MAX).map(|n| self.mount.join(format!("former-{n}")));
			let aside = aside.into_iter().find(|path| !path.exists()).unwrap_or_default();
			fs::rename(&own, &aside).map_err(|e| refused(&own, &e))?;
		}
		fs::create_dir_all(&own).map_err(|e| refused(&own, &e))?;
		for entry in fs::read_dir(layer).map_err(|e| refused(layer, &e))? {
			let entry = entry.map_err(|e| refused(layer, &e))?;
			let (from, to) = (entry.path(), own.join(entry.file_name()));
			if keep && entry.file_name() == "diff" {
				continue;
			}
			let gone = if to.is_dir() { fs::remove_dir_all(&to) } else { fs::remove_file(&to) };
			match gone {
				Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(refused(&to, &e)),
				_ => {},
			}
			must("cp", &["-a", text(&from)?, text(&to)?]).await?;
		}
		fs::write(&stamp, digest).map_err(|e| refused(&stamp, &e))?;
		let mode = fs::metadata(layer).map_err(|e| refused(layer, &e))?.permissions();
		fs::set_permissions(&own, mode).map_err(|e| refused(&own, &e))?;
		must("mount", &["--bind", text(&own)?, text(layer)?]).await?;
		Ok(())
	}

	/// True if the directory of a layer is on this disk, and this disk is a loop device.
	pub fn covers(&self, layer: &Path) -> bool {
		match (device(&self.mount), device(layer)) {
			(Some(disk), Some(layer)) => disk == layer && disk.starts_with("7:"),
			_ => false,
		}
	}

	/// Uncover the directory of a layer.
	pub async fn uncover(&self, layer: &Path) -> Result<(), EngineError> {
		unmount(layer).await
	}

	/// Unmount the disk, and keep it.
	pub async fn close(&self) -> Result<(), EngineError> {
		unmount(&self.mount).await
	}

	/// Bytes of the disk that are used, and all of them.
	pub async fn usage(&self) -> Result<(u64, u64), EngineError> {
		if device(&self.mount).is_none() {
			return Err(EngineError::Refused("the lease's disk is not mounted".into()));
		}
		let (free, all) = space(&self.mount).await?;
		Ok((all.saturating_sub(free), all))
	}
}

async fn command_check(image: &str) -> Result<(), EngineError> {
	crate::command::run("e2fsck", &["-p", "-f", image], None).await.map(|_| ())
}

/// Free bytes and all bytes of the file system of a path.
pub(crate) async fn space(path: &Path) -> Result<(u64, u64), EngineError> {
	let out = must("df", &["-B1", "--output=avail,size", text(path)?]).await?;
	let mut words = out.split_whitespace().rev();
	let mut number = || words.next().and_then(|word| word.parse().ok());
	match (number(), number()) {
		(Some(all), Some(free)) => Ok((free, all)),
		_ => Err(EngineError::Refused("df: the output is not understood".into())),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const MOUNTS: &str = "\
21 1 254:0 / / rw,relatime - ext4 /dev/vda rw
90 21 7:3 / /data/a\\040b rw - ext4 /dev/loop3 rw
91 21 7:4 /layer /data/a\\040b rw - ext4 /dev/loop4 rw
";

	#[test]
	fn the_topmost_mount_counts() {
		let device = |path: &str| mounted_device(MOUNTS, Path::new(path));
		assert_eq!(device("/data/a b").as_deref(), Some("7:4"));
		assert_eq!(device("/").as_deref(), Some("254:0"));
		assert_eq!(device("/data"), None);
	}

	#[tokio::test]
	async fn space_of_the_root_is_known() {
		let (free, all) = space(Path::new("/")).await.unwrap();
		assert!(free <= all && all > 0);
	}
}
