// Endpoints that mean harm, one server each. They run in the process of the test.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import path from "node:path";
import { Readable } from "node:stream";
import { freePorts } from "./util.mjs";

function body(request) {
  return new Promise((resolve, reject) => {
    const parts = [];
    request.on("data", (part) => parts.push(part)).on("end", () => resolve(Buffer.concat(parts).toString())).on("error", reject);
  });
}

/** Answers as the JSON-RPC at `upstream` does, but for what `twist(method, result)` makes of it. */
function twisted(upstream, twist) {
  return async (request, response) => {
    const question = JSON.parse(await body(request));
    const methods = new Map([question].flat().map(({ id, method }) => [id, method]));
    const answer = await (
      await fetch(upstream, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(question),
      })
    ).json();
    for (const reply of [answer].flat()) reply.result = twist(methods.get(reply.id), reply.result);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer));
  };
}

/** `handler` as a server calls it. A server that is stopped in mid-answer is no error of the test. */
function answered(handler) {
  return (request, response) => {
    Promise.resolve(handler(request, response)).catch(() => response.destroy());
  };
}

/** All the truth but for what is in a block: its hash, and the balances after it. */
const wrong = (upstream, byte) => twisted(upstream, (method, result) => {
  if (method.startsWith("eth_getBlockBy") && result) return { ...result, hash: `0x${byte.repeat(32)}` };
  return method === "eth_getBalance" ? `0x${byte}` : result;
});

/** A fresh head, and of everything else the first answer that it ever had. */
function cached(upstream) {
  const first = new Map();
  return twisted(upstream, (method, result) => {
    if (method === "eth_blockNumber") return result;
    if (!first.has(method)) first.set(method, result);
    return first.get(method);
  });
}

/** Serves what looks like a probe of the first edition: a batch of two questions with the ids 1 and 2. */
function onlyProbes(upstream) {
  const serve = twisted(upstream, (_, result) => result);
  return async (request, response) => {
    const text = await body(request);
    const question = JSON.parse(text);
    const known = Array.isArray(question) && question.length === 2 && question[0].id === 1 && question[1].id === 2;
    if (known && !request.headers["user-agent"]) return serve(Readable.from([Buffer.from(text)]), response);
    response.writeHead(503);
    response.end();
  };
}

export class Hostile {
  #servers = [];
  #sockets = new Set();
  #timers = new Set();
  #ethereum;

  /**
   * `ethereum` is the URL of a real Ethereum JSON-RPC that some of them twist, `page` one of a page on
   * loopback, `dir` a folder for certificates, `passed()` the share of the chain's round that is over.
   *
   * Gives a list of `{ name, url, kind, expected }`: the verdicts that each deserves, and for some the least
   * latency in ms that the chain may see.
   */
  static async start({ ethereum, page, dir, passed }) {
    const hostile = new Hostile();
    hostile.#ethereum = ethereum;
    const rpc = "ethereum";
    const compute = "compute";
    const say = (status, headers, text) => (_, response) => {
      response.writeHead(status, headers);
      response.end(text);
    };
    const servers = {
      silent: [compute, "down", () => {}],
      trickledBody: [compute, "down", (_, response) => {
        response.writeHead(200, { "content-type": "text/plain" });
        hostile.#every(300, response, () => response.write("x"));
      }],
      trickledHeaders: [compute, "down", hostile.#raw((socket) => {
        socket.write("HTTP/1.1 200 OK\r\n");
        let n = 0;
        hostile.#every(300, socket, () => socket.write(`x-${(n += 1)}: 1\r\n`));
      })],
      endless: [compute, "down", (_, response) => {
        response.writeHead(200, { "content-type": "application/octet-stream" });
        const chunk = Buffer.alloc(65_536, 0x2e);
        const pour = () => {
          while (!response.destroyed && response.write(chunk));
          if (!response.destroyed) response.once("drain", pour);
        };
        pour();
      }],
      redirectToLoopback: [compute, "down", say(302, { location: page }, "")],
      serverError: [compute, "down", say(500, {}, "no")],
      hangUp: [compute, "down", hostile.#raw((socket) => socket.destroy())],
      garbageJson: [rpc, "bad", say(200, { "content-type": "application/json" }, '{"jsonrpc":"2.0","id":1,"result":')],
      htmlForJson: [rpc, "bad", say(200, { "content-type": "text/html" }, "<h1>It works!</h1>")],
      wrongBlocks: [rpc, "bad", wrong(ethereum, "5e")],
      cachedBlock: [rpc, "bad", cached(ethereum)],
      onlyProbes: [rpc, "down", onlyProbes(ethereum)],
      // Serves in the first third of a round, when all probes used to come.
      firstThird: [compute, ["down", "unclear"], (request, response) =>
        say(passed() < 1 / 3 ? 200 : 503, {}, "hello")(request, response)],
      // Fast headers, and a body that takes its time.
      slowBody: [compute, "up", (_, response) => {
        response.writeHead(200, { "content-type": "text/plain" });
        response.write("hel");
        hostile.#later(700, () => response.end("lo"));
      }, 700],
      farBehind: [rpc, "stale", twisted(ethereum, (method, result) =>
        method === "eth_blockNumber" ? `0x${Math.max(0, Number(result) - 30).toString(16)}` : result)],
      // Claims to have taken a millisecond, and takes much more.
      claimsToBeFast: [compute, "up", (request, response) => {
        hostile.#later(700, () => say(200, { "surety-elapsed-us": "1000" }, "hello")(request, response));
      }, 700],
    };
    const ports = await freePorts(Object.keys(servers).length + 3);
    const list = [];
    for (const [name, [kind, expected, handler, slowest]] of Object.entries(servers)) {
      const port = ports.shift();
      const server = handler.raw ? net.createServer(handler) : http.createServer(answered(handler));
      await hostile.#listen(server, port);
      list.push({ name, url: `http://127.0.0.1:${port}`, kind, expected, slowest });
    }
    // TLS where there is none, and a certificate that nobody signed.
    const plain = ports.shift();
    await hostile.#listen(http.createServer(say(200, {}, "hello")), plain);
    list.push({ name: "noTls", url: `https://127.0.0.1:${plain}`, kind: compute, expected: "down" });
    const signed = ports.shift();
    await hostile.#listen(https.createServer(selfSigned(dir, "self-signed"), say(200, {}, "hello")), signed);
    list.push({ name: "selfSigned", url: `https://127.0.0.1:${signed}`, kind: compute, expected: "down" });
    // Certificates that sign each other in any order: whoever looks for the path through them is busy for seconds.
    const maze = ports.shift();
    await hostile.#listen(https.createServer(certificateMaze(dir), say(200, {}, "hello")), maze);
    list.push({ name: "certificateMaze", url: `https://127.0.0.1:${maze}`, kind: compute, expected: "down" });
    // An address that is no loopback address, and leads to the very page: it answers whoever is let through.
    list.push({ name: "unspecified", url: page.replace("127.0.0.1", "0.0.0.0"), kind: compute, expected: "down" });
    list.push({ name: "noSuchName", url: "http://nothing.surety.invalid", kind: compute, expected: "down" });
    hostile.list = list;
    return hostile;
  }

  /** URLs of `count` ports that nobody listens on. */
  static async dead(count) {
    return (await freePorts(count)).map((port) => `http://127.0.0.1:${port}`);
  }

  /** `count` servers that accept connections and never say a word; `met()` is how many one has accepted. */
  mute(count) {
    return Promise.all(Array.from({ length: count }, async () => {
      let met = 0;
      // What it is told is read and forgotten, or nobody would notice that the other side hung up.
      const server = net.createServer((socket) => {
        met += 1;
        socket.resume();
      });
      await this.#listen(server, 0);
      return { url: `http://127.0.0.1:${server.address().port}`, met: () => met };
    }));
  }

  /** URLs of `count` Ethereum servers that agree with each other, and with nobody else, on the hash of a block. */
  liars(count) {
    return Promise.all(Array.from({ length: count }, async () => {
      const server = http.createServer(answered(wrong(this.#ethereum, "ab")));
      await this.#listen(server, 0);
      return `http://127.0.0.1:${server.address().port}`;
    }));
  }

  #raw(handle) {
    const handler = (socket) => {
      socket.on("error", () => {});
      socket.once("data", () => handle(socket));
    };
    return Object.assign(handler, { raw: true });
  }

  #every(ms, stream, act) {
    const timer = setInterval(act, ms);
    this.#timers.add(timer);
    stream.on("error", () => {});
    stream.on("close", () => clearInterval(timer));
  }

  #later(ms, act) {
    this.#timers.add(setTimeout(act, ms));
  }

  #listen(server, port) {
    this.#servers.push(server);
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
    });
    server.on("tlsClientError", () => {});
    server.on("clientError", (_, socket) => socket.destroy());
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
  }

  async stop() {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** A key and a certificate that it signed itself. */
function selfSigned(dir, name, ...more) {
  const key = path.join(dir, `${name}.key`);
  const cert = path.join(dir, `${name}.crt`);
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", cert, ...more],
    { stdio: "ignore" },
  );
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

/** A chain of some 60 kB: 36 certificates of one name and one key, so that each may have signed each other. */
function certificateMaze(dir) {
  const { key, cert } = selfSigned(dir, "maze");
  const again = (serial) => execFileSync("openssl", [
    "req", "-x509", "-key", path.join(dir, "maze.key"), "-days", "2", "-subj", "/CN=localhost",
    "-set_serial", `${serial}`, "-addext", `nsComment=${"x".repeat(900)}`,
  ], { stdio: ["ignore", "pipe", "ignore"] });
  return { key, cert: Buffer.concat([cert, ...Array.from({ length: 36 }, (_, i) => again(i + 1))]) };
}
