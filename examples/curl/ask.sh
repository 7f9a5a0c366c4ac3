#!/bin/sh
# Asks a PoP about one machine with curl: with a plain record, with tensors as JSON, and with binary tensors.
#
#   sh examples/curl/ask.sh [http://127.0.0.1:8787]        set POPSERVE_KEY if the PoP asks for a key
set -eu
pop=${1:-http://127.0.0.1:8787}
endpoint=$pop/v2/models/machine-failure/infer

ask() {
  curl --fail-with-body --silent --show-error --max-time 10 --retry 3 -H "popserve-key: shell-1" \
    ${POPSERVE_KEY:+-H "Authorization: Bearer $POPSERVE_KEY"} "$@" "$endpoint"
}

echo "Record:"
ask -H "Content-Type: application/json" -d '{
  "instances": [
    {"type": "L", "air_temperature": 298.9, "process_temperature": 309.1, "rotational_speed": 1310, "torque": 64.5, "tool_wear": 198}
  ]
}'
echo

echo "JSON:"
ask -H "Content-Type: application/json" -d '{
  "inputs": [
    {"name": "type", "datatype": "BYTES", "shape": [1, 1], "data": ["L"]},
    {"name": "air_temperature", "datatype": "FP32", "shape": [1, 1], "data": [298.9]},
    {"name": "process_temperature", "datatype": "FP32", "shape": [1, 1], "data": [309.1]},
    {"name": "rotational_speed", "datatype": "FP32", "shape": [1, 1], "data": [1310]},
    {"name": "torque", "datatype": "FP32", "shape": [1, 1], "data": [64.5]},
    {"name": "tool_wear", "datatype": "FP32", "shape": [1, 1], "data": [198]}
  ]
}'
echo

# A binary request is JSON that names the tensors and their sizes, then the tensors' bytes, little-endian, in the same order.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

number='"datatype": "FP32", "shape": [1, 1], "parameters": {"binary_data_size": 4}'
printf '%s' '{"inputs": [
  {"name": "type", "datatype": "BYTES", "shape": [1, 1], "parameters": {"binary_data_size": 5}},
  {"name": "air_temperature", '"$number"'},
  {"name": "process_temperature", '"$number"'},
  {"name": "rotational_speed", '"$number"'},
  {"name": "torque", '"$number"'},
  {"name": "tool_wear", '"$number"'}
], "outputs": [{"name": "probability", "parameters": {"binary_data": true}}]}' > "$work/request"
length=$(wc -c < "$work/request" | tr -d ' ')

{
  printf '\001\000\000\000L'  # a text: its length in 32 bits, then its UTF-8
  printf '\063\163\225\103'   # 298.9
  printf '\315\214\232\103'   # 309.1
  printf '\000\300\243\104'   # 1310
  printf '\000\000\201\102'   # 64.5
  printf '\000\000\106\103'   # 198
} >> "$work/request"

ask -H "Content-Type: application/octet-stream" -H "Inference-Header-Content-Length: $length" \
  --data-binary "@$work/request" -D "$work/headers" -o "$work/answer"
json=$(tr -d '\r' < "$work/headers" | sed -n 's/^inference-header-content-length: //Ip')

echo "Binary:"
head -c "$json" "$work/answer"
echo
printf 'probability of no failure, of a failure:'
tail -c +$((json + 1)) "$work/answer" | od -A n -t f4
