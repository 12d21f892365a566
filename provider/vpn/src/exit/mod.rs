// SPDX-License-Identifier: Apache-2.0

//! Exit of an operator: WireGuard in this process, a TUN device, and the firewall around it.
//!
//! ```text
//!  peers --UDP--> device --> meters --> TUN --> firewall, NAT --> internet
//!        <--UDP-- device <-- meters <-- TUN <-- firewall, NAT <--
//! ```
//!
//! | module | responsibility |
//! |---|---|
//! | `settings` | settings and their bounds |
//! | `pool` | networks, addresses of peers |
//! | `registry` | peers by key and agreement |
//! | `meter`, `bucket` | counts and caps |
//! | `store` | key and peers over a restart |
//! | `device` | TUN, sockets, WireGuard |
//! | `host`, `firewall`, `namespace` | the kernel's side |
//!
//! Everything that an exit sets up in the kernel goes with it, but for forwarding, see
//! [`Exit::start`]. A process that is killed leaves a table of rules, which the next start
//! replaces.

mod bucket;
mod device;
mod fault;
mod firewall;
mod host;
mod keeper;
mod meter;
mod namespace;
mod pool;
mod registry;
mod settings;
mod store;

pub use fault::ExitError;
pub use pool::{Net, NetFault, Pool};
pub use registry::Origin;
pub use settings::{Egress, Settings, Trials};

use crate::{AgreementId, claims::PeerRequest, keys::Key, tunnel::Tunnel};
use device::{Alarm, Wire};
use firewall::Firewall;
use meter::{Meter, Meters};
use namespace::Namespace;
use registry::{Change, Owner, Peer, Registry};
use std::{
	collections::BTreeSet,
	net::{IpAddr, Ipv4Addr, Ipv6Addr},
	sync::{Arc, atomic::Ordering::Relaxed},
	time::{Duration, SystemTime, UNIX_EPOCH},
};
use store::Store;
use tokio::{sync::Mutex, task::JoinHandle};

/// Running exit.
pub struct Exit {
	shared: Arc<Shared>,
	firewall: Arc<Firewall>,
	keeper: Mutex<Option<JoinHandle<()>>>,
	port: u16,
}

/// Parts that the keeper uses, too.
struct Shared {
	settings: Settings,
	namespace: Namespace,
	/// Number of the TUN device.
	interface: Option<u32>,
	key: Key,
	meters: Arc<Meters>,
	alarm: Alarm,
	store: Store,
	state: Mutex<State>,
}

/// Peers here and in the device, always changed together.
struct State {
	registry: Registry,
	/// `None` after the exit was stopped.
	wire: Option<Wire>,
	/// True if the file of peers is behind.
	is_dirty: bool,
}

/// Peer as others see it.
#[derive(Clone, Debug)]
pub struct PeerStatus {
	/// Agreement; `None` for a trial.
	pub agreement: Option<AgreementId>,
	/// Key.
	pub key: Key,
	/// IPv4 address inside the tunnel.
	pub ipv4: Ipv4Addr,
	/// IPv6 address inside the tunnel.
	pub ipv6: Ipv6Addr,
	/// Bits a second in each direction.
	pub bits: u64,
	/// Bytes from the peer, of all keys that the agreement has had.
	pub up: u64,
	/// Bytes to the peer.
	pub down: u64,
	/// Packets above the cap, in both directions, since the start.
	pub dropped: u64,
	/// Last handshake, or admission, in ms since 1970.
	pub seen: u64,
}

/// Trial that was admitted.
#[derive(Clone, Debug)]
pub struct Trial {
	/// The tunnel.
	pub tunnel: Tunnel,
	/// End in ms since 1970.
	pub until: u64,
}

impl Exit {
	/// Faults that [`Exit::start`] would meet, as far as they are seen without changing anything.
	/// An exit with these settings may be running.
	pub fn obstacles(settings: &Settings) -> Vec<ExitError> {
		let namespace = Namespace(settings.namespace.clone());
		let checks = [
			settings.check(),
			host::check_permission(),
			host::check_machine(),
			host::check_pool(settings, &namespace),
		];
		checks.into_iter().filter_map(Result::err).collect()
	}

	/// Start an exit with the peers of the last run.
	///
	/// Forwarding is turned on in the kernel and stays on. An interface that learns its routes from
	/// router advertisements goes on doing so (`accept_ra` 2).
	pub async fn start(settings: Settings) -> Result<Self, ExitError> {
		settings.check()?;
		host::check_permission()?;
		host::check_machine()?;
		let namespace = Namespace(settings.namespace.clone());
		host::check_pool(&settings, &namespace)?;
		let store = Store::open(&settings.directory)?;
		let secret = store.secret()?;
		let stored = store.peers()?;

		let tun = device::tun(&settings, &namespace)?;
		// The rules come before the device is up, and go after it.
		let firewall = Arc::new(Firewall::new(&settings, &namespace).await?);
		let interface = host::interface(&settings.interface, &namespace)?;
		host::configure(&settings, &namespace).await?;
		host::enable_forwarding(&namespace)?;
		let (meters, alarm) = (Arc::new(Meters::new(settings.pool)), Alarm::default());
		let (wire, port) =
			device::start(&settings, &namespace, tun, &secret, &meters, &alarm).await?;

		let mut registry = Registry::new(settings.pool);
		let restored = registry.restore(stored);
		let state = State { registry, wire: Some(wire), is_dirty: false };
		let key = secret.public();
		let state = Mutex::new(state);
		let shared = Shared { settings, namespace, interface, key, meters, alarm, store, state };
		let shared = Arc::new(shared);
		let mut state = shared.state.lock().await;
		for peer in restored {
			shared.apply(&mut state, Change { removed: Vec::new(), added: Some(peer) }).await?;
		}
		state.is_dirty = false;
		drop(state);
		let keeper = tokio::spawn(keeper::run(shared.clone(), firewall.clone()));
		let keeper = Mutex::new(Some(keeper));
		tracing::info!(interface = shared.settings.interface, port, "VPN exit runs");
		Ok(Self { shared, firewall, keeper, port })
	}

	/// Public key of the exit.
	pub fn key(&self) -> Key {
		self.shared.key
	}

	/// UDP port.
	pub fn port(&self) -> u16 {
		self.port
	}

	/// Make the key of a request the peer of its agreement, with a rate of `bits` a second in each
	/// direction. A new key replaces the old one, whose sessions end at once. The same key again
	/// changes the rate only. The caller has checked everything about the request but its order
	/// among others of the agreement.
	///
	/// Like all changes it must not be cancelled: run it in a task.
	pub async fn admit(&self, request: &PeerRequest, bits: u64) -> Result<Tunnel, ExitError> {
		let mut state = self.shared.state.lock().await;
		let change = state.registry.admit(request, bits, now())?;
		state.is_dirty = true;
		self.shared.apply(&mut state, change).await?;
		self.shared.save(&mut state).await;
		let peer = state.registry.of(request.agreement);
		peer.map(|peer| self.shared.tunnel(peer)).ok_or_else(stopped)
	}

	/// Tunnel of an agreement's peer.
	pub async fn tunnel(&self, agreement: AgreementId) -> Option<Tunnel> {
		let state = self.shared.state.lock().await;
		state.registry.of(agreement).map(|peer| self.shared.tunnel(peer))
	}

	/// Agreements that have a peer.
	pub async fn agreements(&self) -> BTreeSet<AgreementId> {
		self.shared.state.lock().await.registry.agreements().collect()
	}

	/// End the peers of agreements. Returns the number of those that had one.
	pub async fn revoke(&self, over: &BTreeSet<AgreementId>) -> Result<usize, ExitError> {
		let mut state = self.shared.state.lock().await;
		let revoked = over.iter().filter_map(|agreement| state.registry.revoke(*agreement));
		let removed: Vec<Peer> = revoked.collect();
		let count = removed.len();
		state.is_dirty |= count > 0;
		self.shared.apply(&mut state, Change { removed, added: None }).await?;
		self.shared.save(&mut state).await;
		Ok(count)
	}

	/// Admit anybody for a trial. The same key again gets the same trial.
	pub async fn admit_trial(&self, key: Key, from: impl Into<Origin>) -> Result<Trial, ExitError> {
		let limits = self.shared.settings.trials;
		let meter = self.shared.meters.trial(limits.bits, limits.bytes, limits.time);
		let mut state = self.shared.state.lock().await;
		let change = state.registry.admit_trial(key, from.into(), &limits, meter, now())?;
		self.shared.apply(&mut state, change).await?;
		let peer = state.registry.peers().find(|peer| peer.key == key).ok_or_else(stopped)?;
		Ok(Trial { tunnel: self.shared.tunnel(peer), until: peer.until })
	}

	/// All peers, trials included.
	pub async fn peers(&self) -> Vec<PeerStatus> {
		let state = self.shared.state.lock().await;
		state.registry.peers().map(|peer| self.shared.status(peer)).collect()
	}

	/// Check that the exit still forwards, as far as the process itself can tell.
	pub async fn check(&self) -> Result<(), ExitError> {
		self.shared.check().await
	}

	/// Stop, and remove everything from the kernel but forwarding. Peers are kept in their file.
	pub async fn stop(&self) -> Result<(), ExitError> {
		if let Some(keeper) = self.keeper.lock().await.take() {
			keeper.abort();
			// Until it has ended: it must not put the rules up again.
			let _ = keeper.await;
		}
		let mut state = self.shared.state.lock().await;
		state.is_dirty = true;
		self.shared.save(&mut state).await;
		if let Some(wire) = state.wire.take() {
			wire.stop().await;
		}
		drop(state);
		self.firewall.remove().await
	}
}

impl Drop for Exit {
	fn drop(&mut self) {
		// The firewall removes itself, and the TUN device goes with the last of its users.
		if let Some(keeper) = self.keeper.get_mut().take() {
			keeper.abort();
		}
	}
}

impl Shared {
	/// Make a change of the registry in meters and device.
	async fn apply(&self, state: &mut State, change: Change) -> Result<(), ExitError> {
		for peer in &change.removed {
			self.meters.remove(self.addresses(peer));
		}
		let wire = state.wire.as_ref().ok_or_else(stopped)?;
		let Change { removed, added } = change;
		let made = wire.write(async |device| {
			for peer in &removed {
				device.remove_peer(&peer.key.point()).await;
			}
			if let Some(peer) = &added {
				device.add_or_update_peer(device::peer(&peer.key, self.addresses(peer))).await;
			}
		});
		made.await.map_err(|error| ExitError::Device(error.to_string()))?;
		if let Some(peer) = &added {
			self.meters.insert(self.addresses(peer), &peer.meter);
		}
		Ok(())
	}

	/// Write the peers if the file is behind. A failure is tried again by the keeper: a tenant is
	/// not kept waiting for a full disk.
	async fn save(&self, state: &mut State) {
		if !state.is_dirty {
			return;
		}
		let (store, peers) = (self.store.clone(), state.registry.stored());
		match tokio::task::spawn_blocking(move || store.save(peers)).await {
			Ok(Ok(())) => state.is_dirty = false,
			Ok(Err(error)) => tracing::warn!("peers of the VPN are not saved: {error}"),
			Err(error) => tracing::warn!("peers of the VPN are not saved: {error}"),
		}
	}

	async fn check(&self) -> Result<(), ExitError> {
		let mut state = self.state.lock().await;
		let wire = state.wire.as_mut().ok_or_else(stopped)?;
		// Ends at once if the device has failed.
		if tokio::time::timeout(Duration::ZERO, wire.wait()).await.is_ok() {
			self.alarm.raise("the WireGuard device has failed".into());
		}
		// A read that waits is not woken when the TUN device is removed.
		let Settings { interface, .. } = &self.settings;
		if host::interface(interface, &self.namespace)? != self.interface {
			self.alarm.raise(format!("the TUN device {interface} was removed"));
		}
		self.alarm.reason().map_or(Ok(()), |reason| Err(ExitError::Failed(reason)))
	}

	fn addresses(&self, peer: &Peer) -> [IpAddr; 2] {
		let (v4, v6) = self.settings.pool.addresses(peer.index);
		[v4.into(), v6.into()]
	}

	fn tunnel(&self, peer: &Peer) -> Tunnel {
		let (ipv4, ipv6) = self.settings.pool.addresses(peer.index);
		let Settings { endpoint, dns, mtu, keepalive, .. } = &self.settings;
		Tunnel {
			peer: peer.key,
			exit: self.key,
			endpoint: endpoint.clone(),
			ipv4,
			ipv6,
			dns: dns.clone(),
			mtu: *mtu,
			keepalive: *keepalive,
		}
	}

	fn status(&self, peer: &Peer) -> PeerStatus {
		let Peer { owner, key, index, meter, seen, .. } = peer;
		let (ipv4, ipv6) = self.settings.pool.addresses(*index);
		let Meter { up, down, .. } = &**meter;
		PeerStatus {
			agreement: match owner {
				Owner::Agreement(agreement) => Some(*agreement),
				Owner::Trial(_) => None,
			},
			key: *key,
			ipv4,
			ipv6,
			bits: meter.bits(),
			up: up.bytes.load(Relaxed),
			down: down.bytes.load(Relaxed),
			dropped: up.dropped.load(Relaxed).saturating_add(down.dropped.load(Relaxed)),
			seen: *seen,
		}
	}
}

fn stopped() -> ExitError {
	ExitError::Failed("it was stopped".into())
}

/// Milliseconds since 1970.
fn now() -> u64 {
	let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
	u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
