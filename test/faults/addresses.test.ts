// Hosts of several addresses of which some are dead, and ports that an ordinary user may not have.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { expectFailure } from '../support/expectations.ts'
import { pynetPath, type RunningProcess, start, startPynet } from '../support/processes.ts'
import { hasIpv6, hasNamespaces, hasProgram } from '../support/requirements.ts'
import { silentPort } from '../support/sockets.ts'
import { connectRaw, unusedPort } from '../support/wire.ts'

const isPrivileged =
  hasNamespaces(['--net'], 'privileged ports') && hasProgram('setpriv', 'privileged ports')

it.runIf(isPrivileged)(
  'a port below 1024 is refused to an ordinary user, with the reason',
  async () => {
    // In a new network the ports below 1024 are privileged, and without capabilities even root is an
    // ordinary user.
    const ordinary = [
      '--map-root-user',
      '--net',
      'setpriv',
      '--bounding-set=-all',
      '--inh-caps=-all',
    ]
    const words = [...ordinary, process.execPath, pynetPath, 'wps-server', '80']
    const why = /:80: permission denied \(ports below 1024 need root\)\n$/
    expectFailure(await start('unshare', words).finished(), why)
  },
)

const group = 'hosts of several addresses'
const canNameHosts = hasIpv6(group) && hasNamespaces(['--mount'], group)

describe.runIf(canNameHosts)('a host with several addresses', () => {
  /** Runs pynet where /etc/hosts says only which addresses `twofold` has. */
  function startWithHosts(
    addresses: readonly string[],
    ...args: (string | number)[]
  ): RunningProcess {
    const folder = mkdtempSync(join(tmpdir(), 'pynet-hosts-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const hosts = join(folder, 'hosts')
    writeFileSync(hosts, addresses.map((address) => `${address} twofold\n`).join(''))
    const script = 'mount --bind "$0" /etc/hosts && exec "$@"'
    const words = [process.execPath, pynetPath, ...args].map(String)
    const unshare = ['--map-root-user', '--mount', '/bin/sh', '-c', script, hosts, ...words]
    return start('unshare', unshare)
  }

  it.each(['127.0.0.1', '::1'])('is reached where only %s answers', async (address) => {
    const options = ['--go-ahead', 'now', '--copies', '2', '--host', address]
    const port = await startPynet('echo-server', 0, ...options).ready()
    const both = ['127.0.0.1', '::1']
    const result = await startWithHosts(both, 'echo-client', 'twofold', port, 'abc').finished()
    expect(result.stderr).toBe('')
    expect(result.stdout).toBe('abcabc\nreceived 6 bytes\n\n')
  })

  it.runIf(process.platform === 'linux')(
    'is reached where the first address does not answer at all',
    async () => {
      const [silent, answering] = ['127.0.0.2', '127.0.0.3']
      const port = await silentPort(silent)
      const options = ['--go-ahead', 'now', '--copies', '2', '--host', answering]
      await startPynet('echo-server', port, ...options).ready()
      const words = ['echo-client', 'twofold', port, 'abc'] as const
      const result = await startWithHosts([silent, answering], ...words).finished()
      expect(result.stderr).toBe('')
      expect(result.stdout).toBe('abcabc\nreceived 6 bytes\n\n')
    },
  )

  it('of which none answers: the line names each, and why, and what to ask oneself', async () => {
    const words = ['wps-client', 'twofold', await unusedPort(), 'w'] as const
    const result = await startWithHosts(['127.0.0.1', '::1'], ...words).finished()
    expectFailure(result, /twofold.*\(is a server running there\?\)\n$/)
    for (const address of ['127.0.0.1', '::1']) {
      expect(result.stderr).toContain(`connection refused at ${address}`)
    }
  })

  it('as --host listens on its IPv4 address, wherever that stands in the hosts file', async () => {
    const words = ['echo-server', 0, '--host', 'twofold', '--go-ahead', 'now'] as const
    const server = startWithHosts(['::1', '127.0.0.1'], ...words)
    const client = await connectRaw(await server.ready(), '127.0.0.1')
    await server.waitForExactly('stdout', `client is at ('127.0.0.1', ${client.localPort})\n`)
  })
})
