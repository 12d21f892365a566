// A real Ethereum node whose blocks depend on nothing but their numbers: no interval mining and a fixed first
// timestamp, so that several nodes given the same blocks to mine have the same chain (lib/ethereum.mjs).
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
