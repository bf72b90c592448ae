#!/usr/bin/env bash
# Tries the pynet that is installed in this folder: an echo, the tools, a usage error, the library.
set -euo pipefail
pynet=./node_modules/.bin/pynet

log=$(mktemp)
"$pynet" --version

# one end waits for the other: no sleep
"$pynet" echo-server 0 --copies 3 </dev/null >"$log.out" 2>"$log" &
server=$!
until port=$(sed -n 's/^pynet: listening on port //p' "$log") && [ -n "$port" ]; do
  kill -0 "$server"
done
"$pynet" echo-client localhost "$port" abc | grep -q '^abcabcabc$'
wait "$server"
grep -q "^client is at ('127.0.0.1', [0-9]*)$" "$log.out"

# each tool is a file of its own
"$pynet" --help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p' | while read -r command; do
  "$pynet" "$command" --help >"$log.out"
  grep -q "^Usage: pynet $command " "$log.out"
done

if "$pynet" echo-client localhost 0x50 abc 2>"$log"; then exit 1; fi
[ "$(wc -l <"$log")" -eq 1 ]
rm -f "$log" "$log.out"

cat >library.mjs <<'EOF'
import { connect, LineSplitter, listen } from 'pynet'

const listener = await listen({ host: '127.0.0.1', port: 0 })
const client = await connect(listener.address)
const server = await listener.accept()
await client.sendAll('one\ntwo\n')
client.shutdown()
const lines = await server.makeFile().readLines()
if (lines.join('|') !== 'one\n|two\n') throw new Error(`unexpected ${lines}`)
if (new LineSplitter().push(Buffer.from('a\nb')).length !== 1) throw new Error('splitter')
await Promise.all([client.close(), server.close(), listener.close()])
EOF
node library.mjs

cat >both.cjs <<'EOF'
const { SocketError } = require('pynet')
import('pynet').then((pynet) => {
  if (pynet.SocketError !== SocketError) throw new Error('two copies of the library')
})
EOF
node both.cjs
