// SPDX-License-Identifier: Apache-2.0
// Requirements of machines with container engines.

import { accessSync, constants, existsSync } from "node:fs";
import path from "node:path";

/** Programs by Debian package. */
const PROGRAMS = {
  catatonit: "catatonit",
  coreutils: "env",
  "docker-registry": "docker-registry",
  e2fsprogs: "mkfs.ext4",
  iproute2: "ip",
  iptables: "iptables",
  nftables: "nft",
  "nginx-light": "nginx",
  podman: "podman",
  runc: "runc",
  skopeo: "skopeo",
  "util-linux": "unshare",
  "busybox-static": "busybox",
  "wireguard-go": "wireguard-go",
  "wireguard-tools": "wg-quick",
};
/** Folders of programs. Those of administrators are not on every user's path. */
const FOLDERS = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"];

/** Environment in which all programs of administrators are found. */
export const ADMIN_ENV = { PATH: FOLDERS.join(":") };

/**
 * Find a program.
 * @param {string} name
 * @returns {string | undefined} its path
 */
export function findProgram(name) {
  return FOLDERS.map((folder) => path.join(folder, name)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Reason why this machine cannot run containers for leases.
 * @returns {string | undefined} undefined if it can
 */
export function whyNoMachines() {
  if (process.getuid?.() !== 0) return "containers, firewalls and mounts need root";
  if (!existsSync("/dev/net/tun")) return "a VPN needs /dev/net/tun";
  const missing = Object.entries(PROGRAMS).filter(([, program]) => !findProgram(program));
  if (missing.length === 0) return undefined;
  return `apt-get install ${missing.map(([name]) => name).join(" ")}`;
}
