#!/usr/bin/env bash
# Runs an echo, the library and a usage error with the pynet that is installed in this folder.
set -euo pipefail

log=$(mktemp)
./node_modules/.bin/pynet --version

# one end waits for the other: no sleep
./node_modules/.bin/pynet echo-server 0 --copies 3 </dev/null >"$log.out" 2>"$log" &
server=$!
until port=$(sed -n 's/^pynet: listening on port //p' "$log") && [ -n "$port" ]; do
  kill -0 "$server"
done
./node_modules/.bin/pynet echo-client localhost "$port" abc | grep -q '^abcabcabc$'
wait "$server"
grep -q "^client is at ('127.0.0.1', [0-9]*)$" "$log.out"

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

if ./node_modules/.bin/pynet echo-client localhost 0x50 abc 2>"$log"; then exit 1; fi
[ "$(wc -l <"$log")" = 1 ]
rm -f "$log" "$log.out"
