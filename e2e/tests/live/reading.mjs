// SPDX-License-Identifier: Apache-2.0
// The JSON-RPC namespace `surety`, after all scenarios: there are agreements, breaches, credits,
// counters and closed windows. Every answer is compared with the runtime API's by `Reader`.

import assert from "node:assert/strict";
import { account } from "../../lib/chain/api.mjs";
import { RPC_SHAPES } from "../../lib/chain/rpc-shapes.mjs";
import { agentOf } from "../../lib/scenarios/lease.mjs";
import { PRICE } from "../../lib/scenarios/listing.mjs";
import { BIDS, CAPACITY, RESOURCES } from "../../lib/scenarios/order.mjs";
import { JsonRpcError, jsonRpc } from "../../lib/system/json-rpc.mjs";
import { breachesOf } from "./ledger.mjs";
import { RENT } from "./outage.mjs";
import { BITCOIN, Reader } from "./reader.mjs";

/** @import { LiveContext, Subject } from "./context.mjs" */
/** @import { Json } from "./reader.mjs" */

/** JSON-RPC's code of a request with parameters that cannot be read. */
const INVALID_PARAMS = -32602;
/** Surety's code of a request for a block that the node does not have. */
const UNKNOWN_BLOCK = 9001;
/** Id of nothing on the chain. */
const UNKNOWN = 999_999;

/** @type {Subject} */
export const reading = {
  scenarios: ["outage", "lease", "asset"],
  define(context) {
    /** @type {(name: string, run: () => Promise<void>) => void} */
    const test = (name, run) =>
      context.test(name, async () => {
        await context.completed("outage");
        await context.completed("lease");
        await context.completed("asset");
        await run();
      });

    test("the RPC namespace has every method of the runtime API", async () => {
      const { methods } = await jsonRpc(context.validators[0].http, "rpc_methods");
      for (const method of Object.keys(RPC_SHAPES)) {
        assert.ok(methods.includes(`surety_${method}`), `no surety_${method}`);
      }
    });

    test("lists of services: filters, and pages that join to the whole list", async () => {
      const reader = await Reader.at(context);
      const { services } = context.outage.watchlist;
      const { items: all } = await reader.pages("services", [{}], 128);
      assert.equal(all.length, (await reader.read("networkStatus")).services);
      const rpc = await reader.list("services", { class: "rpc" });
      assert.deepEqual(ids(rpc), ids(all.filter(({ kind }) => kind.class === "rpc")));
      const paged = await reader.pages("services", [{ class: "rpc" }], 2);
      assert.deepEqual(paged.items, rpc);
      assert.ok(paged.pages > 1 && paged.pages >= rpc.length / 2, `${paged.pages} pages`);

      const wanted = { network: 1, region: "EE", asset: "native", minScore: 0 };
      const upTo = (/** @type {bigint} */ price) =>
        reader.list("services", { ...wanted, maxPrice: `${price}` });
      assert.deepEqual(ids(await upTo(PRICE)), [services.ethereum]);
      assert.deepEqual(await upTo(PRICE - 1n), []);
      const open = { openOnly: true, class: "compute", region: "PT" };
      assert.deepEqual(ids(await reader.list("services", open)), [services.compute]);
      assert.deepEqual(await reader.list("services", { class: "vpn", region: "PT" }), []);
      const bitcoins = await reader.list("services", { asset: BITCOIN });
      assert.deepEqual(ids(bitcoins), [context.asset.watchlist.services.bitcoin]);
    });

    test("a service: its summary as in the list, its rent, index and cover", async () => {
      const reader = await Reader.at(context);
      const { outage, lease } = context;
      const { items: all } = await reader.pages("services", [{}], 128);
      const listed = Object.values({ ...outage.watchlist.services, ...lease.watchlist.services });
      for (const id of listed) {
        const found = await reader.read("service", id);
        const summary = all.find((service) => service.id === id);
        assert.deepEqual(found.service, summary);
        assertRentAndCover(found, found.service.terms, found.service.units);
      }
      for (const id of Object.values(lease.watchlist.leases)) {
        // A lease that is over has no detail.
        assert.equal(await reader.read("leaseDetail", id), null);
      }
    });

    test("breaches of a service, in pages", async () => {
      const reader = await Reader.at(context);
      const { observer, watchlist } = context.outage;
      const { ethereum, compute } = watchlist.services;
      const expected = breachesOf(observer, { service: ethereum });
      const { items } = await reader.pages("breaches", [{ service: ethereum }], 1);
      const severities = (/** @type {{ severity: string }[]} */ list) =>
        list.map(({ severity }) => severity);
      assert.deepEqual(severities(items), severities(expected));
      const { index } = await reader.read("service", ethereum);
      assert.equal(index, `${expected[expected.length - 1].indexAfter}`);
      const none = await reader.read("breaches", { service: compute }, null, 2);
      assert.deepEqual(none.items, []);
    });

    test("statements: what each account has on hold, and why", async () => {
      const reader = await Reader.at(context);
      const { outage, lease, asset } = context;
      const { agreements, services } = outage.watchlist;
      const tina = await reader.statement(outage.accounts.Tina.address);
      const tinas = agreements.filter(({ tenant }) => tenant === "Tina");
      assert.deepEqual(ids(tina.agreement), ids(tinas));
      const emil = await reader.statement(outage.accounts.Emil.address);
      assert.deepEqual(ids(emil.listing), [services.ethereum]);
      const [{ owed, held, claimable }] = emil.bond;
      assert.equal(BigInt(owed) + BigInt(claimable), BigInt(held));
      const eve = await reader.statement(asset.funder.address);
      assert.deepEqual(eve.bond.map((line) => line.asset).sort(), [BITCOIN, "native"]);
      const accounts = { ...outage.accounts, ...lease.accounts, ...asset.accounts };
      for (const { address } of Object.values(accounts)) await reader.statement(address);
    });

    test("operators, agreements, networks and the round", async () => {
      const reader = await Reader.at(context);
      const { outage, lease, asset } = context;
      const operators = { ...outage.watchlist.operators, ...lease.watchlist.operators };
      for (const { address } of Object.values(operators)) await reader.read("operator", address);
      await reader.read("operator", asset.funder.address);
      for (const { id, tenant } of outage.watchlist.agreements) {
        const found = await reader.read("agreement", id);
        assert.ok(BigInt(found.paid) > 0n);
        const { address } = outage.accounts[tenant];
        assert.deepEqual((await reader.pages("agreementsOf", [address], 2)).items, [found]);
      }
      await reader.pages("agreementsOf", [lease.accounts.Tara.address], 1);
      const networks = await reader.read("networks");
      const names = networks.map((/** @type {Json} */ { name }) => name);
      assert.deepEqual(names.sort(), ["ethereum", "surety"]);
      assert.ok((await reader.read("round")).judgedRound > 20);
    });

    test("an order that takes bids: found by whoever can serve it", async () => {
      const { order: id, matchedAt, deposit } = await context.completed("lease");
      const { observer, accounts, watchlist } = context.lease;
      const { Tara, Carlo } = accounts;
      const { hash } = observer.firstBlock(({ orders: [its] }) => its?.bids === 3);
      const reader = await Reader.at(context, hash);
      const order = await reader.read("order", id);
      assert.deepEqual((await reader.pages("orders", [{}], 1)).items, [order]);
      assert.deepEqual([order.bidsUntil, order.bids], [matchedAt, 3]);
      const open = { lease: null, held: `${deposit}`, closedCode: null, closedReason: null };
      assert.deepEqual(order.replicas, [open]);

      for (const [filter, found] of orderFilters(context)) {
        const items = await reader.list("orders", filter);
        assert.deepEqual(ids(items), found ? [id] : [], JSON.stringify(filter));
      }
      const tara = await reader.statement(Tara.address);
      const { held, id: order_, part } = tara.replica[0];
      assert.deepEqual([held, order_, part], [`${deposit}`, id, 0]);
      assert.equal(tara.order[0].id, id);
      const [bid] = (await reader.statement(Carlo.address)).bid;
      assert.deepEqual([bid.id, bid.part], [id, watchlist.services[agentOf("Carlo")]]);
      const { items: bids } = await reader.pages("bids", [id], 2);
      const prices = bids.map((its) => [bidder(context, its), BigInt(its.price)]);
      assert.deepEqual(Object.fromEntries(prices), BIDS);
    });

    test("a lease in each of its phases, for both parties", async () => {
      const { leases } = await context.completed("lease");
      const { Tara } = context.lease.accounts;
      for (const phase of ["starting", "running", "ending", "closed"]) {
        const { hash } = context.lease.observer.firstBlock(
          ({ orders: [order] }) => order?.replicas[0].lease?.phase === phase,
        );
        const reader = await Reader.at(context, hash);
        const lease = await reader.read("lease", leases[0].id);
        assert.equal(lease.phase, phase);
        // From the block in which it is ready until it is over.
        const detail = await reader.read("leaseDetail", lease.id);
        assert.equal(detail !== null, phase === "running" || phase === "ending");
        if (phase === "running") assertRentAndCover(detail, detail.listing.terms, 1);
        for (const party of [Tara.address, lease.operator]) {
          const { items } = await reader.pages("leasesOf", [party], 1);
          const its = items.filter(({ id }) => id === lease.id);
          assert.deepEqual(its, [lease]);
        }
      }
    });

    test("an order that is over: leases, remaining bids, the tenant's score", async () => {
      const { leases, order: id } = await context.completed("lease");
      const { observer, accounts } = context.lease;
      const tara = accounts.Tara.address;
      const reader = await Reader.at(context);
      // The list has no particular order.
      const { items } = await reader.pages("leasesOf", [tara], 1);
      assert.deepEqual(ids(items).sort(), ids(leases).sort());
      assert.equal((await reader.read("order", id)).bidsUntil, null);
      assert.deepEqual(await reader.list("orders", { openOnly: true }), []);
      const { items: bids } = await reader.pages("bids", [id], 1);
      assert.ok(bids.every((bid) => bidder(context, bid) !== "Berta"));
      const rated = observer.event(
        "reputation",
        "Rated",
        (data) => data.account.toString() === tara,
      );
      const { score } = await (await Reader.at(context, rated.hash)).read("tenant", tara);
      assert.equal(score, rated.data.after.toNumber());
    });

    test("what the chain does not know is null, and its lists are empty", async () => {
      const reader = await Reader.at(context);
      const stranger = account("//Nobody").address;
      for (const method of ["service", "agreement", "order", "lease", "leaseDetail"]) {
        assert.equal(await reader.read(method, UNKNOWN), null);
      }
      assert.equal(await reader.read("operator", stranger), null);
      const lists = {
        agreementsOf: stranger,
        breaches: { service: UNKNOWN },
        bids: UNKNOWN,
        leasesOf: stranger,
      };
      for (const [method, subject] of Object.entries(lists)) {
        assert.deepEqual(await reader.read(method, subject, null, 2), { items: [], next: null });
      }
      assert.deepEqual(await reader.read("tenant", stranger), { score: 0, trust: 1 });
      assert.deepEqual(await reader.statement(stranger), {});
    });

    test("parameters that cannot be read are refused by name or value", async () => {
      const [{ http: url }] = context.validators;
      for (const [method, arg, words] of UNREADABLE) {
        const isRefusal = (/** @type {unknown} */ error) => {
          assert.ok(error instanceof JsonRpcError);
          assert.equal(error.code, INVALID_PARAMS, error.message);
          assert.match(`${error.message} ${error.data ?? ""}`, words);
          return true;
        };
        const call = `${method}(${JSON.stringify(arg)}) was answered`;
        await assert.rejects(jsonRpc(url, `surety_${method}`, [arg]), isRefusal, call);
      }
      const nowhere = `0x${"11".repeat(32)}`;
      await assert.rejects(jsonRpc(url, "surety_round", [nowhere]), (error) => {
        assert.ok(error instanceof JsonRpcError);
        return error.code === UNKNOWN_BLOCK && error.message.includes(nowhere);
      });
    });
  },
};

/**
 * Methods with an argument that cannot be read, and the words of the refusal.
 * @type {[string, unknown, RegExp][]}
 */
const UNREADABLE = [
  ["services", { class: "hotel" }, /class.*hotel/],
  ["services", { region: "de" }, /region.*de/],
  ["services", { maxPrice: "-1" }, /maxPrice.*-1/],
  ["services", { asset: "gold" }, /asset.*gold/],
  ["services", { colour: "red" }, /colour/],
  ["services", { minScore: 300 }, /300/],
  ["orders", { region: "de" }, /region.*de/],
  ["orders", { fits: { cpu: 1 } }, /cpu/],
  ["orders", { tenant: "nobody" }, /Invalid params/],
  ["service", "first", /first/],
  ["operator", "nobody", /Invalid params/],
];

/**
 * Filters of orders; true if Tara's order passes.
 * @param {LiveContext} context
 * @returns {[Json, boolean][]}
 */
function orderFilters({ lease: { accounts } }) {
  const { Tara, Carlo } = accounts;
  return [
    [{ region: "DE" }, true],
    [{ region: "FR" }, false],
    [{ fits: RESOURCES }, true],
    [{ fits: { ...RESOURCES, cpuMilli: RESOURCES.cpuMilli - 1 } }, false],
    [{ fits: CAPACITY }, true],
    [{ fits: { ...CAPACITY, gpuClass: "a100" } }, false],
    [{ tenant: Tara.address }, true],
    [{ tenant: Carlo.address }, false],
    [{ asset: "native" }, true],
    [{ asset: BITCOIN }, false],
    [{ openOnly: true }, true],
  ];
}

/**
 * Ids of a list.
 * @param {{ id?: number, [field: string]: any }[]} list
 * @returns {number[]}
 */
const ids = (list) => list.map(({ id }) => /** @type {number} */ (id));

/**
 * Name of the operator of a bid.
 * @param {LiveContext} context
 * @param {Json} bid
 * @returns {string | undefined}
 */
const bidder = ({ lease: { accounts } }, { operator }) =>
  Object.keys(BIDS).find((name) => accounts[name].address === operator);

/**
 * Assert that a slot costs while units are sold, and that index and cover add up to the terms' cover.
 * @param {Json} detail - of a service or lease
 * @param {Json} terms
 * @param {number} units - sold
 */
function assertRentAndCover({ rent, index, cover }, terms, units) {
  assert.equal(rent, units > 0 ? `${RENT}` : null);
  assert.equal(BigInt(index) + BigInt(cover), BigInt(terms.cover));
}
