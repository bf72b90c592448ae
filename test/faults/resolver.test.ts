// A resolver that never answers, in namespaces of the test's own: a signal still ends a client.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { endingSignals } from '../support/expectations.ts'
import { pynetPath, start } from '../support/processes.ts'
import { hasNamespaces, hasProgram } from '../support/requirements.ts'

const group = 'a resolver that hangs'
const namespaces = ['--mount', '--net']
const isPossible = [hasNamespaces(namespaces, group), hasProgram('ip', group)]

/** Answers no question, but says when three clients have asked. */
const RESOLVER = `
  const resolver = require('node:dgram').createSocket('udp4')
  const askers = new Set()
  resolver.on('message', (_, { port }) => askers.add(port).size === 3 && console.error('asked'))
  resolver.bind(53, '127.0.0.1', () => console.error('bound'))`

const SCRIPT = `
  ip link set lo up
  mount --bind "$FOLDER/conf" /etc/resolv.conf
  "$NODE" -e "$RESOLVER" &
  read bound
  for client in 1 2 3; do
    { "$NODE" "$PYNET" echo-client host.example 2000 abc & echo "pid $!"; wait $!; echo "status $?"; } &
  done
  wait`

it.runIf(isPossible.every(Boolean))(
  'while the resolver hangs, a signal ends a client within a second',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pynet-resolver-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'conf'), 'nameserver 127.0.0.1\n')
    const env = { FOLDER: folder, NODE: process.execPath, PYNET: pynetPath, RESOLVER }
    const flags = ['--map-root-user', ...namespaces, 'sh', '-c', SCRIPT]
    const shell = start('unshare', flags, { env, stdin: 'pipe', ownGroup: true })
    await shell.waitFor('stderr', /^bound\n/)
    shell.write('\n')
    await shell.waitFor('stdout', /(pid \d+\n){3}/)
    await shell.waitFor('stderr', /asked\n/)
    const pids = String(shell.stdout).match(/\d+/g) ?? []
    const begin = performance.now()
    for (const [index, [signal]] of endingSignals.entries())
      process.kill(Number(pids[index]), signal)
    await shell.waitFor('stdout', /(status \d+\n){3}/)
    // The resolver's own patience is ten seconds.
    expect(performance.now() - begin).toBeLessThan(1500)
    const statuses = String(shell.stdout).match(/(?<=status )\d+/g)
    expect(statuses?.map(Number).sort()).toEqual(endingSignals.map(([, code]) => code).sort())
    expect(String(shell.stderr)).not.toContain('pynet:')
  },
)
