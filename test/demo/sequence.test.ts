// The order of calls that come from several traces: a cause first, whichever trace is read first.
import { describe, expect, it } from 'vitest'
import { type Performer, Sequence } from '../../src/demo/sequence.ts'
import type { TraceCall } from '../../src/trace/format.ts'

const server: Performer = { name: 'server', startedAt: 1000 }
const client: Performer = { name: 'client', startedAt: 1500 }
const there = { host: '127.0.0.1', port: 2000 }
const here = { host: '127.0.0.1', port: 40_000 }

const ofServer = (call: TraceCall['call'], at: number, more: Partial<TraceCall> = {}) => ({
  ...{ call, at, blocked: 0, local: there, remote: here },
  ...more,
})
const ofClient = (call: TraceCall['call'], at: number, more: Partial<TraceCall> = {}) => ({
  ...{ call, at, blocked: 0, local: here, remote: there },
  ...more,
})

function drain(sequence: Sequence, options?: { isLast: boolean }): string[] {
  const names: string[] = []
  for (;;) {
    const next = sequence.next(options)
    if (next === undefined) return names
    const peer = next.peer === undefined ? '' : ` ${next.peer.name}`
    names.push(`${next.actor.name} ${next.call.call}${peer}`)
  }
}

describe('the sequence', () => {
  it('holds an accept, a recv and an end of data back until their causes are there', () => {
    const sequence = new Sequence()
    sequence.add(server, [
      ofServer('listen', 1, { remote: undefined }),
      ofServer('accept', 2),
      ofServer('recv', 3, { bytes: 3, offset: 0 }),
      ofServer('recv', 4, { bytes: 0, offset: 3 }),
    ])
    expect(drain(sequence)).toEqual(['server listen'])
    sequence.add(client, [ofClient('connect', 1)])
    expect(drain(sequence)).toEqual(['client connect server', 'server accept client'])
    sequence.add(client, [ofClient('sendAll', 2, { bytes: 2, offset: 0 })])
    expect(drain(sequence)).toEqual(['client sendAll server'])
    sequence.add(client, [ofClient('sendAll', 3, { bytes: 1, offset: 2 }), ofClient('close', 9)])
    expect(drain(sequence)).toEqual([
      'client sendAll server',
      'server recv client',
      'client close server',
      'server recv client',
    ])
    expect(sequence.isWaitedFor(server)).toBe(false)
  })

  it('goes by the time of each start, and keeps the order of each program', () => {
    const sequence = new Sequence()
    sequence.add(server, [ofServer('keyboard', 700), ofServer('keyboard', 600)])
    sequence.add(client, [ofClient('keyboard', 150), ofClient('keyboard', 250)])
    expect(drain(sequence)).toEqual([
      'client keyboard',
      'server keyboard',
      'server keyboard',
      'client keyboard',
    ])
  })

  it('gives at the end also what has no cause in the traces', () => {
    const sequence = new Sequence()
    sequence.add(server, [ofServer('accept', 2)])
    expect(drain(sequence)).toEqual([])
    expect(sequence.isWaitedFor(server)).toBe(true)
    expect(drain(sequence, { isLast: true })).toEqual(['server accept'])
  })
})
