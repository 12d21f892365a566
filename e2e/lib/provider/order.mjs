// SPDX-License-Identifier: Apache-2.0
// The order of a tenant: a compose file with a private part, and the page that it makes nginx serve.

import { randomBytes } from "node:crypto";
import { sure } from "../chain/amounts.mjs";
import { TEMPLATES } from "./image.mjs";

/** Port of the container. */
export const PORT = 80;
/** Region of the order, and of the services that may bid. */
export const REGION = "DE";

/** Word that nobody but the tenant and the chosen operator may read. */
export const secretWord = () => randomBytes(16).toString("hex");

/**
 * Page that the container serves.
 * @param {string} word
 * @returns {string}
 */
export const pageOf = (word) => `<h1>Served by whoever keeps its promise</h1>\n<p>${word}</p>\n`;

/**
 * Compose file of one nginx, whose page contains a variable of its environment.
 * @param {object} options
 * @param {string} options.image - name with digest
 * @param {string} options.word
 * @param {bigint} options.maxPrice - planck per block
 * @param {bigint} options.failoverPrice - planck per block
 * @param {number} options.minutes - duration
 * @returns {string} YAML
 */
export function composeFile({ image, word, maxPrice, failoverPrice, minutes }) {
  // In a compose file $$ is one $.
  const template = pageOf("$$WORD").trimEnd().split("\n");
  return `services:
  web:
    image: ${image}
    ports: ["${PORT}"]
    environment:
      WORD: "${word}"
    configs:
      - source: page
        target: ${TEMPLATES}/index.html
    deploy:
      resources:
        limits:
          cpus: "0.25"
          memory: 128M

configs:
  page:
    content: |
${template.map((line) => `      ${line}`).join("\n")}

x-surety:
  max_price: ${sure(maxPrice)} SURE # per replica and block
  failover_price: ${sure(failoverPrice)} SURE
  duration: ${minutes}m
  bidding: 1m
  regions: [${REGION}]
  storage: 1G
`;
}
