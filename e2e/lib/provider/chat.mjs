// SPDX-License-Identifier: Apache-2.0
// Client of OpenAI's API for chats.

import { MODEL } from "./model.mjs";

/** Time in ms for a whole answer. */
const PATIENCE_MS = 120_000;

/**
 * Answer to a chat.
 * @typedef {object} Chat
 * @property {number} status - of HTTP
 * @property {string} text - of the assistant, or of a refusal
 * @property {number} parts - of the stream
 * @property {number} firstMs - until the first word
 * @property {number} ms
 * @property {number} tokens - that the server counted
 */

/**
 * Ask, and read the answer as it streams in.
 * @param {string} url - endpoint of the service
 * @param {string} question
 * @param {{ token?: string, maxTokens?: number }} [options] - `token` of an agreement
 * @returns {Promise<Chat>}
 */
export async function chat(url, question, { token, maxTokens = 48 } = {}) {
  const from = performance.now();
  const since = () => Math.round(performance.now() - from);
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    body: JSON.stringify({
      model: MODEL,
      messages: [{ role: "user", content: question }],
      max_tokens: maxTokens,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const { status } = response;
  const answer = { status, text: "", parts: 0, firstMs: 0, ms: 0, tokens: 0 };
  if (!response.ok || !response.body)
    return { ...answer, text: await response.text(), ms: since() };
  for await (const event of events(response.body)) {
    const { choices = [], usage } = JSON.parse(event);
    const word = choices[0]?.delta?.content ?? "";
    if (word) {
      answer.parts += 1;
      answer.text += word;
      answer.firstMs ||= since();
    }
    answer.tokens = usage?.completion_tokens ?? answer.tokens;
  }
  return { ...answer, ms: since() };
}

/**
 * Events of a stream up to the one that ends it. A stream that ends without it is an error.
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<string>}
 */
async function* events(body) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of /** @type {AsyncIterable<Uint8Array>} */ (/** @type {any} */ (body))) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const data = /^data: (.*)$/.exec(line.trimEnd())?.[1];
      if (data === "[DONE]") return;
      if (data) yield data;
    }
  }
  throw new Error("the stream ended without [DONE]");
}
