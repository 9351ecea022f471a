#!/usr/bin/env bash
# Lines for .env that pin every image that is not ours to the bytes that its registry has today:
#
#   deploy/pin-images.sh            look at them, then put them into .env; again at each upgrade
#
# A tag may be given to other bytes at any time; a digest never. What runs then is what was tried.
set -euo pipefail
cd "$(dirname "$0")/.."

sed -nE 's/.*\$\{([A-Z_]+_IMAGE):-([^}]+)\}.*/\1 \2/p' docker-compose.yml deploy/cluster/docker-compose.yml | sort -u |
  while read -r name image; do
    docker pull --quiet "$image" </dev/null >/dev/null || { echo "$image: its registry does not answer; nothing is pinned" >&2; exit 1; }
    digest=$(docker image inspect --format '{{join .RepoDigests "\n"}}' "$image" | sed -n '1s/.*@//p')
    [[ $digest == sha256:* ]] || { echo "$image: it has no digest" >&2; exit 1; }
    echo "$name=$image@$digest"
  done
