#!/bin/sh
# Asks a PoP what a picture shows, in each of the forms that curl can send.
#
#   sh examples/curl/picture.sh cat.jpg [http://127.0.0.1:8787 [pictures]]      set POPSERVE_KEY if the PoP asks for a key
set -eu
file=${1:?expected a picture: sh examples/curl/picture.sh cat.jpg}
endpoint=${2:-http://127.0.0.1:8787}/v2/models/${3:-pictures}/infer

ask() {
  curl --fail-with-body --silent --show-error --max-time 10 --retry 3 -H "popserve-key: shell-1" \
    ${POPSERVE_KEY:+-H "Authorization: Bearer $POPSERVE_KEY"} "$@" "$endpoint"
  echo
}

# The bytes decide what it is: a PNG or a WebP may go under the same type.
echo "As it is:"
ask -H "Content-Type: image/jpeg" --data-binary "@$file"

# A second -F "file=@…" would make it a batch.
echo "In a form, with parameters:"
ask -F "file=@$file" -F 'parameters={"threshold": 0.3}'

echo "In JSON, as base64:"
printf '{"inputs": "%s"}' "$(base64 < "$file" | tr -d '\n')" |
  ask -H "Content-Type: application/json" --data-binary @-
