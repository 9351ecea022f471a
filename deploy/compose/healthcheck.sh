#!/usr/bin/env bash
# A container's health: 0 when the part in it has started and has the broker (/startedz), providers or not. No program
# is started for it: twelve containers that each start Node every ten seconds would take a fifth of a core.
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/$PORT"
printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' "${HEALTH_PATH:-/startedz}" >&3
answer=$(cat <&3)
echo "${answer##*$'\r\n\r\n'}"
[[ $answer == 'HTTP/'*' 200 '* ]]
