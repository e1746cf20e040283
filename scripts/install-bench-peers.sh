#!/usr/bin/env bash
# Installs the load generators that `npm run bench -- engines` compares with: from Debian, and autocannon from npm into .cache.
# churnlab needs none of them; a peer that is missing has no rows.
set -euo pipefail

cd "$(dirname "$0")/.."
packages=(nginx-light wrk apache2-utils httperf hey nghttp2-client)
autocannon=9.0.0

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "bench peers: as root, run: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  # nginx must not start here: the benchmark starts its own, in a namespace.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o DPkg::Lock::Timeout=300 update </dev/null
  apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null
fi

home=.cache/bench-peers
if [ ! -e "$home/node_modules/autocannon" ]; then
  mkdir -p "$home"
  npm install --prefix "$home" --no-audit --no-fund --ignore-scripts --loglevel=error "autocannon@$autocannon"
fi
echo "bench peers: all installed"
