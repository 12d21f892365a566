// Everything that runs: the validators, and the real endpoints of three operators.

import { connect } from "./chain.mjs";
import { EthereumNetwork } from "./ethereum.mjs";
import { Network } from "./network.mjs";
import { Nginx } from "./nginx.mjs";
import { Processes } from "./processes.mjs";
import { workDir } from "./util.mjs";
import { Vpn } from "./vpn.mjs";

const PAGE = "<!doctype html><title>A page</title><h1>Served by nginx</h1>\n";

export class World {
  /**
   * `onWorld` gets the world before anything in it runs, so that it can be stopped in the middle. Without
   * `endpoints` there are only the validators.
   */
  static async start({ onStep = () => {}, onWorld = () => {}, endpoints = true } = {}) {
    const world = new World();
    onWorld(world);
    const work = workDir("surety");
    world.work = work;
    world.procs = new Processes(work.dir);
    if (endpoints) {
      onStep("an Ethereum network of three hardhat nodes, and a VPN's agent behind nginx");
      [world.ethereum, world.vpn] = await Promise.all([
        EthereumNetwork.start(world.procs),
        Vpn.start(world.procs, "vpn-agent"),
      ]);
      world.nginx = await Nginx.start(world.procs, {
        files: { "index.html": PAGE }, proxies: { "/vpn": world.vpn.url },
      });
    }
    onStep(endpoints ? "four validators and a full node" : "four validators");
    world.network = await Network.start(world.procs, {
      // Two references that the operator does not run: probers believe them if they agree.
      anchors: world.ethereum?.anchors.map((node) => `ethereum=${node.url}`) ?? [],
      full: endpoints ? ["surety-operator"] : [],
    });
    world.api = await connect(world.network.validators[0].ws);
    return world;
  }

  get dir() {
    return this.work.dir;
  }

  died() {
    return this.procs.died();
  }

  /** Stop everything. The folder with the logs goes too, unless `keepLogs`. */
  async stop({ keepLogs = false } = {}) {
    this.ethereum?.stop();
    await this.api?.disconnect().catch(() => {});
    await this.procs.stopAll();
    if (!keepLogs) this.work.remove();
  }

  killAll() {
    this.procs?.killAll();
  }
}
