//! Looks up the addresses of a name.
//!
//! Not through the C library, which takes a thread for as long as a name server is silent: whoever lists
//! thousands of dead names would hold up the anchors and everybody else. Here a lookup costs a socket for
//! as long as its probe waits.
//!
//! The machine's own configuration holds, `/etc/resolv.conf` and `/etc/hosts`, also when it changes while the
//! node runs. One thing is left out of it: the search list. An endpoint is a name of the whole internet; what
//! it stands for, and so a verdict, must not depend on who asks. For the same reason only IPv4 addresses (A) are
//! looked up: not every prober has IPv6.

use hickory_resolver::{
	Hosts, TokioResolver,
	config::{LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts},
	net::{NetError, runtime::TokioRuntimeProvider},
	proto::{
		op::Query,
		rr::{Name, RecordType},
	},
	system_conf::parse_resolv_conf,
};
use std::{
	fs,
	net::{IpAddr, Ipv4Addr},
	path::PathBuf,
	sync::{Arc, Mutex, PoisonError},
	time::{Duration, Instant, SystemTime},
};

/// For one answer of a name server.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// Times that a query is asked again.
const RETRIES: usize = 2;
/// Answers that are remembered.
const REMEMBERED: u64 = 2_048;
/// Longest that an address is remembered: a service that moves is found at its new place.
const FRESH: Duration = Duration::from_secs(60);
/// Longest that it is remembered that a name has no address.
const FRESH_FAILURE: Duration = Duration::from_secs(5);
/// Addresses of one name that are looked at.
const MAX_ADDRESSES: usize = 32;

/// Where the configuration is.
pub struct Source {
	/// Name servers.
	pub resolv_conf: PathBuf,
	/// Names that are not asked for.
	pub hosts: PathBuf,
	/// Port of the name servers.
	pub port: u16,
	/// How often the files are looked at again.
	pub recheck: Duration,
}

impl Default for Source {
	/// Where this machine has it.
	fn default() -> Self {
		Self {
			resolv_conf: "/etc/resolv.conf".into(),
			hosts: "/etc/hosts".into(),
			port: 53,
			recheck: Duration::from_secs(10),
		}
	}
}

/// Time and length of a file; none if it is not there.
type Stamp = Option<(SystemTime, u64)>;

impl Source {
	fn stamps(&self) -> [Stamp; 2] {
		[&self.resolv_conf, &self.hosts].map(|path| {
			let metadata = fs::metadata(path).ok()?;
			Some((metadata.modified().ok()?, metadata.len()))
		})
	}

	fn resolver(&self) -> Result<TokioResolver, NetError> {
		let text = fs::read(&self.resolv_conf).unwrap_or_default();
		let (mut servers, mut options) = match parse_resolv_conf(text) {
			Ok((config, options)) => (config.name_servers().to_vec(), options),
			// Where none is named, it is the one of this machine: resolv.conf(5).
			Err(_) => (
				vec![NameServerConfig::udp_and_tcp(Ipv4Addr::LOCALHOST.into())],
				ResolverOpts::default(),
			),
		};
		for connection in servers.iter_mut().flat_map(|server| &mut server.connections) {
			connection.port = self.port;
		}
		options.timeout = PATIENCE;
		options.attempts = RETRIES;
		options.ip_strategy = LookupIpStrategy::Ipv4Only;
		options.use_hosts_file = ResolveHosts::Never;
		options.cache_size = REMEMBERED;
		options.positive_max_ttl = Some(FRESH);
		options.negative_max_ttl = Some(FRESH_FAILURE);
		let config = ResolverConfig::from_parts(None, Vec::new(), servers);
		let mut builder =
			TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
		*builder.options_mut() = options;
		builder.build()
	}

	/// What the hosts file says; nothing if it cannot be read.
	fn hosts(&self) -> Hosts {
		let mut hosts = Hosts::default();
		if let Err(error) = fs::File::open(&self.hosts).and_then(|file| hosts.read_hosts_conf(file))
		{
			log::debug!(target: super::LOG, "{}: {error}", self.hosts.display());
		}
		hosts
	}
}

/// What was read from the files, and when.
struct Current {
	checked: Instant,
	stamps: [Stamp; 2],
	resolver: TokioResolver,
	hosts: Arc<Hosts>,
}

/// Names and their addresses, as this machine knows them.
pub struct Names {
	source: Source,
	current: Mutex<Current>,
}

impl Names {
	/// Names by the configuration at `source`. Nothing is remembered yet.
	pub fn new(source: Source) -> std::io::Result<Self> {
		let stamps = source.stamps();
		let resolver = source.resolver().map_err(std::io::Error::other)?;
		let hosts = Arc::new(source.hosts());
		let current = Current { checked: Instant::now(), stamps, resolver, hosts };
		Ok(Self { source, current: Mutex::new(current) })
	}

	/// The IPv4 addresses of `host`; none if there are none or no name server says.
	pub async fn addresses(&self, host: &str) -> Vec<Ipv4Addr> {
		let Ok(mut name) = Name::from_ascii(host) else {
			return Vec::new();
		};
		name.set_fqdn(true);
		let (resolver, hosts) = self.current();
		let listed: Vec<Ipv4Addr> = hosts
			.lookup_static_host(&Query::query(name.clone(), RecordType::A))
			.iter()
			.flat_map(|lookup| lookup.answers())
			.filter_map(|record| v4(record.data.ip_addr()?))
			.take(MAX_ADDRESSES)
			.collect();
		if !listed.is_empty() {
			return listed;
		}
		match resolver.lookup_ip(name).await {
			Ok(found) => found.iter().filter_map(v4).take(MAX_ADDRESSES).collect(),
			Err(_) => Vec::new(),
		}
	}

	/// Resolver and hosts, read again if their files changed.
	fn current(&self) -> (TokioResolver, Arc<Hosts>) {
		let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
		if current.checked.elapsed() >= self.source.recheck {
			current.checked = Instant::now();
			let stamps = self.source.stamps();
			if stamps != current.stamps
				&& let Ok(resolver) = self.source.resolver()
			{
				*current = Current {
					checked: current.checked,
					stamps,
					resolver,
					hosts: Arc::new(self.source.hosts()),
				};
			}
		}
		(current.resolver.clone(), current.hosts.clone())
	}
}

fn v4(address: IpAddr) -> Option<Ipv4Addr> {
	match address {
		IpAddr::V4(address) => Some(address),
		IpAddr::V6(_) => None,
	}
}
