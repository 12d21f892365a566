// The live view of the demo: one screen drawn in place at a terminal, plain lines anywhere else.
//
// The screen adapts: a small terminal (80 columns, 24 rows) shows the step being told instead of all of them,
// no blank lines, fewer rounds and digits. Long events are wrapped, anything else is cut at the edge.

import { bucketMs, inPercent, sure, TRUST_LEVELS } from "./chain.mjs";

const CODES = { dim: 2, bold: 1, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 };
const ANSI = /\u001b\[[0-9;]*m/g;
const width = (text) => [...text.replace(ANSI, "")].length;

/** How each verdict is drawn, one column per round. */
const MARKS = {
  up: ["▮", "green"],
  down: ["×", "red"],
  bad: ["!", "magenta"],
  stale: ["~", "yellow"],
  unclear: ["?", "yellow"],
  unmeasured: ["·", "dim"],
  excused: ["e", "blue"],
};
const ROUNDS_SHOWN = 24;
/** Below this many columns, tables are drawn tighter. */
const WIDE = 96;
/** Layouts from roomy to tight. The first that leaves this many lines for events is taken. */
const LAYOUTS = [
  { allSteps: true, gaps: true },
  { allSteps: false, gaps: true },
  { allSteps: false, gaps: false },
];
const EVENT_LINES = 5;

class Paint {
  constructor(colored) {
    this.colored = colored;
  }
  in(color, text) {
    return this.colored && color ? `\u001b[${CODES[color]}m${text}\u001b[0m` : `${text}`;
  }
  verdict(name) {
    const [mark, color] = MARKS[name] ?? [" ", "dim"];
    return this.in(color, mark);
  }
}

/** Columns as wide as their widest cell; numbers (and whatever begins with one) to the right. */
function table(head, rows, indent = "  ") {
  const all = [head, ...rows].map((row) => row.map((cell) => `${cell ?? ""}`));
  const widths = head.map((_, i) => Math.max(...all.map((row) => width(row[i] ?? ""))));
  const right = head.map((_, i) => rows.length > 0 && rows.every((row) => /^[-+\d]|^$/.test(`${row[i] ?? ""}`.replace(ANSI, ""))));
  return all.map((row) => {
    const cells = row.map((cell, i) => {
      const pad = " ".repeat(widths[i] - width(cell));
      return right[i] ? pad + cell : cell + pad;
    });
    return indent + cells.join("  ").trimEnd();
  });
}

/** Cut to `columns`, not counting color codes. */
function fit(line, columns) {
  if (width(line) <= columns) return line;
  let seen = 0;
  let out = "";
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith("\u001b")) out += part;
    else {
      const chars = [...part].slice(0, Math.max(0, columns - 1 - seen));
      seen += chars.length;
      out += chars.join("");
    }
  }
  return `${out}…${line.includes("\u001b") ? "\u001b[0m" : ""}`;
}

/** Plain text as lines of at most `columns`, broken between words where there are any. */
function wrap(text, columns) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1];
    if (last && width(last) + 1 + width(word) > columns) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines;
}

const clock = (ms) => `${String(Math.floor(ms / 60_000)).padStart(2, "0")}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;
const ms = (bucket) => {
  const value = bucketMs(bucket);
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
};

export class View {
  #timer;
  #events = [];
  #began = Date.now();
  #live = false;

  constructor({ out = process.stdout, title = "Surety" } = {}) {
    this.out = out;
    this.title = title;
    this.tty = Boolean(out.isTTY) && process.env.TERM !== "dumb";
    this.paint = new Paint(this.tty && !process.env.NO_COLOR);
    this.steps = [];
    this.model = undefined;
  }

  start(steps) {
    this.steps = steps.map((title) => ({ title, state: "ahead" }));
    if (!this.tty) return;
    this.#live = true;
    this.out.write("\u001b[?1049h\u001b[?25l");
    this.#timer = setInterval(() => this.#draw(), 250);
  }

  /** The story is at step `index`; `note` says what it waits for. */
  step(index, note = "") {
    this.steps.forEach((step, i) => {
      if (i < index) step.state = "done";
      if (i === index && step.state !== "now") {
        Object.assign(step, { state: "now", since: Date.now() });
        if (!this.#live) this.#say(`== ${index + 1}/${this.steps.length} ${step.title}`);
      }
    });
    this.note = note;
    this.#draw();
  }

  failed(index) {
    if (this.steps[index]) this.steps[index].state = "failed";
    this.#draw();
  }

  finished() {
    for (const step of this.steps) step.state = "done";
    this.note = "";
    this.#draw();
  }

  /** Something happened that a reader should see. */
  event(text, color) {
    this.#events.push({ text, color, at: Date.now() - this.#began });
    if (!this.#live) this.#say(`   ${text}`);
    this.#draw();
  }

  /** The state of a finalized block. */
  update(model) {
    const before = this.model;
    this.model = model;
    if (!this.#live && model.judgedRound !== before?.judgedRound) {
      const states = model.services.map((s) => {
        const allowed = s.allowance ? ` (${s.against} of ${s.allowance} allowed rounds used)` : "";
        return `${s.name} ${s.verdict ?? "-"}${s.hot ? allowed : ""}`;
      });
      this.#say(`   block ${model.block}, round ${model.judgedRound} judged: ${states.join(", ")}`);
    }
    this.#draw();
  }

  /** Leave the screen; the last picture stays. */
  stop() {
    if (!this.#live) return;
    clearInterval(this.#timer);
    this.#live = false;
    this.out.write("\u001b[?25h\u001b[?1049l");
    const columns = this.#columns();
    const lines = [...this.#frame(LAYOUTS[0], columns), ...this.#eventLines(columns)];
    this.out.write(`${lines.map((line) => fit(line, columns)).join("\n")}\n`);
  }

  /** Lines below everything, once the live part is over. */
  print(lines) {
    const columns = this.tty ? this.#columns() : Infinity;
    for (const line of [lines].flat()) {
      const indent = line.match(/^ */)[0];
      const parts = width(line) > columns ? wrap(line.slice(indent.length), columns - indent.length) : [line.slice(indent.length)];
      for (const part of parts) this.out.write(`${indent}${part}\n`);
    }
  }

  table(head, rows) {
    return table(head.map((cell) => this.paint.in("bold", cell)), rows);
  }

  #say(text) {
    this.out.write(`${clock(Date.now() - this.#began)} ${text}\n`);
  }

  #columns() {
    return this.out.columns || 100;
  }

  #draw() {
    if (!this.#live) return;
    const columns = this.#columns();
    const rows = this.out.rows || 40;
    // While there are no tables yet, all steps are shown: what is to come.
    const layouts = this.model ? LAYOUTS : LAYOUTS.slice(0, 1);
    const frames = layouts.map((layout) => this.#frame(layout, columns));
    const frame = frames.find(({ length }) => length + EVENT_LINES <= rows) ?? frames.at(-1);
    const lines = [...frame, ...this.#eventLines(columns, Math.max(0, rows - frame.length))].slice(0, rows);
    this.out.write(`\u001b[H${lines.map((line) => `${fit(line, columns)}\u001b[K`).join("\n")}\u001b[J`);
  }

  /** The newest events that fit into `room` lines, the oldest of them first. */
  #eventLines(columns, room = Infinity) {
    const p = this.paint;
    const lines = [];
    for (const event of this.#events.toReversed()) {
      const text = wrap(event.text, columns - 7).map((part, i) =>
        ` ${i ? "     " : p.in("dim", clock(event.at))} ${p.in(event.color, part)}`);
      if (lines.length + text.length > room) break;
      lines.unshift(...text);
    }
    return lines;
  }

  /** Everything but the events. */
  #frame({ allSteps, gaps }, columns) {
    const p = this.paint;
    const m = this.model;
    const lines = [
      `${p.in("bold", this.title)}  ${p.in("dim", clock(Date.now() - this.#began))}`,
      m ? p.in("dim", `block ${m.block} final · round ${m.round} · window ${m.window} · round ${m.judgedRound} judged`) : "",
      ...(allSteps ? this.#allSteps() : this.#thisStep()),
    ];
    for (const { name, head, rows } of m ? this.#tables(m, columns) : []) {
      if (rows.length === 0) continue;
      if (gaps) lines.push("");
      lines.push(...table([p.in("cyan", name), ...head.map((cell) => p.in("dim", cell))], rows, " "));
    }
    if (gaps) lines.push("");
    lines.push(` ${p.in("cyan", "WHAT HAPPENED")}`);
    return lines;
  }

  #mark(step) {
    const [mark, color] = { done: ["✔", "green"], now: ["▶", "yellow"], failed: ["✘", "red"], ahead: ["·", "dim"] }[step.state];
    return this.paint.in(color, mark);
  }

  #allSteps() {
    const p = this.paint;
    return this.steps.map((step) => {
      const note = step.state === "now" && this.note ? p.in("dim", `  ${this.note}`) : "";
      return ` ${this.#mark(step)} ${step.state === "ahead" ? p.in("dim", step.title) : step.title}${note}`;
    });
  }

  /** Two lines: how far the story is and what is told, and what that waits for. */
  #thisStep() {
    const p = this.paint;
    const told = this.steps.findLastIndex((step) => step.state !== "ahead");
    const marks = this.steps.map((step) => this.#mark(step)).join("");
    return [` ${marks} ${told + 1}/${this.steps.length} ${this.steps[told]?.title ?? ""}`, `   ${p.in("dim", this.note || "")}`];
  }

  #tables(m, columns) {
    const p = this.paint;
    const digits = columns < WIDE ? 2 : 4;
    const shown = columns < WIDE ? ROUNDS_SHOWN - 10 : ROUNDS_SHOWN;
    return [
      {
        name: "OPERATORS",
        head: ["bond", "exposed", "score", "trust", "reliable", "performance", "up/right/fast"],
        rows: m.operators.map((o) => [
          o.name, sure(o.active, digits), sure(o.exposure, digits), o.score, TRUST_LEVELS.indexOf(o.trust) + 1 || o.trust, o.reliability,
          o.performance.score, `${o.performance.uptime}/${o.performance.correctness}/${o.performance.latency}`,
        ]),
      },
      {
        name: "SERVICES",
        head: [`LAST ${shown} ROUNDS`.padEnd(shown), "verdict", columns < WIDE ? "used" : "allowance used", "index", "cover", "rent", "units"],
        rows: m.services.map((s) => [
          s.name,
          this.#rounds(s, m.judgedRound, shown),
          s.verdict === "up" ? `up ${ms(s.latency)}` : p.in(MARKS[s.verdict]?.[1], s.verdict ?? "-"),
          s.hot ? `${s.against} of ${s.allowance}` : "",
          inPercent(s.index),
          inPercent(s.cover),
          s.rent === undefined ? "" : sure(s.rent),
          `${s.units}/${s.capacity}`,
        ]),
      },
      {
        name: "ORDERS",
        head: ["now", "price", "", "in escrow", "pays for blocks"],
        rows: (m.orders ?? []).flatMap((o) => o.replicas.map(({ lease, held, closed }) => [
          `order ${o.id}`,
          lease ? `lease ${lease.id} ${lease.phase}` : "bidding",
          lease ? sure(lease.price) : "",
          closed ? `closed: ${closed}` : o.until ? `${o.bids.length} bids, matched at ${o.until}` : `${o.bids.length} more bids`,
          sure(held),
          lease ? lease.blocksLeft : "",
        ])),
      },
      {
        name: "AGREEMENTS",
        head: ["units", "deposit", "paid", "credit due", "promised", "credited", ""],
        rows: m.agreements.map((a) => [
          `${a.tenant} with ${a.service}`, a.units, sure(a.held), sure(a.paid), sure(a.owed), sure(a.promised), sure(a.credited), a.state ?? "",
        ]),
      },
    ];
  }

  #rounds(service, last, shown) {
    let line = "";
    for (let round = last - shown + 1; round <= last; round += 1) {
      line += this.paint.verdict(service.verdicts.get(round));
    }
    return line;
  }
}
