#!/usr/bin/env node
// The demo (`make demo`): a whole story on a live local network, shown as it happens.
//
//   --scene NAME  `outage` (the default) or `compute`
//   --keep-logs   leave the folder with the logs of all processes
//
// Exits 0 if the story came to its end, 130 on Ctrl-C, else 1 and says which step failed. Everything that it
// started is stopped in any case.

import { parseArgs } from "node:util";
import { ComputeStory, STEPS as COMPUTE_STEPS } from "./lib/compute.mjs";
import { BALANCES, Story, STEPS as OUTAGE_STEPS, balanceRows } from "./lib/story.mjs";
import { withCleanup } from "./lib/processes.mjs";
import { View } from "./lib/view.mjs";
import { World } from "./lib/world.mjs";

const SCENES = {
  outage: { title: "Surety: an outage is found, paid and forgiven", steps: OUTAGE_STEPS, Tale: Story, endpoints: true },
  compute: { title: "Surety: a machine dies, and its lease lives on", steps: COMPUTE_STEPS, Tale: ComputeStory, endpoints: false },
};
const { values: args } = parseArgs({
  options: { scene: { type: "string", default: "outage" }, "keep-logs": { type: "boolean", default: false } },
});
const scene = SCENES[args.scene];
if (!scene) {
  console.error(`There is no scene "${args.scene}". Try one of: ${Object.keys(SCENES).join(", ")}.`);
  process.exit(2);
}
const keepLogs = args["keep-logs"];
const STEPS = scene.steps;
const view = new View({ title: scene.title });
let world;
let story;
let failure;

async function main() {
  view.start(STEPS);
  try {
    view.step(0);
    world = await World.start({
      onStep: (what) => view.step(0, what),
      endpoints: scene.endpoints,
      onWorld: (early) => {
        world = early;
      },
    });
    story = new scene.Tale(world, view);
    await story.run();
    view.finished();
    return 0;
  } catch (error) {
    failure = error;
    view.failed(story?.at ?? 0);
    return 1;
  }
}

const code = await withCleanup(
  main,
  async () => {
    view.stop();
    if (story?.facts.after) {
      view.print(["", "Balances in SURE, before the operators registered and now (bonds and deposits included):"]);
      view.print(view.table(BALANCES, balanceRows(story.facts)));
    }
    if (failure) view.print(["", `FAILED at step ${(story?.at ?? 0) + 1} (${STEPS[story?.at ?? 0]}):`, `  ${failure.message}`]);
    await story?.stop().catch(() => {});
    await world?.stop({ keepLogs: keepLogs || Boolean(failure) });
    if (world && (keepLogs || failure)) view.print(`Logs: ${world.dir}`);
    if (!failure && story?.facts.after) view.print(["", "Done. Everything is stopped."]);
  },
  { onSignal: () => view.event("interrupted: stopping everything"), killAll: () => world?.killAll() },
);
process.exit(code);
