#!/usr/bin/env bash
# Brings a backup back into an empty stack. Refuses to write over streams or a database that are there.
#
#   deploy/backup/restore.sh backups/<time>.tar.age key.txt [erasures.json]
#   deploy/backup/restore.sh <folder of backup.sh --plain> [erasures.json]
#
# key.txt is what "leadwire backup key" made. erasures.json is the list of who was erased, as it is today; the one that
# lies beside the backup when none is given. Who was erased after the backup was made does not come back.
# Afterwards only broker and database run, so that a person can look before anything is sent; the last lines say how
# to go on. Read "Restore" in docs/RUNBOOK.md first: what was sent after the backup, the restored ledger does not know.
set -euo pipefail
cd "$(dirname "$0")/../.."
umask 077

leadwire() { docker compose run --rm -T --no-deps "$@"; }

backup=$(realpath "${1:?which backup? (a file or folder that backup.sh made)}")
work=
finish() { if [[ -n $work ]]; then rm -rf "$work"; fi; }
trap finish EXIT
trap 'exit 130' INT TERM HUP
if [[ -f $backup ]]; then
  key=$(realpath "${2:?which key? (the file that \"leadwire backup key\" made)}")
  list=${3:-$(dirname "$backup")/erasures.json}
  work=$(mktemp -d "$(dirname "$backup")/.unfinished.XXXXXX")
  folder=$work/backup
  mkdir "$folder"
  leadwire -v "$key:/key.txt:ro" --entrypoint node leadwire /app/packages/cli/src/main.ts backup open --identity /key.txt \
    <"$backup" | tar -C "$folder" -x
else
  folder=$backup
  list=${2:-$(dirname "$backup")/erasures.json}
fi
if [[ ! -f .env && -f $folder/env ]]; then cp "$folder/env" .env; fi
[[ -d $folder/streams ]] || { echo "$backup is no backup: it has no streams/." >&2; exit 2; }
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

# The NATS CLI runs as the broker's user: it gets a copy of the streams alone, in a folder that is closed to others.
[[ -n $work ]] || { work=$(mktemp -d "$(dirname "$folder")/.unfinished.XXXXXX"); cp -r "$folder/streams" "$work/streams"; }
readable=$work/streams
[[ -d $readable ]] || mv "$folder/streams" "$readable"
chmod -R a+rX "$readable"
docker compose run --rm -T --no-deps -v "$readable:/backup:ro" nats-box account restore /backup >"$work/streams.log" 2>&1 ||
  { tail -5 "$work/streams.log" >&2; exit 1; }

if [[ -f $folder/supabase-local.tgz ]] && has supabase-local; then
  docker compose run --rm -T --no-deps --entrypoint sh supabase-local -c \
    'test ! -e /data/supabase/landing || { echo "This database has data already." >&2; exit 2; }; tar -C /data/supabase -xz' <"$folder/supabase-local.tgz"
  docker compose up --detach --wait supabase-local >/dev/null 2>&1
fi
docker compose run --rm -T --no-deps --entrypoint tar landing-api -C /data/journal --keep-old-files -xz <"$folder/journal.tgz"

# Whoever was erased stays erased. A hosted database comes back by hand, so the list has to be applied after that.
obey=(leadwire person apply)
[[ -f $list ]] && obey=(-v "$(realpath "$list"):/erasures.json:ro" "${obey[@]}" --list /erasures.json)
if has supabase-local; then
  docker compose run --rm -T --no-deps settings >/dev/null
  # What was said of them at providers goes as well.
  if has sandbox; then docker compose up --detach --wait sandbox >/dev/null 2>&1; fi
  leadwire "${obey[@]}"
fi

echo
echo 'Streams, journal and secrets are back. Nothing is sent before you start the services: docker compose up --detach'
for project in landing tripwire; do
  if [[ -f $folder/$project.dump ]]; then
    cp "$folder/$project.dump" "$(dirname "$backup")/$project.dump"
    echo "Database $project: pg_restore --clean --if-exists --no-owner --dbname \"\$${project^^}_DATABASE_URL\" $(dirname "$backup")/$project.dump, and remove that file (IN THE CLEAR)"
  fi
done
has supabase-local || echo "Then, before any service starts: docker compose run --rm --no-deps ${obey[*]}"
exit 0
