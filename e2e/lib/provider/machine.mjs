// SPDX-License-Identifier: Apache-2.0
// A server of an operator: namespaces of its own with a container engine, podman.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { toToml } from "../gateway/toml.mjs";
import { waitFor } from "../system/wait.mjs";
import { EngineClient } from "./engine.mjs";
import { Namespace } from "./namespace.mjs";
import { REGISTRY } from "./registry.mjs";

/** @import { Processes } from "../system/processes.mjs" */
/** @import { Registry } from "./registry.mjs" */

const CGROUPS = "/sys/fs/cgroup";

/** A machine that runs containers. */
export class Machine extends Namespace {
  /**
   * @param {Processes} processes
   * @param {string} name
   */
  constructor(processes, name) {
    super(processes, name);
    this.dir = path.join(processes.dir, name);
    this.socket = path.join(this.dir, "engine.sock");
    this.engine = new EngineClient(this.socket);
  }

  /**
   * Start it, and wait until its engine answers.
   * @param {Registry} registry - that its engine asks instead of docker.io
   */
  async start(registry) {
    const { dir } = this;
    mkdirSync(dir, { recursive: true });
    const write = (/** @type {string} */ file, /** @type {string} */ text) => {
      writeFileSync(path.join(dir, file), text);
      return path.join(dir, file);
    };
    const env = {
      CONTAINERS_CONF: write("containers.conf", containersConf(dir)),
      CONTAINERS_STORAGE_CONF: write("storage.conf", storageConf(dir)),
      CONTAINERS_REGISTRIES_CONF: write("registries.conf", registry.mirrorConf),
      SSL_CERT_FILE: registry.authority,
    };
    const hosts = write("hosts", `127.0.0.1 localhost\n${this.outside} ${REGISTRY}\n`);
    const service = `podman system service --time 0 unix://${this.socket}`;
    await this.boot(`mount --bind ${hosts} /etc/hosts\nexec catatonit -- ${service}`, env);
    await this.reach(registry.port);
    await waitFor(`the engine of ${this.name} answers`, () => this.engine.ping().then(() => true), {
      every: 100,
      abort: () => (this.running ? undefined : `${this.name} ended`),
    });
  }

  /** @override */
  async kill() {
    await super.kill();
    removeCgroups(this.dir);
  }
}

/**
 * Configuration of podman.
 * @param {string} dir
 * @returns {string}
 */
const containersConf = (dir) =>
  toToml({
    containers: {
      log_driver: "k8s-file",
      default_ulimits: ["nofile=4096:4096", "nproc=4096:4096"],
    },
    engine: {
      // crun does not work on every kernel that runc works on.
      runtime: "runc",
      cgroup_manager: "cgroupfs",
      events_logger: "file",
      lock_type: "file",
    },
    network: { network_backend: "netavark", network_config_dir: `${dir}/networks` },
  });

/**
 * Configuration of podman's storage.
 * @param {string} dir
 * @returns {string}
 */
const storageConf = (dir) =>
  toToml({
    storage: { driver: "overlay", graphroot: `${dir}/storage`, runroot: "/run/containers/storage" },
  });

/**
 * Remove the control groups of containers whose machine was killed. They are empty, and the only
 * thing of them that the kernel keeps.
 * @param {string} dir
 */
function removeCgroups(dir) {
  const file = path.join(dir, "storage", "overlay-containers", "containers.json");
  if (!existsSync(file)) return;
  const ids = JSON.parse(readFileSync(file, "utf8")).map((/** @type {any} */ { id }) => id);
  const roots = [CGROUPS, ...readdirSync(CGROUPS).map((name) => path.join(CGROUPS, name))];
  for (const parent of roots.map((root) => path.join(root, "libpod_parent"))) {
    if (!existsSync(parent)) continue;
    for (const name of readdirSync(parent)) {
      if (ids.some((/** @type {string} */ id) => name.includes(id))) {
        removeTree(path.join(parent, name));
      }
    }
  }
}

/**
 * Remove a control group and those in it.
 * @param {string} group
 */
function removeTree(group) {
  try {
    for (const entry of readdirSync(group, { withFileTypes: true })) {
      if (entry.isDirectory()) removeTree(path.join(group, entry.name));
    }
    rmdirSync(group);
  } catch {
    // Gone, or the last process in it is still about to end.
  }
}
