#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests of ops/ that need no running node: alerts, dashboard, units and the check of their
# configuration. Run it as "make test-ops".
set -euo pipefail
cd "$(dirname "$0")/.."

# Highest exposure that "systemd-analyze security" may find, in tenths, by unit. The agent of a
# provider is root by its task.
declare -A exposure=([surety-node]=15 [surety-gateway@]=16 [surety-provider]=90)

say() { printf '  test-ops: %s\n' "$*"; }
fail() {
	printf '  test-ops: %s\n' "$*" >&2
	exit 1
}
for tool in promtool systemd-analyze; do
	command -v $tool > /dev/null || fail "$tool is missing: run \"make setup-checks\""
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say "alerts"
(
	cd ops/prometheus
	promtool check config --syntax-only prometheus.example.yml > "$work/log" &&
		promtool check rules alerts.yml >> "$work/log" &&
		promtool test rules alerts.test.yml
) || { cat "$work/log" >&2; fail "alerts"; }
mapfile -t alerts < <(sed -n 's/^ *- alert: //p' ops/prometheus/alerts.yml)
for alert in "${alerts[@]}"; do
	grep -q "exp_alerts:\$" <(grep -A1 "alertname: $alert\$" ops/prometheus/alerts.test.yml) ||
		fail "no test of alerts.test.yml sees $alert fire"
done

say "dashboard"
(cd e2e && npm run --silent test:dashboard)

say "units"
# The programs are not installed here. Everything else of the units is as they are shipped.
mkdir "$work/units"
for unit in ops/systemd/*.service; do
	sed -e 's|/usr/bin/surety-[a-z]*|/bin/true|; s|/usr/lib/surety-[a-z]*/check-config|/bin/true|' \
		-e '/^Documentation=/d' "$unit" > "$work/units/$(basename "$unit")"
done
# A template is examined as one of its instances.
ln -s 'surety-gateway@.service' "$work/units/surety-gateway@edge.service"
# Unknown settings are only warnings, and other units of this machine may have some.
systemd-analyze verify --man=no "$work"/units/surety-{node,gateway@edge,provider}.service \
	> "$work/log" 2>&1 || { cat "$work/log" >&2; fail "units"; }
grep surety "$work/log" >&2 && fail "units"
# The engine has to see what the agent mounts: with a namespace of mounts, leases would write beside
# their disks.
own_mounts='^(Private(Devices|IPC|Mounts|Tmp)|Protect(ControlGroups|Home|Kernel(Logs|Modules|Tunables)|Proc|System)'
own_mounts+='|ProcSubset|Root(Directory|Image)|(Read(Only|Write)|Inaccessible|Exec|NoExec|Bind(ReadOnly)?)Paths'
own_mounts+='|TemporaryFileSystem|MountFlags|MountImages|ExtensionImages|DynamicUser)='
grep -E "$own_mounts" ops/systemd/surety-provider.service >&2 &&
	fail "surety-provider gets a namespace of mounts of its own"
for unit in "${!exposure[@]}"; do
	systemd-analyze security --offline=true --no-pager --threshold="${exposure[$unit]}" \
		"ops/systemd/$unit.service" > "$work/log" ||
		{ grep -a ✗ "$work/log" >&2; fail "$unit is exposed"; }
	say "$unit:$(tail -n 1 "$work/log" | sed 's/.*: / exposure /')"
done

say "configuration"
check=$PWD/ops/debian/check-config
expect() {
	local code=$1 log
	shift
	log=$(env -i PATH="$PATH" "$@" 2>&1) && found=0 || found=$?
	[ "$found" = "$code" ] || fail "$*: exit code $found, not $code: $log"
}
expect 0 CHAIN=/etc/surety/raw.json "$check" -- true
expect 1 CHAIN=/etc/surety/raw.json "$check" -- false
expect 78 CHAIN=FILL-IN "$check" -- true
expect 78 FLAGS="--name FILL-IN --validator" "$check" -- true
expect 78 "$check" ops/debian/gateway.toml -- true
expect 78 "$check" ops/debian/edge.toml -- true
expect 78 "$check" "$work/missing.toml" -- true
printf '# FILL-IN is only a word here\na = 1\n' > "$work/filled.toml"
expect 0 "$check" "$work/filled.toml" -- true
# The packages' own values are placeholders.
set -a
# shellcheck source=/dev/null
. <(sed 's/=\(.*\)$/="\1"/' ops/debian/node.env)
set +a
"$check" -- true 2> /dev/null && fail "node.env of the package would start a node"
say "passed"
