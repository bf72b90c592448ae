// Str, idle: the processor time of a server whose clients are connected and silent.
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { interleave, judged, type Scenario } from '../support/compare.ts'
import { processorSeconds } from '../support/proc.ts'
import { startPynet } from '../support/programs.ts'
import { median, short } from '../support/statistics.ts'

const SILENCE_MS = 5000
/** What the connecting sets off is over by then. */
const SETTLING_MS = 300
const MAX_PERCENT = 1

/** Percent of a processor. */
async function measure(poll: 'select' | 'nonblocking', silenceMs: number): Promise<number> {
  await using server = startPynet(['str-server', 0, '--host', '127.0.0.1', '--poll', poll])
  const port = await server.ready()
  const clients = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  try {
    await Promise.all(clients.map((client) => once(client, 'connect')))
    await sleep(SETTLING_MS)
    const start = performance.now()
    const before = processorSeconds(server.pid)
    await sleep(silenceMs)
    const spent = processorSeconds(server.pid) - before
    return (100 * spent) / ((performance.now() - start) / 1000)
  } finally {
    for (const client of clients) client.destroy()
  }
}

export const strIdle: Scenario = {
  name: 'str-idle',
  async run({ runs, quick }) {
    const silenceMs = quick ? SILENCE_MS / 10 : SILENCE_MS
    const values = await interleave('str, idle', '% of a processor', runs, [
      { name: 'select', measure: () => measure('select', silenceMs) },
      { name: 'nonblocking', measure: () => measure('nonblocking', silenceMs) },
    ])
    const select = median(values.get('select') ?? [])
    const nonblocking = median(values.get('nonblocking') ?? [])
    const row = {
      what: 'str, idle: processor time',
      ours: `${short(select)} %`,
      peer: `${short(nonblocking)} % (--poll nonblocking)`,
      ratio: short(select / nonblocking),
      goal: judged(`< ${MAX_PERCENT} %`, select < MAX_PERCENT),
    }
    return { rows: [row] }
  },
}
