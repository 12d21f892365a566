// SPDX-License-Identifier: Apache-2.0
// Processor time and memory of process groups, from /proc.

import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks per second, and bytes of a page: the same on every Linux that this runs on. */
const TICKS = 100;
const PAGE = 4096;

/**
 * @typedef {object} Use
 * @property {number} cpu - seconds of processor time since the start
 * @property {number} memory - bytes of resident memory
 * @property {number} files - open files
 */

/**
 * Use of a process group by its leader.
 * @param {number} leader
 * @returns {Use}
 */
export function useOf(leader) {
  let [cpu, memory, files] = [0, 0, 0];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      // "pid (name) state parent group ...", where the name may contain anything.
      const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
        .replace(/^.*\) /s, "")
        .split(" ");
      if (Number(fields[2]) !== leader) continue;
      cpu += (Number(fields[11]) + Number(fields[12])) / TICKS;
      memory += Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]) * PAGE;
      files += readdirSync(`/proc/${pid}/fd`).length;
    } catch {
      // The process has ended in the meantime.
    }
  }
  return { cpu, memory, files };
}
