module.exports = {
  solidity: "0.8.28",
  networks: { hardhat: { chainId: 31337, initialDate: "2025-01-01T00:00:00Z", mining: { auto: false, interval: 0 } } },
};
