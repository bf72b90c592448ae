// Echo at the tutorial's scale: 10,000 copies of 120 kB, beside Python with all of them in memory.
import { compare, type Scenario } from '../support/compare.ts'
import { runEcho, TUTORIAL_STRING_BYTES } from '../support/echo.ts'
import { hasPython } from '../support/installed.ts'
import { startPython } from '../support/programs.ts'

const COPIES = 10_000

/** From the start of the server to the end of both, as ours. */
async function runPeer(copies: number): Promise<number> {
  const serverArguments = [0, TUTORIAL_STRING_BYTES, copies]
  // The line that its server waits for at the keyboard is there from the beginning.
  await using server = startPython('bench/echo_server', serverArguments, { input: '\n' })
  const port = await server.ready()
  const clientArguments = ['127.0.0.1', port, 'x'.repeat(TUTORIAL_STRING_BYTES)]
  await using client = startPython('interop/echo_client', clientArguments)
  const ends = await Promise.all([server.succeeded(), client.succeeded()])
  return (Math.max(...ends.map((end) => end.endedAt)) - server.startedAt) / 1000
}

export const echoTutorial: Scenario = {
  name: 'echo-tutorial',
  async run({ runs, quick }) {
    const copies = quick ? COPIES / 10 : COPIES
    const rate = (seconds: number) => (TUTORIAL_STRING_BYTES * copies) / 1e9 / seconds
    const ours = async () => rate((await runEcho(TUTORIAL_STRING_BYTES, copies)).seconds)
    const peer = async () => rate(await runPeer(copies))
    const peers = [{ name: 'Python', measure: hasPython ? peer : undefined }]
    const what = `echo, tutorial: 120 kB × ${copies.toLocaleString('en')}`
    return {
      rows: [await compare({ what, unit: 'GB/s', better: 'high', ours, peers, goal: 3 }, runs)],
    }
  },
}
