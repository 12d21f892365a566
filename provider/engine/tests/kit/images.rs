// SPDX-License-Identifier: Apache-2.0

//! A real registry, and images of busybox that are pushed to it.

use super::{Process, sh, until};
use serde_json::json;
use std::{
	fs,
	path::{Path, PathBuf},
	process::Command,
};
use tokio::net::TcpStream;

/// User and password of the private registry, and the hash that the registry knows.
pub const USER: &str = "tenant";
pub const PASSWORD: &str = "s3cret";
const HTPASSWD: &str = "tenant:$2b$04$OSk1xQ1mjJuXm284avl5lu3MpDGl.eIZeM/dQ9LF3wazvK3h8LTc2\n";

/// Registry on loopback.
pub struct Registry {
	pub address: String,
	dir: PathBuf,
	login: bool,
	_process: Process,
}

/// Image to push.
pub struct Image {
	pub name: &'static str,
	pub architecture: &'static str,
	pub volumes: &'static [&'static str],
	/// Programs of the machine beside busybox, with the libraries they need.
	pub programs: &'static [&'static str],
	/// Bytes of noise in it.
	pub noise: usize,
}

impl Default for Image {
	fn default() -> Self {
		Self { name: "box", architecture: "amd64", volumes: &[], programs: &[], noise: 0 }
	}
}

fn digest(bytes: &[u8]) -> String {
	let hash = ring::digest::digest(&ring::digest::SHA256, bytes);
	let hex: String = hash.as_ref().iter().map(|b| format!("{b:02x}")).collect();
	format!("sha256:{hex}")
}

impl Registry {
	pub async fn start(dir: &Path, port: u16, login: Option<()>) -> Self {
		let dir = dir.join(format!("registry-{port}"));
		fs::create_dir_all(&dir).unwrap();
		let address = format!("127.0.0.1:{port}");
		let mut config = format!(
			"version: 0.1\nstorage: {{ filesystem: {{ rootdirectory: {}/data }} }}\n\
			 http: {{ addr: {address} }}\n",
			dir.display()
		);
		if login.is_some() {
			fs::write(dir.join("htpasswd"), HTPASSWD).unwrap();
			let path = dir.join("htpasswd");
			config += &format!("auth: {{ htpasswd: {{ realm: r, path: {} }} }}\n", path.display());
		}
		fs::write(dir.join("config.yml"), config).unwrap();
		let process = Process::start(
			Command::new("docker-registry").arg("serve").arg(dir.join("config.yml")),
			&dir.join("log"),
		);
		until("the registry listens", || async { TcpStream::connect(&address).await.is_ok() })
			.await;
		Self { address, dir, login: login.is_some(), _process: process }
	}

	fn curl(&self) -> String {
		match self.login {
			true => format!("curl -sf -u {USER}:{PASSWORD}"),
			false => "curl -sf".into(),
		}
	}

	fn blob(&self, name: &str, bytes: &[u8]) -> serde_json::Value {
		let (digest, file) = (digest(bytes), self.dir.join("blob"));
		fs::write(&file, bytes).unwrap();
		let (curl, url) = (self.curl(), format!("http://{}/v2/{name}", self.address));
		sh(&format!(
			"at=$({curl} -D - -o /dev/null -X POST {url}/blobs/uploads/ | tr -d '\\r' |
				sed -n 's/^[Ll]ocation: //p')
			 {curl} -X PUT -H 'Content-Type: application/octet-stream' \\
				--data-binary @{} \"$at&digest={digest}\"",
			file.display()
		));
		json!({ "digest": digest, "size": bytes.len() })
	}

	/// Push an image, and return its name and digest.
	pub fn push(&self, image: &Image) -> (String, String) {
		let root = self.dir.join(format!("root-{}", image.name));
		let (noise, programs) = (image.noise, image.programs.join(" "));
		let root = root.display();
		sh(&format!(
			"mkdir -p {root}/bin {root}/etc {root}/tmp {root}/www {root}/var/data
			 cp $(command -v busybox) {root}/bin/busybox
			 for a in sh sleep dd wget nc cat httpd id df yes head tail echo ls touch true rm \\
				mkdir sync stty nslookup; do ln -sf busybox {root}/bin/$a; done
			 for program in {programs}; do
				path=$(command -v $program)
				cp -L $path {root}/bin/
				cp -L --parents $(ldd $path | grep -o '/[^ ]*') {root}/
			 done
			 echo 'root:x:0:0::/:/bin/sh' > {root}/etc/passwd
			 echo seeded > {root}/var/data/seed
			 head -c {noise} /dev/urandom > {root}/noise
			 tar -C {root} -cf {root}.tar .
			 gzip -nkf1 {root}.tar"
		));
		let (tar, gzip) = (format!("{root}.tar"), format!("{root}.tar.gz"));
		let diff = digest(&fs::read(tar).unwrap());
		let mut layer = self.blob(image.name, &fs::read(gzip).unwrap());
		layer["mediaType"] = "application/vnd.oci.image.layer.v1.tar+gzip".into();
		let volumes: serde_json::Map<_, _> =
			image.volumes.iter().map(|path| (path.to_string(), json!({}))).collect();
		let config = json!({
			"os": "linux",
			"architecture": image.architecture,
			"config": { "Cmd": ["/bin/sleep", "1000"], "Env": ["PATH=/bin"], "Volumes": volumes },
			"rootfs": { "type": "layers", "diff_ids": [diff] },
			"history": [{ "created_by": "test" }],
		});
		let mut config = self.blob(image.name, config.to_string().as_bytes());
		config["mediaType"] = "application/vnd.oci.image.config.v1+json".into();
		let kind = "application/vnd.oci.image.manifest.v1+json";
		let manifest =
			json!({ "schemaVersion": 2, "mediaType": kind, "config": config, "layers": [layer] });
		let digest = self.manifest(image.name, "1", kind, &manifest);
		(format!("{}/{}:1", self.address, image.name), digest)
	}

	/// Push an index of images by architecture.
	pub fn index(&self, name: &str, tag: &str, entries: &[(&str, &str)]) -> String {
		let kind = "application/vnd.oci.image.index.v1+json";
		let manifests: Vec<_> = entries
			.iter()
			.map(|(architecture, digest)| {
				let url = format!("http://{}/v2/{name}/manifests/{digest}", self.address);
				let accept = "Accept: application/vnd.oci.image.manifest.v1+json";
				let body = sh(&format!("{} -H '{accept}' {url}", self.curl()));
				json!({
					"mediaType": "application/vnd.oci.image.manifest.v1+json",
					"digest": digest,
					"size": body.len(),
					"platform": { "os": "linux", "architecture": architecture },
				})
			})
			.collect();
		let index = json!({ "schemaVersion": 2, "mediaType": kind, "manifests": manifests });
		self.manifest(name, tag, kind, &index)
	}

	fn manifest(&self, name: &str, tag: &str, kind: &str, body: &serde_json::Value) -> String {
		let (text, file) = (body.to_string(), self.dir.join("manifest"));
		fs::write(&file, &text).unwrap();
		sh(&format!(
			"{} -X PUT -H 'Content-Type: {kind}' --data-binary @{} \
			 http://{}/v2/{name}/manifests/{tag}",
			self.curl(),
			file.display(),
			self.address
		));
		digest(text.as_bytes())
	}
}
