// SPDX-License-Identifier: Apache-2.0

//! Tenants who try to get out of their bounds, at real engines.

// The lints exempt functions that are tests, not those that help them.
#![allow(
	clippy::arithmetic_side_effects,
	clippy::expect_used,
	clippy::indexing_slicing,
	clippy::panic,
	clippy::unwrap_used
)]

mod kit;

use kit::*;
use surety_engine::{Cidr, Engine, EngineError, Port, State};

/// A try to get a page from inside a lease.
async fn reaches(
	agent: &surety_engine::ContainerEngine,
	lease: u32,
	host: &str,
	port: u16,
) -> bool {
	// Without the C library's name services, on which a static busybox crashes.
	let get = "printf 'GET /index.html HTTP/1.0\\r\\n\\r\\n'";
	let out = exec(agent, lease, &format!("{get} | nc -w 2 {host} {port} 2>&1")).await;
	eprintln!("{host}:{port}: {out}");
	out.contains("reached")
}

async fn network(kind: Kind) {
	let mut machine = Machine::new(kind).await;
	machine.settings.forbidden = vec!["11.0.0.200/32".parse::<Cidr>().unwrap()];
	sh("ip netns exec world ip addr add 11.0.0.200/32 dev lo");
	let (image, _) = machine.registry.push(&Image::default());
	let agent = machine.agent();
	let mut neighbour = spec(2, &image, "httpd -f -p 80 -h /www");
	neighbour.files.insert("/www/index.html".into(), b"reached".to_vec());
	neighbour.ports = vec![Port::tcp(80)];
	let public = run(&agent, &neighbour).await.ports[&Port::tcp(80)];
	run(&agent, &spec(1, &image, "sleep 1000")).await;

	assert!(reaches(&agent, 1, WORLD, 80).await, "the public internet is there");
	assert!(!reaches(&agent, 1, WORLD, 25).await, "mail");
	assert!(!reaches(&agent, 1, "11.0.0.200", 80).await, "the operator's own range");
	for address in FORBIDDEN {
		sh(&format!("curl -sf -m 5 http://{address}/"));
		assert!(!reaches(&agent, 1, address, 80).await, "{address}");
	}
	let gateways = sh("ip -4 -o addr show | sed -n 's/.*: t-[12] *inet \\([^/]*\\).*/\\1/p'");
	assert_eq!(gateways.lines().count(), 2, "{gateways}");
	for host in gateways.lines().chain([HOST]) {
		sh(&format!("curl -sf -m 5 http://{host}:{HOST_PORT}/"));
		assert!(!reaches(&agent, 1, host, HOST_PORT).await, "the host at {host}");
		assert!(!reaches(&agent, 1, host, public).await, "a neighbour's port at {host}");
	}
	let address = exec(&agent, 2, "busybox ip -4 -o addr show eth0").await;
	let address = address.split("inet ").nth(1).unwrap().split('/').next().unwrap().to_string();
	assert!(!reaches(&agent, 1, &address, 80).await, "the neighbour at {address}");
	assert!(page(public, "/").unwrap().contains("reached"), "the world reaches the published port");
	sh(&format!("ip netns exec world ip route add {address} via {HOST}"));
	let direct = format!("ip netns exec world curl -s -m 2 http://{address}/ || echo closed");
	assert_eq!(sh(&direct), "closed\n", "the world reaches nothing but published ports");
	let v6 = exec(&agent, 1, "busybox ip -6 -o addr show eth0").await;
	assert!(!v6.contains("global"), "{v6}");

	// A flushed table is put back by the next look.
	sh("nft flush chain inet t leave");
	assert!(reaches(&agent, 1, "10.1.1.1", 80).await);
	assert_eq!(look(&agent, 1).await.unwrap().missing, Vec::<String>::new());
	assert!(!reaches(&agent, 1, "10.1.1.1", 80).await);
	sh("nft delete table inet t");
	agent.protect().await.unwrap();
	assert!(!reaches(&agent, 1, "10.1.1.1", 80).await);
}

#[test]
fn a_lease_at_podman_reaches_the_internet_only() {
	isolated("a_lease_at_podman_reaches_the_internet_only", || network(Kind::Podman));
}

#[test]
fn a_lease_at_dockerd_reaches_the_internet_only() {
	isolated("a_lease_at_dockerd_reaches_the_internet_only", || network(Kind::Dockerd));
}

async fn resources(kind: Kind) {
	let machine = Machine::new(kind).await;
	let (image, _) = machine.registry.push(&Image { volumes: &["/var/data"], ..Image::default() });
	let agent = machine.agent();
	run(&agent, &spec(1, &image, "sleep 1000")).await;
	run(&agent, &spec(2, &image, "sleep 1000")).await;

	// Fork bomb: the kernel refuses beyond the bound, and the neighbour goes on.
	exec(&agent, 1, "for i in $(busybox seq 1 300); do sleep 30 & done 2>/dev/null; true").await;
	let usage = agent.usage(1).await.unwrap();
	assert!(usage.pids <= 64, "{usage:?}");
	assert!(exec(&agent, 2, "echo alive").await.contains("alive"));

	// Disk filler, in the root and in a volume: full at its own size, with room on the host.
	let fill = "dd if=/dev/zero of=/fill bs=1M count=2000 2>&1";
	assert!(exec(&agent, 2, fill).await.contains("No space left"));
	let fill = "dd if=/dev/zero of=/var/data/fill bs=1M count=2000 2>&1";
	assert!(exec(&agent, 2, fill).await.contains("No space left"));
	let usage = agent.usage(2).await.unwrap();
	assert!(usage.disk_bytes <= usage.disk_limit && usage.disk_limit <= 1 << 30, "{usage:?}");
	assert!(exec(&agent, 2, "rm /fill; echo x > /y && echo room").await.contains("room"));

	// Rights: no mount, no raw socket, no device, no kernel setting.
	for script in [
		"busybox mount -t tmpfs x /tmp",
		"busybox mknod /disk b 254 0",
		"echo 1 > /proc/sys/kernel/panic",
		"busybox ip link add x type dummy",
	] {
		let out = exec(&agent, 2, &format!("{script} && echo done")).await;
		assert!(!out.contains("done"), "{script}: {out}");
	}

	let look = look(&agent, 2).await.unwrap();
	assert_eq!((look.state, look.missing), (State::Running, Vec::new()));
}

#[test]
fn a_lease_at_podman_stays_in_its_bounds() {
	isolated("a_lease_at_podman_stays_in_its_bounds", || resources(Kind::Podman));
}

#[test]
fn a_lease_at_dockerd_stays_in_its_bounds() {
	isolated("a_lease_at_dockerd_stays_in_its_bounds", || resources(Kind::Dockerd));
}

async fn images(kind: Kind) {
	let machine = Machine::new(kind).await;
	let registry = &machine.registry;
	let agent = machine.agent();
	let refused = async |image: &str, most: u64, word: &str| {
		let error = agent.fetch(&spec(1, image, "true"), most).await.unwrap_err();
		assert!(matches!(error, EngineError::Image(_)), "{image}: {error}");
		assert!(error.to_string().contains(word), "{image}: {error}");
	};
	let (small, digest) = registry.push(&Image::default());
	let (large, _) = registry.push(&Image { name: "large", noise: 3 << 20, ..Image::default() });
	let (other, foreign) =
		registry.push(&Image { name: "other", architecture: "riscv64", ..Image::default() });
	refused(&large, 3 << 20, "at most").await;
	refused(&other, ANY, "riscv64").await;
	refused(&format!("{}/box:2", registry.address), ANY, "no such image").await;
	refused("localhost:1/box", ANY, "private").await;
	let wrong = format!("{}/box@sha256:{}", registry.address, "0".repeat(64));
	refused(&wrong, ANY, "no such image").await;
	assert!(agent.inspect_image(&large, None).await.unwrap().bytes > 3 << 20);

	// An index leads to the manifest for this machine, whichever digest the order names.
	registry.index("other", "foreign", &[("riscv64", &foreign)]);
	refused(&format!("{}/other:foreign", registry.address), ANY, "not built for").await;
	let index = registry.index("box", "all", &[("amd64", &digest)]);
	let pinned = format!("{}/box@{index}", registry.address);
	assert_eq!(agent.inspect_image(&pinned, None).await.unwrap().digest, digest);
	let observed = run(&agent, &spec(1, &pinned, "sleep 1000")).await;
	assert_eq!(observed.digest, Some(digest.clone()));
	assert_eq!(agent.fetch(&spec(2, &small, "true"), ANY).await.unwrap().digest, digest);

	// A private registry.
	let private = Registry::start(machine.dir.path(), 5001, Some(())).await;
	let (image, _) = private.push(&Image { name: "secret", ..Image::default() });
	refused(&image, ANY, "login").await;
	let mut order = spec(3, &image, "sleep 1000");
	order.login = Some(surety_engine::Login { user: USER.into(), password: "wrong".into() });
	let error = agent.fetch(&order, ANY).await.unwrap_err();
	assert!(error.to_string().contains("no access"), "{error}");
	order.login = Some(surety_engine::Login { user: USER.into(), password: PASSWORD.into() });
	run(&agent, &order).await;

	// A registry that is away is no statement about the image.
	drop(private);
	let error = agent.fetch(&order, ANY).await.unwrap_err();
	assert!(matches!(error, EngineError::Unavailable(_)), "{error}");
}

#[test]
fn podman_gets_the_images_of_orders_only() {
	isolated("podman_gets_the_images_of_orders_only", || images(Kind::Podman));
}

#[test]
fn dockerd_gets_the_images_of_orders_only() {
	isolated("dockerd_gets_the_images_of_orders_only", || images(Kind::Dockerd));
}

async fn gpu(kind: Kind) {
	let mut machine = Machine::new(kind).await;
	sh("mkdir -p /run/cdi");
	std::fs::write(
		"/run/cdi/fake.json",
		r#"{"cdiVersion":"0.5.0","kind":"fake.io/gpu","devices":[{"name":"0","containerEdits":
			{"deviceNodes":[{"path":"/dev/fake0","hostPath":"/dev/null","type":"c"}]}}]}"#,
	)
	.unwrap();
	sh("mknod /run/fake0 c 1 3; mount -t tmpfs tmpfs /etc/cdi 2>/dev/null || true");
	machine.settings.gpus = vec!["fake.io/gpu=0".into()];
	machine.settings.gpu_class = "fake".into();
	let (image, _) = machine.registry.push(&Image::default());
	let agent = machine.agent();
	let mut order = spec(1, &image, "sleep 1000");
	order.resources.gpus = 1;
	order.gpu_class = "fake".into();
	agent.fetch(&order, ANY).await.unwrap();
	let capacity = agent.capacity().await.unwrap();
	assert_eq!(capacity.total.gpus, 1);
	let started = agent.start(&order).await;
	if kind == Kind::Dockerd {
		// This dockerd knows no CDI: it is said beforehand, and the lease never looks ready.
		assert!(capacity.unenforced.iter().any(|text| text.contains("CDI")), "{capacity:?}");
		assert!(started.is_err() || !started.unwrap().missing.is_empty());
		return;
	}
	let observed = started.unwrap();
	assert_eq!((observed.state, observed.missing), (State::Running, Vec::new()));
	assert!(exec(&agent, 1, "ls /dev").await.contains("fake0"));
	order.gpu_class = "other".into();
	assert!(agent.start(&order).await.unwrap_err().to_string().contains("class"));
	order.gpu_class = String::new();
	let mut second = order.clone();
	second.lease = 2;
	agent.fetch(&second, ANY).await.unwrap();
	assert!(agent.start(&second).await.unwrap_err().to_string().contains("GPU"));
}

#[test]
fn podman_hands_out_a_cdi_device_once() {
	isolated("podman_hands_out_a_cdi_device_once", || gpu(Kind::Podman));
}

#[test]
fn dockerd_without_cdi_never_looks_ready() {
	isolated("dockerd_without_cdi_never_looks_ready", || gpu(Kind::Dockerd));
}
