// SPDX-License-Identifier: Apache-2.0

//! Agent of an operator: containers of leases, inference and VPN.
