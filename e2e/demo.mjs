#!/usr/bin/env node
// The demo (`make demo`): the whole story on a live local network, shown as it happens.
//
//   --keep-logs   leave the folder with the logs of all processes
//
// Exits 0 if the story came to its end, 130 on Ctrl-C, else 1 and says which step failed. Everything that it
// started is stopped in any case.

import { Story, STEPS, balanceRows } from "./lib/story.mjs";
import { withCleanup } from "./lib/processes.mjs";
import { View } from "./lib/view.mjs";
import { World } from "./lib/world.mjs";

const keepLogs = process.argv.includes("--keep-logs");
const view = new View({ title: "Surety: an outage is found, paid and forgiven" });
let world;
let story;
let failure;

async function main() {
  view.start(STEPS);
  try {
    view.step(0);
    world = await World.start({
      onStep: (what) => view.step(0, what),
      onWorld: (early) => {
        world = early;
      },
    });
    story = new Story(world, view);
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
      view.print(view.table(["", "before", "after", "change", "of it on hold"], balanceRows(story.facts)));
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
