#!/usr/bin/env bash
# Restarts the cluster one container at a time, each only when the one before it is healthy again, so that no form is
# turned away and no lead is lost. With a new image, or a new broker image, in place this is also the upgrade.
#
#   deploy/cluster/rolling-restart.sh                everything
#   deploy/cluster/rolling-restart.sh brokers        the brokers alone
#   deploy/cluster/rolling-restart.sh notifier …     single services
#
# Run it where docker-compose.yml is, with COMPOSE_FILE set (in .env, or in the environment) as README.md says.
set -euo pipefail
cd "$(dirname "$0")/../.."

brokers=(nats nats-2 nats-3)
known=$(docker compose config --services)
has() { grep -qxF "$1" <<<"$known"; }
has nats-2 || { echo 'COMPOSE_FILE does not name deploy/cluster/docker-compose.yml (see deploy/cluster/README.md).' >&2; exit 2; }
# Services, and nothing that stands alone: restarting the bundled database or the sandbox is no rolling restart.
services=()
for folder in services/*/; do has "$(basename "$folder")" && services+=("$(basename "$folder")"); done

wanted=("$@")
((${#wanted[@]})) || wanted=("${brokers[@]}" "${services[@]}")
[[ ${wanted[*]} == brokers ]] && wanted=("${brokers[@]}")

# Settings may have changed with the version; what is made up already stays.
docker compose run --rm --no-deps settings >/dev/null

for service in "${wanted[@]}"; do
  has "$service" || { echo "$service: no such service" >&2; exit 2; }
  mapfile -t containers < <(docker compose ps --all --quiet "$service")
  for container in "${containers[@]}"; do
    started=$(date +%s)
    # Its own grace: a broker sends its clients away first, a service finishes what it has.
    docker stop "$container" >/dev/null
    docker rm "$container" >/dev/null
    # The others stay as they are; --wait ends when the new one is healthy. A broker is, when it has caught up.
    docker compose up --detach --no-deps --no-recreate --wait "$service" >/dev/null 2>&1 || {
      docker compose logs --tail 20 "$service" >&2
      echo "$service is not healthy again: stopped here, everything else runs as before" >&2
      exit 1
    }
    # The proxy looks for it by name each second, and asks it once more a second later: the next one may go after that.
    [[ $service != landing-api ]] || sleep 5
    echo "$service: one of ${#containers[@]} restarted in $(($(date +%s) - started)) s"
  done
done
