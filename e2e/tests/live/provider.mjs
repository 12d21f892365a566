// SPDX-License-Identifier: Apache-2.0
// Operators whose agents run real containers: a compose file becomes a page, and the page survives
// the container, the agent and the machine.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { runtimeApi } from "../../lib/chain/api.mjs";
import { pageOf } from "../../lib/provider/order.mjs";
import { leaseName } from "../../lib/scenarios/lease.mjs";
import { ProviderScenario } from "../../lib/scenarios/provider.mjs";
import { MINUTE } from "./context.mjs";
import { assertCreditedAtMostPaid, breachesOf } from "./ledger.mjs";

/** @import { Subject } from "./context.mjs" */

/** Time in ms that a test waits for the scenario. */
const TIMEOUT = 16 * MINUTE;
/** Codes of ends. */
const BY_TENANT = { from: 1000, to: 1999 };
const UNHEALTHY = 2004;
/** Time in s from the award to a page, with an image that the machine does not have. */
const READY_S = 120;

/** @type {Subject} */
export const provider = {
  scenarios: ["provider"],
  whyNot: ProviderScenario.whyNot,
  define(context) {
    const { provider: scenario } = context;
    /** @type {(name: string, run: () => Promise<void>) => void} */
    const test = (name, run) => context.test(name, run, TIMEOUT);
    /**
     * Assert that a service went down and came up again, from its first round up: it may be listed
     * before its agent knows it.
     * @type {(name: string) => void}
     */
    const assertUpAgain = (name) => {
      const verdicts = [...scenario.observer.verdictsOf(name)]
        .sort(([a], [b]) => a - b)
        .map(([, verdict]) => verdict);
      const since = verdicts.slice(verdicts.indexOf("up"));
      assert.ok(since.includes("down"), `${name}: ${verdicts}`);
      assert.ok(since.lastIndexOf("down") < since.lastIndexOf("up"), `${name}: ${verdicts}`);
    };

    test("two agents bid on the order of a compose file, and say why", async () => {
      const { shown, bids, leases } = await context.completed("provider");
      assert.match(shown, /computeOrders\.placeOrder/);
      const prices = Object.values(bids).map(({ price }) => BigInt(price ?? 0));
      assert.equal(prices.length, 2);
      for (const [name, { why }] of Object.entries(bids)) {
        assert.match(why, /^\d+ per block is (between the cost|within) /, `${name}: ${why}`);
      }
      // Prices may have changed until the deadline: the chain's choice counts.
      assert.equal(leases.length, 2);
      assert.notEqual(leases[0].operator, leases[1].operator);
    });

    test("the winner runs nginx, and the tenant reads her page and its log", async () => {
      const { leases, word, log, secondsToReady } = await context.completed("provider");
      assert.equal(leases[0].page, pageOf(word));
      assert.match(log, /GET \/ HTTP\/1\.1/);
      assert.ok(secondsToReady < READY_S, `${secondsToReady} s`);
    });

    test("the private part is with the tenant and the operators alone", async () => {
      const { word, order } = await context.completed("provider");
      const info = await runtimeApi(context.api, "order", order);
      assert.ok(info.isSome);
      assert.notEqual(info.toJSON().envHash, null);
      assert.ok(!JSON.stringify(info.toHuman()).includes(word));
      const { dir } = context.fixture;
      const logs = readdirSync(dir).filter((name) => name.endsWith(".log"));
      assert.ok(logs.some((name) => name.startsWith("agent-of-")));
      const open = logs.filter((name) => readFileSync(path.join(dir, name)).includes(word));
      assert.deepEqual(open, []);
    });

    test("a container that is killed is started again, and the lease stays", async () => {
      const { leases } = await context.completed("provider");
      const { killed } = scenario.failures.results;
      assert.notEqual(killed.after.startedAt, killed.before.startedAt);
      assert.equal(killed.page, leases[0].page);
    });

    test("an agent that restarts keeps its lease and its container", async () => {
      const { leases } = await context.completed("provider");
      const { restarted } = scenario.failures.results;
      const { before, after, reads, failed } = restarted;
      assert.deepEqual([after.id, after.startedAt], [before.id, before.startedAt]);
      assert.ok(reads > 20, `${reads} reads`);
      assert.deepEqual(failed, []);
      // It ended with the machine, and not before.
      const { observer } = scenario;
      const isFirst = (/** @type {any} */ data) => data.lease.toNumber() === leases[0].id;
      const endings = observer.events.filter(
        ({ section, method, data }) =>
          section === "computeOrders" && method === "LeaseEnding" && isFirst(data),
      );
      assert.equal(endings.length, 1);
    });

    test("a machine that dies is found, and another one serves the same page", async () => {
      const { leases, word } = await context.completed("provider");
      const { unhealthy } = scenario.failures.results;
      const [first, second] = leases;
      assert.equal(unhealthy.code, UNHEALTHY);
      assert.notEqual(second.operator, first.operator);
      assert.notEqual(new URL(second.url).hostname, new URL(first.url).hostname);
      assert.equal(second.page, first.page);
      assert.equal(second.page, pageOf(word));
      const verdicts = [...scenario.observer.verdictsOf(leaseName(first.id)).values()];
      assert.ok(verdicts.includes("up") && verdicts.includes("down"), `${verdicts}`);
    });

    test("the outage is credited out of the bond of the operator", async () => {
      const { credited, leases } = await context.completed("provider");
      const { observer } = scenario;
      assert.ok(credited > 0n);
      assert.ok(breachesOf(observer, { lease: leases[0].id }).length > 0);
      assert.deepEqual(breachesOf(observer, { lease: leases[1].id }), []);
      assertCreditedAtMostPaid(observer);
    });

    test("a chat streams through an agreement, token by token", async () => {
      await context.completed("provider");
      const { served, refused } = scenario.inference.results;
      assert.equal(served.status, 200);
      assert.ok(served.parts > 5 && served.text.length > 20, JSON.stringify(served));
      assert.ok(served.tokens >= served.parts / 2, JSON.stringify(served));
      assert.ok(served.firstMs < served.ms);
      assert.ok([401, 402].includes(refused.status), JSON.stringify(refused));
    });

    test("a model whose server dies behind a live agent is found and credited", async () => {
      await context.completed("provider");
      const { dead, service, credited, breachBlock } = scenario.inference.results;
      assert.ok(dead.status >= 500, JSON.stringify(dead));
      const { observer, inference } = scenario;
      assertUpAgain(inference.name);
      assert.equal(breachesOf(observer, { service })[0].block, breachBlock);
      assert.ok(credited > 0n);
    });

    test("packets of a VPN's client leave at the exit", async () => {
      await context.completed("provider");
      const { before, ping, seen } = scenario.vpn.results;
      assert.equal(before, false, "the site was reached without the tunnel");
      assert.match(ping, /3 packets received/);
      assert.equal(seen, new URL(scenario.operators.agents.Piet.url).hostname);
    });

    test("an exit that is unplugged behind a live agent is found in two rounds", async () => {
      await context.completed("provider");
      const { alive, rounds, again } = scenario.vpn.results;
      assert.ok(alive, "the agent was not healthy");
      assert.ok(rounds <= 2, `${rounds} rounds`);
      assert.match(again, /3 packets received/);
      assertUpAgain(scenario.vpn.name);
    });

    test("nothing is left of a lease that its tenant closed", async () => {
      const { closed } = await context.completed("provider");
      const { from, to } = BY_TENANT;
      assert.ok(closed.code >= from && closed.code <= to, `${closed.code}`);
      assert.equal(closed.containers, 0);
      assert.deepEqual(closed.files, []);
    });
  },
};
