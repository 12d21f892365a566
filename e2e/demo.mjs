#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The demo (`make demo`): a scenario on a live local network, shown as it happens.
//
//   --scene NAME  `outage` (the default), `compute`, `gateway`, `governance` or `provider` (needs
//                 root)
//   --keep-logs   leave the folder with the logs of all processes
//
// Exits with 0 if the scenario came to its end, with 130 on Ctrl-C, else with 1 and the step that
// failed. Everything that the demo started is stopped in any case.

import { parseArgs } from "node:util";
import { Display } from "./lib/display/display.mjs";
import { BALANCES, balanceRows } from "./lib/display/tables.mjs";
import { Fixture } from "./lib/fixture.mjs";
import { STEPS as GATEWAY_STEPS, GatewayScenario } from "./lib/scenarios/gateway.mjs";
import { STEPS as GOVERNANCE_STEPS, GovernanceScenario } from "./lib/scenarios/governance.mjs";
import { STEPS as LEASE_STEPS, LeaseScenario } from "./lib/scenarios/lease.mjs";
import { STEPS as OUTAGE_STEPS, OutageScenario } from "./lib/scenarios/outage.mjs";
import { STEPS as PROVIDER_STEPS, ProviderScenario } from "./lib/scenarios/provider.mjs";
import { withCleanup } from "./lib/system/processes.mjs";

/**
 * @typedef {object} Scene
 * @property {string} title
 * @property {string[]} steps
 * @property {typeof OutageScenario | typeof LeaseScenario | typeof GatewayScenario |
 *   typeof GovernanceScenario | typeof ProviderScenario} Scenario
 * @property {boolean} endpoints - true if the scenario needs the fixture's endpoints
 * @property {() => string | undefined} [whyNot] - reason why this machine cannot show it
 */

/** @type {Record<string, Scene>} */
const SCENES = {
  outage: {
    title: "Surety: an outage is found, paid and forgiven",
    steps: OUTAGE_STEPS,
    Scenario: OutageScenario,
    endpoints: true,
  },
  compute: {
    title: "Surety: a machine dies, and its lease lives on",
    steps: LEASE_STEPS,
    Scenario: LeaseScenario,
    endpoints: false,
  },
  gateway: {
    title: "Surety: one URL, three operators, and their faults",
    steps: GATEWAY_STEPS,
    Scenario: GatewayScenario,
    endpoints: true,
  },
  governance: {
    title: "Surety: validators, holders and the committee run the network",
    steps: GOVERNANCE_STEPS,
    Scenario: GovernanceScenario,
    endpoints: true,
  },
  provider: {
    title: "Surety: a compose file, two machines, and all that may die",
    steps: PROVIDER_STEPS,
    Scenario: ProviderScenario,
    endpoints: false,
    whyNot: ProviderScenario.whyNot,
  },
};

const { values: args } = parseArgs({
  options: {
    scene: { type: "string", default: "outage" },
    "keep-logs": { type: "boolean", default: false },
  },
});
const scene = SCENES[args.scene];
if (!scene) {
  const names = Object.keys(SCENES).join(", ");
  console.error(`There is no scene "${args.scene}". Try one of: ${names}.`);
  process.exit(2);
}
const reason = scene.whyNot?.();
if (reason) {
  console.log(`The scene "${args.scene}" is skipped: ${reason}.`);
  process.exit(0);
}

const display = new Display(scene.title);
const fixture = new Fixture();
const scenario = new scene.Scenario(fixture, display);
/** @type {Error | undefined} */
let failure;

/**
 * Start the fixture and run the scenario.
 * @returns {Promise<number>} exit code
 */
async function main() {
  display.start(scene.steps);
  try {
    display.step(0);
    const { endpoints } = scene;
    const { genesis, proofs } = scenario;
    scenario.prepare();
    const onStep = (/** @type {string} */ text) => display.step(0, text);
    await fixture.start({ onStep, endpoints, genesis, proofs });
    await scenario.run();
    display.finished();
    return 0;
  } catch (error) {
    failure = error;
    display.failed(scenario.currentStep ?? 0);
    return 1;
  }
}

/** Show how it ended, and stop everything. */
async function cleanup() {
  display.stop();
  const { books, currentStep = 0 } = scenario;
  const complete = Object.keys(books.after).length > 0;
  if (complete) {
    const period = "before the operators registered and now (bonds and deposits included)";
    display.print(["", `Balances in SURE, ${period}:`]);
    display.printTable(BALANCES, balanceRows(books));
  }
  if (failure) {
    const step = `step ${currentStep + 1} (${scene.steps[currentStep]})`;
    display.print(["", `FAILED at ${step}:`, `  ${failure.message}`]);
  }
  await scenario.stop().catch(() => {});
  const keepLogs = args["keep-logs"] || failure !== undefined;
  await fixture.stop({ keepLogs });
  if (keepLogs) display.print([`Logs: ${fixture.dir}`]);
  if (!failure && complete) display.print(["", "Done. Everything is stopped."]);
}

const code = await withCleanup(main, cleanup, {
  onSignal: () => display.event("interrupted: stopping everything"),
  killAll: () => fixture.killAll(),
});
process.exit(code);
