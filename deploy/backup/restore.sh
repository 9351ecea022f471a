#!/usr/bin/env bash
# Brings a backup back into an empty stack. Refuses to write over streams or a database that are there.
#
#   deploy/backup/restore.sh backups/<time>
#
# Afterwards only broker and database run, so that a person can look before anything is sent; the last lines say how
# to go on. Read "Restore" in docs/RUNBOOK.md first: what was sent after the backup, the restored ledger does not know.
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=$(realpath "${1:?which backup? (a folder that backup.sh made)}")
[[ -d $folder/streams ]] || { echo "$folder is no backup: it has no streams/." >&2; exit 2; }
services=()
for each in services/*/; do services+=("$(basename "$each")"); done
if [[ -n $(docker compose ps --quiet "${services[@]}" 2>/dev/null) ]]; then
  echo 'Services are running: "docker compose down" first.' >&2
  exit 2
fi
known=$(docker compose config --services)
has() { grep -qxF "$1" <<<"$known"; }

# Its secrets before any are made up: the new stack has the old one's passwords and tokens.
docker compose run --rm -T --no-deps --entrypoint sh settings -c \
  'test -e /settings/secrets.json || { umask 077; cat >/settings/secrets.json; }' <"$folder/secrets.json"

brokers=(nats)
for each in nats-2 nats-3; do has "$each" && brokers+=("$each"); done
docker compose up --detach --wait "${brokers[@]}" >/dev/null 2>&1
streams=$(docker compose run --rm -T --no-deps nats-box stream ls --all --names)
[[ -z ${streams//[[:space:]]/} ]] || { echo "This broker has streams already: $(tr '\n' ' ' <<<"$streams")" >&2; exit 2; }

chmod 711 "$folder" && chmod -R a+rX "$folder/streams"
docker compose run --rm -T --no-deps -v "$folder/streams:/backup:ro" nats-box account restore /backup
chmod 700 "$folder" "$folder/streams"

if [[ -f $folder/supabase-local.tgz ]] && has supabase-local; then
  docker compose run --rm -T --no-deps --entrypoint sh supabase-local -c \
    'test ! -e /data/supabase/landing || { echo "This database has data already." >&2; exit 2; }; tar -C /data/supabase -xz' <"$folder/supabase-local.tgz"
  docker compose up --detach --wait supabase-local >/dev/null 2>&1
fi
docker compose run --rm -T --no-deps --entrypoint tar landing-api -C /data/journal --keep-old-files -xz <"$folder/journal.tgz"

echo
echo 'Streams, journal and secrets are back. Nothing is sent before you start the services: docker compose up --detach'
for project in landing tripwire; do
  [[ -f $folder/$project.dump ]] && echo "Database $project: pg_restore --clean --if-exists --no-owner --dbname \"\$${project^^}_DATABASE_URL\" $folder/$project.dump"
done
exit 0
