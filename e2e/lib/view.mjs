// The live view of the demo: one screen drawn in place at a terminal, plain lines anywhere else.

import { sure } from "./chain.mjs";

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
  return `${out}…\u001b[0m`;
}

const clock = (ms) => `${String(Math.floor(ms / 60_000)).padStart(2, "0")}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;
const ms = (bucket) => {
  const value = 2 ** (bucket / 4);
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
};

export class View {
  #frame = [];
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
    this.out.write(`${this.#compose(10).join("\n")}\n`);
  }

  /** Lines below everything, once the live part is over. */
  print(lines) {
    for (const line of [lines].flat()) this.out.write(`${line}\n`);
  }

  table(head, rows) {
    return table(head.map((cell) => this.paint.in("bold", cell)), rows);
  }

  #say(text) {
    this.out.write(`${clock(Date.now() - this.#began)} ${text}\n`);
  }

  #draw() {
    if (!this.#live) return;
    const rows = this.out.rows ?? 40;
    const columns = this.out.columns ?? 100;
    const fixed = this.#compose(0).length;
    const lines = this.#compose(Math.max(3, rows - fixed - 1)).slice(0, rows);
    this.out.write(`\u001b[H${lines.map((line) => `${fit(line, columns)}\u001b[K`).join("\n")}\u001b[J`);
  }

  #compose(eventLines) {
    const p = this.paint;
    const head = (text) => p.in("cyan", text);
    const lines = [];
    const m = this.model;
    const where = m
      ? `block ${m.block} final · round ${m.round} · window ${m.window} · round ${m.judgedRound} judged`
      : "starting";
    lines.push(`${p.in("bold", this.title)}   ${where} · ${clock(Date.now() - this.#began)}`, "");
    for (const step of this.steps) {
      const mark = { done: p.in("green", "✔"), now: p.in("yellow", "▶"), failed: p.in("red", "✘"), ahead: p.in("dim", "·") }[step.state];
      const note = step.state === "now" && this.note ? p.in("dim", `  ${this.note}`) : "";
      lines.push(` ${mark} ${step.state === "ahead" ? p.in("dim", step.title) : step.title}${note}`);
    }
    if (m) {
      lines.push("", ...this.#state(m, head));
    }
    lines.push("", head("WHAT HAPPENED"));
    const shown = this.#events.slice(-eventLines || this.#events.length);
    if (eventLines) lines.push(...shown.map((e) => `  ${p.in("dim", clock(e.at))} ${p.in(e.color, e.text)}`));
    return lines;
  }

  #state(m, head) {
    const p = this.paint;
    const operators = m.operators.map((o) => [
      o.name, sure(o.active), sure(o.exposure), `${o.score} ${o.trust}`, o.reliability,
      `${o.performance.score} = up ${o.performance.uptime}, right ${o.performance.correctness}, fast ${o.performance.latency}`,
    ]);
    const services = m.services.map((s) => [
      s.name,
      this.#rounds(s, m.judgedRound),
      s.verdict === "up" ? `up ${ms(s.latency)}` : p.in(MARKS[s.verdict]?.[1], s.verdict ?? "-"),
      s.hot ? `${s.against} of ${s.allowance}` : "",
      sure(s.index),
      `${s.units}/${s.capacity}`,
    ]);
    const agreements = m.agreements.map((a) => [
      `${a.tenant} with ${a.service}`, a.units, sure(a.held), sure(a.paid), sure(a.owed), sure(a.credited), a.state ?? "",
    ]);
    const label = `LAST ${ROUNDS_SHOWN} ROUNDS`.padEnd(ROUNDS_SHOWN);
    return [
      head("OPERATORS"),
      ...table(["", "bond", "exposed", "score", "reliable", "performance"].map((c) => p.in("dim", c)), operators),
      "",
      head("SERVICES"),
      ...table(["", label, "verdict", "allowance used", "credit index", "units"].map((c) => p.in("dim", c)), services),
      "",
      head("AGREEMENTS"),
      ...table(["", "units", "deposit left", "paid", "credit owed", "credit paid", ""].map((c) => p.in("dim", c)), agreements),
    ];
  }

  #rounds(service, last) {
    let line = "";
    for (let round = last - ROUNDS_SHOWN + 1; round <= last; round += 1) {
      line += this.paint.verdict(service.verdicts.get(round));
    }
    return line;
  }
}
