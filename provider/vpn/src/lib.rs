// SPDX-License-Identifier: Apache-2.0

//! WireGuard in a process: the exit of an operator, and the handshake of a prober.
