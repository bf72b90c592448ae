// Addresses that can't be listened on, and hosts of several addresses of which some are dead.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { expectFailure } from '../support/expectations.ts'
import { type Finished, pynetPath, runPynet, start, startPynet } from '../support/processes.ts'
import { hasIpv6, hasNamespaces, hasProgram } from '../support/requirements.ts'
import { silentPort } from '../support/sockets.ts'
import { unusedPort } from '../support/wire.ts'

const servers = ['echo-server', 'wps-server', 'str-server']

describe('a server', () => {
  it.each(servers)('%s says which address is not of this machine', async (server) => {
    const result = await runPynet(server, 0, '--host', '192.0.2.1')
    expectFailure(result, /192\.0\.2\.1.*address not available/)
  })

  const isPossible =
    hasNamespaces(['--net'], 'privileged ports') && hasProgram('setpriv', 'privileged ports')

  it.runIf(isPossible).each(servers)(
    '%s says which port an ordinary user may not have',
    async (server) => {
      // In a new network the ports below 1024 are privileged, and without capabilities even root
      // is an ordinary user.
      const ordinary = [
        '--map-root-user',
        '--net',
        'setpriv',
        '--bounding-set=-all',
        '--inh-caps=-all',
      ]
      const result = await start('unshare', [
        ...ordinary,
        process.execPath,
        pynetPath,
        server,
        '80',
      ]).finished()
      expectFailure(result, /\b80\b.*permission denied/)
    },
  )
})

const canNameHosts =
  hasIpv6('hosts of several addresses') && hasNamespaces(['--mount'], 'hosts of several addresses')

describe.runIf(canNameHosts)('a host with an IPv6 and an IPv4 address', () => {
  let hosts = ''

  beforeEach(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'pynet-hosts-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    hosts = join(directory, 'hosts')
    await writeFile(hosts, '127.0.0.1 twofold\n::1 twofold\n')
  })

  /** Runs pynet where /etc/hosts is ours. */
  function runWithHosts(...args: (string | number)[]): Promise<Finished> {
    const script = 'mount --bind "$0" /etc/hosts && exec "$@"'
    const words = [process.execPath, pynetPath, ...args].map(String)
    const unshare = ['--map-root-user', '--mount', '/bin/sh', '-c', script, hosts, ...words]
    return start('unshare', unshare).finished()
  }

  it.each(['127.0.0.1', '::1'])('is reached where only %s answers', async (address) => {
    const options = ['--go-ahead', 'now', '--copies', '2', '--host', address]
    const server = startPynet('echo-server', 0, ...options)
    const result = await runWithHosts('echo-client', 'twofold', await server.ready(), 'abc')
    expect(result.stderr).toBe('')
    expect(result.stdout).toContain('abcabc')
    expect(result.status).toBe(0)
  })

  it.runIf(process.platform === 'linux')(
    'is reached where the first address does not answer at all',
    async () => {
      const [silent, answering] = ['127.0.0.2', '127.0.0.3']
      const port = await silentPort(silent)
      await writeFile(hosts, `${silent} twofold\n${answering} twofold\n`)
      const options = ['--go-ahead', 'now', '--copies', '2', '--host', answering]
      await startPynet('echo-server', port, ...options).ready()
      const result = await runWithHosts('echo-client', 'twofold', port, 'abc')
      expect(result.stderr).toBe('')
      expect(result.stdout).toContain('abcabc')
      expect(result.status).toBe(0)
    },
  )

  it('that answers at neither: the line names both, and why', async () => {
    const result = await runWithHosts('wps-client', 'twofold', await unusedPort(), 'w')
    expectFailure(result, /twofold.*connection refused at /)
    expect(result.stderr).toContain('connection refused at 127.0.0.1')
    expect(result.stderr).toContain('connection refused at ::1')
  })
})
