// SPDX-License-Identifier: Apache-2.0
// A real Ethereum node whose blocks follow from their numbers: no interval mining and a fixed first
// timestamp, so that several nodes that mine the same blocks have the same chain
// (lib/endpoints/ethereum.mjs).
module.exports = {
  solidity: "0.8.28",
  networks: {
    hardhat: {
      chainId: 31337,
      initialDate: "2025-01-01T00:00:00Z",
      mining: { auto: false, interval: 0 },
      loggingEnabled: false,
    },
  },
};
