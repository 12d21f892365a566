// SPDX-License-Identifier: Apache-2.0
// The live display of the demo: one screen drawn in place at a terminal, plain lines anywhere else.
//
// The screen adapts: a small terminal (80 columns, 24 rows) shows the current step instead of all
// of them, no blank lines, fewer rounds and decimals. Long events are wrapped, anything else is cut
// at the edge.

import { stateTables } from "./tables.mjs";
import { fit, formatClock, Paint, table, width, wrap } from "./text.mjs";

/** @import { WriteStream } from "node:tty" */
/** @import { BlockState } from "../chain/observer.mjs" */
/** @import { Reporter } from "../scenarios/scenario.mjs" */

/** @typedef {{ title: string, state: "ahead" | "now" | "done" | "failed" }} Step */
/** @typedef {{ allSteps: boolean, gaps: boolean }} Layout */

/** Columns below which tables are drawn tighter. */
const WIDE = 96;
/**
 * Layouts from roomy to tight. The first with enough lines left for events is taken.
 * @type {Layout[]}
 */
const LAYOUTS = [
  { allSteps: true, gaps: true },
  { allSteps: false, gaps: true },
  { allSteps: false, gaps: false },
];
const EVENT_LINES = 5;
const REDRAW_MS = 250;

const HOME = "\u001b[H";
const ENTER_SCREEN = "\u001b[?1049h\u001b[?25l";
const LEAVE_SCREEN = "\u001b[?25h\u001b[?1049l";
const CLEAR_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

/**
 * Mark and color of a step.
 * @type {Record<Step["state"], [string, string]>}
 */
const STEP_MARKS = {
  done: ["✔", "green"],
  now: ["▶", "yellow"],
  failed: ["✘", "red"],
  ahead: ["·", "dim"],
};

/**
 * The display.
 * @implements {Reporter}
 */
export class Display {
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  /** @type {{ text: string, color: string | undefined, at: number }[]} */
  #events = [];
  #began = Date.now();
  /** True while the screen is drawn in place. */
  #live = false;
  /** @type {Step[]} */
  #steps = [];
  #note = "";
  /** @type {BlockState | undefined} */
  #state;
  #title;
  #out;
  #isTerminal;
  #paint;

  /**
   * @param {string} title
   * @param {NodeJS.WriteStream | WriteStream} [out]
   */
  constructor(title, out = process.stdout) {
    this.#title = title;
    this.#out = out;
    this.#isTerminal = Boolean(out.isTTY) && process.env.TERM !== "dumb";
    this.#paint = new Paint(this.#isTerminal && !process.env.NO_COLOR);
  }

  // ------------------------------------------------------------------ progress

  /**
   * Start with all steps ahead.
   * @param {string[]} titles - of the steps
   */
  start(titles) {
    this.#steps = titles.map((title) => ({ title, state: "ahead" }));
    if (!this.#isTerminal) return;
    this.#live = true;
    this.#out.write(ENTER_SCREEN);
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
  }

  /**
   * Show a step as the current one.
   * @param {number} index
   * @param {string} [note] - what the step waits for
   */
  step(index, note = "") {
    const step = this.#steps[index];
    for (const done of this.#steps.slice(0, index)) done.state = "done";
    if (step && step.state !== "now") {
      step.state = "now";
      if (!this.#live) this.#log(`== ${index + 1}/${this.#steps.length} ${step.title}`);
    }
    this.#note = note;
    this.#draw();
  }

  /**
   * Show a step as failed.
   * @param {number} index
   */
  failed(index) {
    if (this.#steps[index]) this.#steps[index].state = "failed";
    this.#draw();
  }

  /** Show all steps as done. */
  finished() {
    for (const step of this.#steps) step.state = "done";
    this.#note = "";
    this.#draw();
  }

  /**
   * Show an event.
   * @param {string} text
   * @param {string} [color]
   */
  event(text, color) {
    this.#events.push({ text, color, at: Date.now() - this.#began });
    if (!this.#live) this.#log(`   ${text}`);
    this.#draw();
  }

  /**
   * Show the state at a finalized block.
   * @param {BlockState} state
   */
  update(state) {
    const before = this.#state?.judgedRound;
    this.#state = state;
    if (!this.#live && state.judgedRound !== before) {
      const verdicts = state.services.map(({ name, last, active, against, allowance }) => {
        const used = `${against} of ${allowance} allowed rounds used`;
        return `${name} ${last?.verdict ?? "-"}${active && allowance ? ` (${used})` : ""}`;
      });
      const judged = `block ${state.block}, round ${state.judgedRound} judged`;
      this.#log(`   ${judged}: ${verdicts.join(", ")}`);
    }
    this.#draw();
  }

  /** Leave the screen. Its last picture stays below it. */
  stop() {
    if (!this.#live) return;
    clearInterval(this.#timer);
    this.#live = false;
    this.#out.write(LEAVE_SCREEN);
    const columns = this.#columns();
    const lines = [...this.#frame(LAYOUTS[0], columns), ...this.#eventLines(columns)];
    this.#out.write(`${lines.map((line) => fit(line, columns)).join("\n")}\n`);
  }

  // ------------------------------------------------------------------ after `stop`

  /**
   * Print lines.
   * @param {string[]} lines
   */
  print(lines) {
    const columns = this.#isTerminal ? this.#columns() : Infinity;
    for (const line of lines) {
      const text = line.trimStart();
      const indent = line.slice(0, line.length - text.length);
      const parts = width(line) > columns ? wrap(text, columns - indent.length) : [text];
      for (const part of parts) this.#out.write(`${indent}${part}\n`);
    }
  }

  /**
   * Print a table.
   * @param {string[]} head
   * @param {string[][]} rows
   */
  printTable(head, rows) {
    this.print(
      table(
        head.map((cell) => this.#paint.in("bold", cell)),
        rows,
      ),
    );
  }

  // ------------------------------------------------------------------ drawing

  /**
   * Print a line with the time.
   * @param {string} text
   */
  #log(text) {
    this.#out.write(`${formatClock(Date.now() - this.#began)} ${text}\n`);
  }

  /** @returns {number} */
  #columns() {
    return this.#out.columns || 100;
  }

  /** Draw the screen, in the first layout that has room for the events. */
  #draw() {
    if (!this.#live) return;
    const columns = this.#columns();
    const rows = this.#out.rows || 40;
    // While there are no tables yet, all steps are shown.
    const layouts = this.#state ? LAYOUTS : LAYOUTS.slice(0, 1);
    const frames = layouts.map((layout) => this.#frame(layout, columns));
    const roomy = frames.find(({ length }) => length + EVENT_LINES <= rows);
    const frame = roomy ?? frames[frames.length - 1];
    const events = this.#eventLines(columns, Math.max(0, rows - frame.length));
    const lines = [...frame, ...events].slice(0, rows);
    const text = lines.map((line) => `${fit(line, columns)}${CLEAR_LINE}`).join("\n");
    this.#out.write(`${HOME}${text}${CLEAR_BELOW}`);
  }

  /**
   * The newest events that fit, the oldest of them first.
   * @param {number} columns
   * @param {number} [room] - lines
   * @returns {string[]}
   */
  #eventLines(columns, room = Infinity) {
    const paint = this.#paint;
    /** @type {string[]} */
    const lines = [];
    for (const { text, color, at } of this.#events.toReversed()) {
      const parts = wrap(text, columns - 7).map((part, i) => {
        const margin = i > 0 ? "     " : paint.in("dim", formatClock(at));
        return ` ${margin} ${paint.in(color, part)}`;
      });
      if (lines.length + parts.length > room) break;
      lines.unshift(...parts);
    }
    return lines;
  }

  /**
   * Everything but the events.
   * @param {Layout} layout
   * @param {number} columns
   * @returns {string[]} lines
   */
  #frame({ allSteps, gaps }, columns) {
    const paint = this.#paint;
    const state = this.#state;
    const clock = paint.in("dim", formatClock(Date.now() - this.#began));
    const lines = [
      `${paint.in("bold", this.#title)}  ${clock}`,
      state ? paint.in("dim", this.#position(state)) : "",
      ...(allSteps ? this.#allSteps() : this.#currentStep()),
    ];
    for (const { name, head, rows } of state ? stateTables(state, columns >= WIDE, paint) : []) {
      if (rows.length === 0) continue;
      if (gaps) lines.push("");
      const heads = [paint.in("cyan", name), ...head.map((cell) => paint.in("dim", cell))];
      lines.push(...table(heads, rows, " "));
    }
    if (gaps) lines.push("");
    lines.push(` ${paint.in("cyan", "WHAT HAPPENED")}`);
    return lines;
  }

  /**
   * Position in blocks, rounds and windows.
   * @param {BlockState} state
   * @returns {string}
   */
  #position({ block, round, window, judgedRound }) {
    return `block ${block} final · round ${round} · window ${window} · round ${judgedRound} judged`;
  }

  /**
   * Mark of a step.
   * @param {Step} step
   * @returns {string}
   */
  #mark({ state }) {
    const [mark, color] = STEP_MARKS[state];
    return this.#paint.in(color, mark);
  }

  /**
   * A line for each step.
   * @returns {string[]}
   */
  #allSteps() {
    const paint = this.#paint;
    return this.#steps.map((step) => {
      const { state, title } = step;
      const note = state === "now" && this.#note ? paint.in("dim", `  ${this.#note}`) : "";
      const shown = state === "ahead" ? paint.in("dim", title) : title;
      return ` ${this.#mark(step)} ${shown}${note}`;
    });
  }

  /**
   * Two lines: the progress with the current step, and what that waits for.
   * @returns {string[]}
   */
  #currentStep() {
    const steps = this.#steps;
    const current = steps.findLastIndex(({ state }) => state !== "ahead");
    const marks = steps.map((step) => this.#mark(step)).join("");
    const progress = `${current + 1}/${steps.length} ${steps[current]?.title ?? ""}`;
    return [` ${marks} ${progress}`, `   ${this.#paint.in("dim", this.#note)}`];
  }
}
