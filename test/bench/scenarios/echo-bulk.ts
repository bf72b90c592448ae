// Echo, bulk: 60,000 copies of 100 kB, beside iperf3 in the same direction.
import { compare, type Scenario } from '../support/compare.ts'
import { BULK_STRING_BYTES, runEcho } from '../support/echo.ts'
import { freePort } from '../support/free-port.ts'
import { hasIperf } from '../support/installed.ts'
import { Program } from '../support/programs.ts'
import { median, short } from '../support/statistics.ts'

const COPIES = 60_000

interface IperfReport {
  end: { sum_received: { bits_per_second: number } }
}

/** The rate that iperf3 itself reports, in bytes per second: without its start-up. */
async function runIperf(bytes: number): Promise<{ rate: number; seconds: number }> {
  const port = String(await freePort())
  const listening = ['-s', '-1', '-B', '127.0.0.1', '-p', port, '--forceflush']
  await using server = new Program('iperf3', listening, { keepOutput: true })
  await server.waitFor('stdout', /Server listening/)
  const reversed = ['-c', '127.0.0.1', '-p', port, '-R', '-n', String(bytes), '-J']
  await using client = new Program('iperf3', reversed, { keepOutput: true })
  const [report, end] = await Promise.all([client.succeeded(), server.succeeded()])
  const { sum_received } = (JSON.parse(report.stdout) as IperfReport).end
  const seconds = (Math.max(report.endedAt, end.endedAt) - server.startedAt) / 1000
  return { rate: sum_received.bits_per_second / 8, seconds }
}

export const echoBulk: Scenario = {
  name: 'echo-bulk',
  async run({ runs, quick }) {
    const copies = quick ? COPIES / 10 : COPIES
    const bytes = BULK_STRING_BYTES * copies
    const gigabytesPerSecond = (seconds: number) => bytes / 1e9 / seconds
    const clientRates: number[] = []
    const iperfWholeRates: number[] = []
    const ours = async () => {
      const { seconds, clientSeconds } = await runEcho(BULK_STRING_BYTES, copies)
      clientRates.push(gigabytesPerSecond(clientSeconds))
      return gigabytesPerSecond(seconds)
    }
    const iperf = async () => {
      const { rate, seconds } = await runIperf(bytes)
      iperfWholeRates.push(gigabytesPerSecond(seconds))
      return rate / 1e9
    }
    const peers = [{ name: 'iperf3', measure: hasIperf ? iperf : undefined }]
    const what = `echo, bulk: 100 kB × ${copies.toLocaleString('en')}`
    const row = await compare({ what, unit: 'GB/s', better: 'high', ours, peers, goal: 1.2 }, runs)
    const notes = [
      'echo, bulk: ours from the start of the server to the end of both processes, iperf3 by its own ' +
        `report. From the start of the client, ours is ${short(median(clientRates))} GB/s` +
        (hasIperf ? `; with its start-up, iperf3 is ${short(median(iperfWholeRates))} GB/s.` : '.'),
    ]
    return { rows: [row], notes }
  },
}
