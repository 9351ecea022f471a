#!/usr/bin/env bash
# Everything that a new machine needs, into one folder: streams with their consumers, database, journal, secrets.
#
#   deploy/backup/backup.sh [folder]        backups/<time> when none is given
#
# Nothing stops meanwhile but the bundled database, for the seconds that copying it takes; lead-store waits for it.
# The folder holds contact data and secrets in the clear: encrypt it before it leaves the machine.
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=$(realpath -m "${1:-backups/$(date -u +%Y%m%dT%H%M%SZ)}")
[[ -e $folder ]] && { echo "$folder is there already." >&2; exit 2; }
umask 077
mkdir -p "$folder/streams"
# The NATS CLI runs as the broker's user.
chmod 711 "$folder" && chmod 777 "$folder/streams"
started=$(date +%s)

# The streams first: what the database then knows beyond them is only written again, never missing.
docker compose run --rm -T --no-deps -v "$folder/streams:/backup" nats-box \
  account backup /backup --consumers --force >"$folder/streams.log" 2>&1 || { tail -5 "$folder/streams.log" >&2; exit 1; }

# Whether the stack has the bundled database decides which of the two is the database.
if docker compose config --services | grep -qx supabase-local; then
  docker compose stop supabase-local >/dev/null 2>&1
  trap 'docker compose start supabase-local >/dev/null 2>&1' EXIT
  docker compose run --rm -T --no-deps --entrypoint tar supabase-local -C /data/supabase -cz . >"$folder/supabase-local.tgz"
  docker compose start supabase-local >/dev/null 2>&1
  trap - EXIT
else
  for project in landing tripwire; do
    url="${project^^}_DATABASE_URL"
    docker compose run --rm -T --no-deps postgres-tools \
      "pg_dump --format=custom --no-owner --schema=public --schema=supabase_migrations \"\${$url:?is not in .env}\"" >"$folder/$project.dump"
  done
fi

docker compose run --rm -T --no-deps --entrypoint tar landing-api -C /data/journal -cz . >"$folder/journal.tgz"
docker compose run --rm -T --no-deps --entrypoint cat settings /settings/secrets.json >"$folder/secrets.json"
[[ -f .env ]] && cp .env "$folder/env"
chmod 700 "$folder/streams"

echo "$folder: $(du -sh "$folder" | cut -f1), $(ls "$folder/streams" | wc -l) streams and buckets, in $(($(date +%s) - started)) s"
