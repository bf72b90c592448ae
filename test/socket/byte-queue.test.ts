// The byte queue against a model: one plain Buffer that holds the same bytes.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteQueue } from '../../src/socket/byte-queue.ts'
import { numberedBytes } from '../support/sockets.ts'

/** More one-byte chunks than the queue keeps once they are used up. */
const manyChunks = 1500

/** What the queue is compared with. */
interface Model {
  bytes: Buffer
}

type Step = fc.Command<Model, ByteQueue>

/** A step that both take; it is always allowed. */
function step(name: string, run: (model: Model, queue: ByteQueue) => void): Step {
  return {
    check: () => true,
    run: (model, queue) => {
      run(model, queue)
      expect(queue.length).toBe(model.bytes.length)
    },
    toString: () => name,
  }
}

function push(bytes: Buffer): Step {
  return step(`push ${bytes.length}`, (model, queue) => {
    model.bytes = Buffer.concat([model.bytes, bytes])
    // The queue owns what it is given, and a command may run again.
    queue.push(Buffer.from(bytes))
  })
}

function pushEachByte(bytes: Buffer): Step {
  return step(`push ${bytes.length} times 1`, (model, queue) => {
    model.bytes = Buffer.concat([model.bytes, bytes])
    for (const byte of bytes) queue.push(Buffer.from([byte]))
  })
}

function unshift(bytes: Buffer): Step {
  return step(`unshift ${bytes.length}`, (model, queue) => {
    model.bytes = Buffer.concat([bytes, model.bytes])
    queue.unshift(Buffer.from(bytes))
  })
}

function take(count: number): Step {
  return step(`take ${count}`, (model, queue) => {
    const taken = queue.take(count)
    expect(taken.equals(model.bytes.subarray(0, count))).toBe(true)
    model.bytes = model.bytes.subarray(count)
    // It is the caller's to change: the queue must not notice.
    taken.fill(0x0a)
  })
}

function takeInto(count: number): Step {
  return step(`takeInto ${count}`, (model, queue) => {
    const target = Buffer.alloc(count + 1, 0xee)
    const filled = queue.takeInto(target.subarray(0, count))
    expect(filled).toBe(Math.min(count, model.bytes.length))
    expect(target.subarray(0, filled).equals(model.bytes.subarray(0, filled))).toBe(true)
    // Not a byte beyond what it says.
    expect(target.subarray(filled).every((byte) => byte === 0xee)).toBe(true)
    model.bytes = model.bytes.subarray(filled)
  })
}

function at(offset: number): Step {
  return step(`at ${offset}`, (model, queue) => {
    expect(queue.at(offset)).toBe(model.bytes[offset])
  })
}

const firstLineLength = step('firstLineLength', (model, queue) => {
  expect(queue.firstLineLength()).toBe(model.bytes.indexOf(0x0a) + 1)
})

const allLinesLength = step('allLinesLength', (model, queue) => {
  expect(queue.allLinesLength()).toBe(model.bytes.lastIndexOf(0x0a) + 1)
})

const clear = step('clear', (model, queue) => {
  queue.clear()
  model.bytes = Buffer.alloc(0)
})

/** Mostly small, with few newlines; sometimes of the size from which on memory is not copied. */
const chunk = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.constantFrom(0x61, 0x62, 0x63, 0x0a), { maxLength: 12 }) },
  { weight: 2, arbitrary: fc.array(fc.constantFrom(0x61, 0x62), { maxLength: 12 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.integer({ min: 4000, max: 9000 }), fc.nat(255))
      .map(([length, seed]) => [...numberedBytes(length, seed)]),
  },
)
const bytes = chunk.map((list) => Buffer.from(list))
const count = fc.oneof(
  { weight: 4, arbitrary: fc.nat(20) },
  { weight: 1, arbitrary: fc.integer({ min: 1000, max: 9000 }) },
  { weight: 1, arbitrary: fc.constant(1_000_000) },
)

const smallSteps = [
  bytes.map(push),
  bytes.map(push),
  bytes.map(unshift),
  count.map(take),
  count.map(take),
  count.map(takeInto),
  fc.integer({ min: -3, max: 30 }).map(at),
  count.map(at),
  fc.constant(firstLineLength),
  fc.constant(allLinesLength),
]

describe('for any steps the queue has what a plain Buffer would', () => {
  function expectAgreement(steps: fc.Arbitrary<Step>[], numRuns: number): void {
    fc.assert(
      fc.property(fc.commands(steps, { maxCommands: 60 }), (commands) => {
        const setup = () => ({ model: { bytes: Buffer.alloc(0) }, real: new ByteQueue() })
        fc.modelRun(setup, commands)
      }),
      { numRuns },
    )
  }

  test('with chunks of any sizes', () => {
    expectAgreement([...smallSteps, fc.constant(clear)], 300)
  })

  test('with so many chunks that the used-up ones are cut off', () => {
    const letters = fc.nat(255).map((seed) => numberedBytes(manyChunks, seed))
    const large = fc.integer({ min: 900, max: 1600 })
    expectAgreement(
      [...smallSteps, letters.map(pushEachByte), large.map(take), large.map(takeInto)],
      100,
    )
  })
})

describe('the search for a line', () => {
  test('finds the newline that comes after a search in vain, in whatever chunk', () => {
    const queue = new ByteQueue()
    for (const letter of 'abc') {
      queue.push(Buffer.from(letter))
      expect(queue.firstLineLength()).toBe(0)
    }
    queue.take(2)
    queue.push(Buffer.from('d\ne'))
    expect(queue.firstLineLength()).toBe(3)
    queue.unshift(Buffer.from('x\n'))
    expect(queue.firstLineLength()).toBe(2)
    expect(queue.allLinesLength()).toBe(5)
  })
})
