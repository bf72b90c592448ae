// Following a trace file: whole lines only, each once, whatever the writes were.
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { TraceTail } from '../../src/demo/trace-tail.ts'

const header =
  '{"format":"pynet-trace","version":1,"program":"echo-server","pid":1,"startedAt":"x"}'

function follow(): { tail: TraceTail; write: (text: string) => void } {
  const folder = mkdtempSync(join(tmpdir(), 'pynet-tail-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'trace')
  return { tail: new TraceTail(path), write: (text) => appendFileSync(path, text) }
}

it('gives nothing while there is no file, and nothing of a header alone', () => {
  const { tail, write } = follow()
  expect(tail.read()).toEqual([])
  write(`${header}\n`)
  expect(tail.read()).toEqual([])
  expect(tail.header?.program).toBe('echo-server')
})

it('gives each call once, whatever the borders of the writes', () => {
  const calls = ['listen', 'accept', 'recv'].map((call) => ({ call, at: 1, blocked: 0 }))
  const text = [header, ...calls.map((call) => JSON.stringify(call)), ''].join('\n')
  for (const size of [1, 3, 7, text.length]) {
    const { tail, write } = follow()
    const read = []
    for (let start = 0; start < text.length; start += size) {
      write(text.slice(start, start + size))
      read.push(...tail.read())
    }
    expect(read).toEqual(calls)
    expect(tail.read()).toEqual([])
  }
})
