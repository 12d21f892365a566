// SPDX-License-Identifier: Apache-2.0

//! WireGuard device: TUN and socket in a namespace, the meters between them.

use super::{fault::ExitError, meter::Meters, namespace::Namespace, settings::Settings};
use crate::keys::{Key, Secret};
use gotatun::{
	device::{Device, DeviceBuilder, Peer},
	packet::{Ip, Packet, PacketBufPool},
	tun::{IpRecv, IpSend, MtuWatcher, tun_async_device::TunDevice},
	udp::{
		UdpRecv, UdpTransportFactory, UdpTransportFactoryParams,
		socket::{SockOpt, UdpSocket},
	},
};
use parking_lot::Mutex;
use std::{
	io, iter,
	net::{IpAddr, Ipv4Addr, Ipv6Addr},
	sync::Arc,
	time::Duration,
};
use tokio::runtime::Handle;

/// Buffers of the socket in bytes. The kernel grants less unless `net.core.rmem_max` is raised.
const BUFFER: usize = 4 * 1_024 * 1_024;
/// Pause after an error of the TUN device that may pass, such as a link that is down.
const PAUSE: Duration = Duration::from_millis(100);

/// The device of an exit.
pub type Wire = Device<(Sockets, Upstream, Downstream)>;

/// Reason for which the exit no longer forwards.
#[derive(Clone, Debug, Default)]
pub struct Alarm(Arc<Mutex<Option<String>>>);

impl Alarm {
	/// Raise the alarm. The first reason stays.
	pub fn raise(&self, reason: String) {
		self.0.lock().get_or_insert(reason);
	}

	/// The reason.
	pub fn reason(&self) -> Option<String> {
		self.0.lock().clone()
	}
}

/// Make the TUN device.
pub fn tun(settings: &Settings, namespace: &Namespace) -> Result<TunDevice, ExitError> {
	let (runtime, name) = (Handle::current(), settings.interface.as_str());
	let made = namespace.run(move || {
		let _guard = runtime.enter();
		TunDevice::from_name(name).map_err(|error| error.to_string())
	})?;
	made.map_err(|reason| ExitError::Interface(name.into(), reason))
}

/// Start the device without peers. Returns it with the port that it listens on.
pub async fn start(
	settings: &Settings,
	namespace: &Namespace,
	tun: TunDevice,
	secret: &Secret,
	meters: &Arc<Meters>,
	alarm: &Alarm,
) -> Result<(Wire, u16), ExitError> {
	let fault = |error: gotatun::device::Error| ExitError::Device(error.to_string());
	let up = Upstream { tun: tun.clone(), meters: meters.clone(), alarm: alarm.clone() };
	let down = Downstream { tun, meters: meters.clone(), alarm: alarm.clone(), mtu: settings.mtu };
	// Without peers the library opens no socket until something about the socket changes. So the
	// device starts with another port, which is never bound.
	let other = if settings.port == 0 { 1 } else { 0 };
	let device = DeviceBuilder::new()
		.with_udp(Sockets { namespace: namespace.clone() })
		.with_ip_pair(up, down)
		.with_private_key(secret.scalar())
		.with_listen_port(other)
		.build()
		.await
		.map_err(fault)?;
	device.set_listen_port(settings.port).await.map_err(fault)?;
	let port = device.read(async |device| device.listen_port()).await;
	Ok((device, port))
}

/// Peer of the device.
pub fn peer(key: &Key, addresses: [IpAddr; 2]) -> Peer {
	let [v4, v6] = addresses;
	Peer::new(key.point()).with_allowed_ips([v4.into(), v6.into()])
}

/// Sockets in the namespace.
pub struct Sockets {
	namespace: Namespace,
}

impl UdpTransportFactory for Sockets {
	type Send = UdpSocket;
	type Recv = UdpSocket;

	async fn bind(
		&mut self,
		params: &UdpTransportFactoryParams,
	) -> io::Result<(UdpSocket, UdpSocket)> {
		let (runtime, port) = (Handle::current(), params.port);
		let bound = self.namespace.run(move || {
			let _guard = runtime.enter();
			let options = SockOpt {
				recv_buffer_size: Some(BUFFER),
				send_buffer_size: Some(BUFFER),
				only_v6: Some(false),
				..SockOpt::default()
			};
			UdpSocket::bind((Ipv6Addr::UNSPECIFIED, port).into(), options).or_else(|error| {
				// A host without IPv6.
				match error.kind() {
					io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied => Err(error),
					_ => UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port).into(), options),
				}
			})
		});
		let socket = bound.map_err(|error| io::Error::other(error.to_string()))??;
		// A faster way to receive, which old kernels lack.
		let _ = socket.enable_udp_gro();
		Ok((socket.clone(), socket))
	}
}

/// From the tunnels to the TUN device.
pub struct Upstream {
	tun: TunDevice,
	meters: Arc<Meters>,
	alarm: Alarm,
}

impl IpSend for Upstream {
	async fn send(&mut self, packet: Packet<Ip>) -> io::Result<()> {
		let (Some(from), Some(to)) = (packet.source(), packet.destination()) else {
			return Ok(());
		};
		if !self.meters.pass_up(from, to, length(&packet)) {
			return Ok(());
		}
		match self.tun.send(packet).await {
			Err(error) if is_gone(&error) => {
				self.alarm.raise(format!("the TUN device is gone: {error}"));
				Err(error)
			},
			// One packet that the kernel refuses. The library would give up on the device.
			_ => Ok(()),
		}
	}
}

/// From the TUN device to the tunnels.
pub struct Downstream {
	tun: TunDevice,
	meters: Arc<Meters>,
	alarm: Alarm,
	mtu: u16,
}

impl IpRecv for Downstream {
	async fn recv<'a>(
		&'a mut self,
		pool: &mut PacketBufPool,
	) -> io::Result<impl Iterator<Item = Packet<Ip>> + Send + 'a> {
		loop {
			let received = self.tun.recv(pool).await.map(|mut packets| packets.next());
			match received {
				Ok(Some(packet)) => {
					let to = packet.destination();
					if to.is_some_and(|to| self.meters.pass_down(to, length(&packet))) {
						return Ok(iter::once(packet));
					}
				},
				Ok(None) => {},
				Err(error) if is_gone(&error) => {
					self.alarm.raise(format!("the TUN device is gone: {error}"));
					return Err(error);
				},
				// Without a code of the kernel it is a packet that is no IP.
				Err(error) if error.raw_os_error().is_none() => {},
				Err(error) => {
					tracing::debug!("the TUN device: {error}");
					tokio::time::sleep(PAUSE).await;
				},
			}
		}
	}

	fn mtu(&self) -> MtuWatcher {
		MtuWatcher::new(self.mtu)
	}
}

fn length(packet: &Ip) -> u64 {
	u64::try_from(packet.rest.len().saturating_add(1)).unwrap_or(u64::MAX)
}

/// True if an error means that the TUN device was removed.
fn is_gone(error: &io::Error) -> bool {
	use nix::errno::Errno;
	error.raw_os_error().is_some_and(|code| {
		matches!(Errno::from_raw(code), Errno::EBADF | Errno::EBADFD | Errno::ENODEV)
	})
}
