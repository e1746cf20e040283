#!/usr/bin/env bash
# Installs what tests need from the system (Debian, Ubuntu). churnlab itself needs none of it to run.
# Changes the system, so only .ci/run calls it; CONTRIBUTING.md names it for everybody else.
set -euo pipefail

packages=(
  iproute2      # ip: veth pairs, routes; ss: a second opinion on socket states
  iputils-ping  # is the other namespace reachable
  tcpdump       # what was on the wire
  conntrack     # entries of a namespace's own table
  util-linux    # unshare, nsenter, setpriv: rootless tests
  zsh           # completion as this shell does it
  fish          # and this one
  sqlite3       # the database opens in the tool people have
  chromium      # reports and the dashboard as a reader sees them
  systemd       # systemd-analyze: is the agent's unit one; nothing of it runs
  nats-server   # the fleet's server: tests spawn their own on loopback
  docker.io     # an engine for containers as targets; scripts/with-engine.sh starts it
  docker-compose # docker-compose.yml as its users start it
  nginx-light   # a real server as target, and a peer of benchmarks
  wrk           # peer of benchmarks
  apache2-utils # ab: peer of benchmarks
)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "test needs: all installed"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo -n)
  sudo -n true 2>/dev/null || {
    echo "test needs: as root, run: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  }
fi

# A package must not start its server here: tests start their own, on ports they choose.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
fi

echo "test needs: installing ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
"${apt[@]}" update </dev/null
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null
