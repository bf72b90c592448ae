#!/usr/bin/env bash
# Tries the types of the pynet that is installed in this folder, and what its package.json promises: try-types.sh <tarball>
set -euo pipefail

npm install --no-audit --no-fund --no-save --silent oldest@npm:typescript@5.4.5 \
  newest@npm:typescript@7.0.2 @types/node@20.19.43 publint@0.3.25 @arethetypeswrong/cli@0.18.5

cat >types.mts <<'EOF'
import { subscribe } from 'node:diagnostics_channel'
import {
  type Address,
  CALL_CHANNEL,
  CALL_START_CHANNEL,
  type Call,
  type ConnectOptions,
  connect,
  LineSplitter,
  LineTooLongError,
  listen,
  Selector,
  SocketError,
  type SocketFile,
  type TcpSocket,
  type TraceCall,
  type TraceHeader,
} from 'pynet'

export async function use(options: ConnectOptions, traced: TraceHeader | TraceCall): Promise<void> {
  const listener = await listen({ port: 0 })
  const selector = new Selector()
  for await (const socket of listener) {
    const file: SocketFile = socket.makeFile()
    for await (const line of file) await socket.sendAll(line.toUpperCase())
    for await (const batch of socket.makeFile({ encoding: 'buffer' }).batches()) {
      for (const line of batch) line.readUInt8()
    }
    selector.register(socket)
    for (const ready of await selector.select(5)) if ('tryRecv' in ready) ready.tryRecv(1)
  }
  const client: TcpSocket = await connect(options)
  const address: Address = client.remoteAddress
  const lines: string[] = new LineSplitter({ maxLineBytes: 5 }).push(Buffer.from(address.host))
  subscribe(CALL_CHANNEL, (message) => lines.push((message as Call).call))
  if ('call' in traced) lines.push(traced.call, CALL_START_CHANNEL)
}

export const codeOf = (error: unknown): string | undefined =>
  error instanceof SocketError || error instanceof LineTooLongError ? error.code : undefined
EOF
cp types.mts types.cts

for typescript in oldest newest; do
  options=(--strict --exactOptionalPropertyTypes --skipLibCheck false --noEmit --types node --target es2022)
  tsc=(node "node_modules/$typescript/bin/tsc" "${options[@]}")
  "${tsc[@]}" --module nodenext types.mts types.cts
  "${tsc[@]}" --module esnext --moduleResolution bundler types.mts
done

# an editor follows a declaration to its source
for map in $(find node_modules/pynet/dist -name '*.d.ts.map'); do
  source=$(sed 's/.*"sources":\["\([^"]*\)"\].*/\1/' "$map")
  [ -f "$(dirname "$map")/$source" ] || { echo "$map names $source, which is not there"; exit 1; }
done

npx publint --strict node_modules/pynet
npx attw --profile esm-only "$1"
