#!/usr/bin/env bash
# Makes the picture of the README out of a real session: bash .github/make-pictures.sh
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Enter comes a while after the client has begun to wait in recv
press_enter() {
  until grep -q '"recv".*"waiting"' "$folder/client" 2> /dev/null; do sleep 0.1; done
  sleep 2
  echo
}
press_enter | node bin/pynet.js echo-server 0 --host 127.0.0.1 \
  --trace-file "$folder/server" > /dev/null 2> "$folder/log" &
until port=$(sed -n 's/^pynet: listening on port //p' "$folder/log") && [ -n "$port" ]; do
  kill -0 $!
done
node bin/pynet.js echo-client 127.0.0.1 "$port" abc --trace-file "$folder/client" > /dev/null
wait
node bin/pynet.js ladder "$folder/client" "$folder/server" --svg .github/echo-ladder.svg
