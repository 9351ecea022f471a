#!/usr/bin/env bash
# Everything that a new machine needs, into one encrypted file: streams with their consumers, database, journal, secrets.
#
#   deploy/backup/backup.sh                 backups/<time>.tar.age, for BACKUP_RECIPIENT of .env
#   deploy/backup/backup.sh --plain [dir]   a folder in the clear instead: for a look, never to keep
#   deploy/backup/backup.sh --erasures      only the list of who was erased, in seconds: after each erasure
#
# BACKUP_DIR is another place for them than backups/.
# Nothing stops meanwhile but the bundled database, for the seconds that copying it takes; lead-store waits for it.
# What is in the clear on the way lies in a folder that is closed to others, and goes when this ends, however it ends.
# Of older backups the newest of 7 days and of 4 weeks stay. erasures.json beside them is the list of who was erased, as
# hashes: restore.sh has it obeyed, also by a backup of before. Keep it with the backups.
set -euo pipefail
cd "$(dirname "$0")/../.."
umask 077

leadwire() { docker compose run --rm -T --no-deps --entrypoint node leadwire /app/packages/cli/src/main.ts "$@"; }
configured() { docker compose run --rm -T --no-deps leadwire "$@"; }

backups=$(realpath -m "${BACKUP_DIR:-backups}")
target=
if [[ ${1:-} == --plain ]]; then
  target=$(realpath -m "${2:-$backups/$(date -u +%Y%m%dT%H%M%SZ)}")
  [[ -e $target ]] && { echo "$target is there already." >&2; exit 2; }
elif [[ ${1:-} != --erasures ]]; then
  # Before anything is copied: a backup that could not be sealed is none.
  configured backup seal </dev/null >/dev/null || exit 2
fi
mkdir -p "$backups"
chmod 700 "$backups"
work=$(mktemp -d "$backups/.unfinished.XXXXXX")
folder=$work/backup
stopped=
finish() {
  if [[ -n $stopped ]]; then docker compose start "$stopped" >/dev/null 2>&1 || true; fi
  rm -rf "$work"
}
trap finish EXIT
# A signal ends it through the trap above.
trap 'exit 130' INT TERM HUP

# Who was erased is not in older backups.
keep_erasures() {
  configured person certificates --json </dev/null >"$work/erasures.json"
  sync "$work/erasures.json"
  mv "$work/erasures.json" "$backups/erasures.json"
}
if [[ ${1:-} == --erasures ]]; then
  keep_erasures
  echo "$backups/erasures.json: the list of who was erased"
  exit 0
fi

mkdir -p "$folder/streams"
# The NATS CLI runs as the broker's user; nobody else comes through the folder above.
chmod 777 "$folder/streams"
started=$(date +%s)

# The streams first: what the database then knows beyond them is only written again, never missing.
docker compose run --rm -T --no-deps -v "$folder/streams:/backup" nats-box \
  account backup /backup --consumers --force >"$folder/streams.log" 2>&1 || { tail -5 "$folder/streams.log" >&2; exit 1; }

# Whether the stack has the bundled database decides which of the two is the database. Not in a pipe: grep ends at the
# first line that fits, and what still writes to it would count as failed.
known=$(docker compose config --services)
if grep -qx supabase-local <<<"$known"; then
  stopped=supabase-local
  docker compose stop supabase-local >/dev/null 2>&1
  docker compose run --rm -T --no-deps --entrypoint tar supabase-local -C /data/supabase -cz . >"$folder/supabase-local.tgz"
  docker compose start supabase-local >/dev/null 2>&1
  stopped=
  tar -tzf "$folder/supabase-local.tgz" >/dev/null
else
  for project in landing tripwire; do
    url="${project^^}_DATABASE_URL"
    docker compose run --rm -T --no-deps postgres-tools \
      "pg_dump --format=custom --no-owner --schema=public --schema=supabase_migrations \"\${$url:?is not in .env}\"" >"$folder/$project.dump"
    docker compose run --rm -T --no-deps postgres-tools 'pg_restore --list' <"$folder/$project.dump" >/dev/null
  done
fi

docker compose run --rm -T --no-deps --entrypoint tar landing-api -C /data/journal -cz . >"$folder/journal.tgz"
tar -tzf "$folder/journal.tgz" >/dev/null
docker compose run --rm -T --no-deps --entrypoint cat settings /settings/secrets.json >"$folder/secrets.json"
[[ -s $folder/secrets.json ]] || { echo 'The secrets could not be read.' >&2; exit 1; }
if [[ -f .env ]]; then cp .env "$folder/env"; fi
chmod 700 "$folder/streams"
streams=$(find "$folder/streams" -mindepth 1 -maxdepth 1 -type d | wc -l)
((streams > 0)) || { echo 'The broker has no streams: this would be an empty backup.' >&2; exit 1; }

keep_erasures

if [[ -n $target ]]; then
  mkdir -p "$(dirname "$target")"
  mv "$folder" "$target"
  echo "$target: $(du -sh "$target" | cut -f1), $streams streams and buckets, IN THE CLEAR: remove it when you have looked"
  exit 0
fi
name=$(date -u +%Y%m%dT%H%M%SZ).tar.age
tar -C "$folder" -c . | configured backup seal >"$work/$name"
# What can be opened, only its key says: try one in an empty stack now and then.
[[ $(head -c 21 "$work/$name") == age-encryption.org/v1 ]] || { echo 'It could not be sealed.' >&2; exit 1; }
sync "$work/$name"
mv "$work/$name" "$backups/$name"

(cd "$backups" && ls) | leadwire backup prune | while read -r old; do rm -f "$backups/$old"; done
echo "$backups/$name: $(du -h "$backups/$name" | cut -f1), $streams streams and buckets, in $(($(date +%s) - started)) s"
