#!/usr/bin/env bash
# Runs a command with a container engine: the one that answers already, or else a dockerd for as long as the command runs,
# with its data in a temporary folder, its bridges and rules in a network namespace of its own, and ended by its own pid:
#   scripts/with-engine.sh npm test
# Where no engine can be started (no dockerd, no root) the command runs without one, and says what it lacks itself.
set -uo pipefail

answers() { docker info --format '{{.ServerVersion}}' 2>/dev/null | grep -q .; }

if answers || ! command -v dockerd >/dev/null || [ "$(id -u)" -ne 0 ]; then exec "$@"; fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/churnlab-engine-XXXXXX")
# Who may use the socket is told by its own mode, as in /run.
chmod 711 "$folder"
engine=
command=

# shellcheck disable=SC2329 # called by trap
stop() {
  status=$?
  trap - EXIT INT TERM HUP
  [ -z "$command" ] || kill -TERM "$command" 2>/dev/null
  if [ -n "$engine" ] && kill -TERM "$engine" 2>/dev/null; then
    for _ in $(seq 150); do kill -0 "$engine" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$engine" 2>/dev/null
    wait "$engine" 2>/dev/null
  fi
  # What the engine had mounted, network namespaces of containers among it, may outlive it.
  awk -v under="$folder/" 'index($2, under) == 1 { print $2 }' /proc/self/mounts | sort -r | xargs -r umount -l
  rm -rf "$folder" 2>/dev/null || { sleep 1; rm -rf "$folder"; }
  exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

export DOCKER_HOST="unix://$folder/docker.sock"
# It ends with this script, however that ends; `exec` all the way, so that $! is the engine itself.
# shellcheck disable=SC2016 # expanded by the inner shell
setpriv --pdeathsig TERM -- unshare --net sh -c 'ip link set lo up; exec dockerd \
  --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/docker.pid" --host "$DOCKER_HOST"' \
  sh "$folder" >"$folder/log" 2>&1 </dev/null &
engine=$!

for _ in $(seq 300); do
  answers && break
  kill -0 "$engine" 2>/dev/null || break
  sleep 0.1
done
if ! answers; then
  echo "with-engine: dockerd did not come up in 30 s; the end of its log:" >&2
  tail -20 "$folder/log" >&2
  unset DOCKER_HOST
fi

# In the background, so that a signal is handled when it comes and not when the command ends.
"$@" <&0 &
command=$!
wait "$command"
status=$?
command=
exit "$status"
