// SPDX-License-Identifier: Apache-2.0

//! Containers of leases: a container engine, its images, and the firewall around them.
//!
//! [`ContainerEngine`] implements [`Engine`] over the Docker API of podman or dockerd.
//!
//! ```text
//! inspect_image   registry: index -> manifest for this platform -> configuration
//! fetch           size judged, pulled by digest, proven by RepoDigests
//! start           record -> firewall -> network -> disk -> container -> disk under its layer
//!                 -> files -> start -> inspection of all that was asked for
//! observe         labels -> inspection -> state, and what is missing
//! stop            the container stays, with its log and its disk
//! remove          container, volumes, network, disk, record, image
//! ```
//!
//! # Terminology
//!
//! - *record*: file of a lease with its ports, subnet, devices and image; these survive restarts.
//! - *want*: label of a container with all that is checked on it; a restarted agent reads it.
//! - *layer*: directory in which an engine keeps what a container writes.
//! - *disk*: file system of the leased size, mounted by the loop driver, under the layer.
//!
//! # Bounds
//!
//! | bound | enforced by | checked by |
//! |---|---|---|
//! | processor time, memory without swap, processes | control groups | engine and control group |
//! | capabilities, no-new-privileges, seccomp, files | runtime | `/proc/<pid>` |
//! | storage, wherever it is written | loop-mounted file system | the kernel's list of mounts |
//! | bandwidth, in each direction | nft token bucket on the bridge | the table in the kernel |
//! | reach: no host, neighbour, private range or mail | nft table | the table in the kernel |
//! | image | digest of the manifest | RepoDigests |
//! | GPUs | CDI | a device in the container's `/dev` |
//!
//! The engine restarts nothing: an end is seen, and the agent decides.
//!
//! # Differences of the engines
//!
//! Seen with Debian's podman 4.3.1 and dockerd 20.10.24.
//!
//! | matter | podman | dockerd |
//! |---|---|---|
//! | duplicate name | 500 with words | 409 |
//! | two networks of one name | refused | made, unless asked to check |
//! | name of a network's bridge | libpod's API only | an option of the driver |
//! | default subnets | /24 of 10.89.0.0/16 on | some 30 networks in all |
//! | runtime and CDI devices | ignored by the Docker API without a word; libpod's has them | runtime; CDI since 25 |
//! | dropped capabilities | listed one by one | `ALL` |
//! | log driver as inspected | `json-file`, whatever it is | the real one |
//! | volume of a container that outlived a restart | removed with it | "has active mounts" until the next restart |
//! | volume filled from the image | at the first start | at creation |
//! | stop of a container that never ran | 500 | 304 |
//! | command that is not there | 404 at start | 400 at start |
//! | states | also `stopped`, `stopping`, `configured`, `initialized` | |
//! | end of the engine | containers go on | containers end, unless live-restore is set |
//! | login | URL-safe Base64 | URL-safe Base64; another alphabet means no login |
//! | plain HTTP to a registry on loopback | `insecure` in `registries.conf` | without asking |
//! | resolver | its own on the gateway | those of the container's `Dns` |
//!
//! # Limits
//!
//! - The engine resolves the registry's name anew when it fetches. A registry whose name changes
//!   between the inspection and the fetch can make it connect to a private address, but neither
//!   choose the request nor see the answer.
//! - Leases have no IPv6 network; their ports are published on IPv6 where the engine does so.
//! - A lease does not reach the published ports of its own host.

mod access;
mod capacity;
mod cidr;
mod client;
mod command;
mod create;
mod engine;
mod files;
mod firewall;
mod images;
mod lifecycle;
mod observe;
mod oom;
mod plan;
mod record;
mod reference;
mod registry;
mod settings;
mod spec;
mod state;
mod verify;
mod volume;
mod wire;

pub use access::{Access, Answer, LogChunk, LogQuery, LogStream, Shell, ShellIo, Usage};
pub use cidr::{Cidr, forbidden};
pub use engine::ContainerEngine;
pub use firewall::{Firewall, Rules};
pub use reference::Reference;
pub use settings::{Limits, Settings, Timeouts};
pub use spec::*;
