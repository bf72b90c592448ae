// Ending a process with all that it has started, however deep, and nothing else.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { killTree } from '../../src/system/process-tree.ts'
import { stateOf } from '../support/proc.ts'
import { hasFile } from '../support/requirements.ts'
import { waitUntil, within } from '../support/waiting.ts'

const hasChildren = hasFile(`/proc/self/task/${process.pid}/children`, 'what a command has started')

/** Each shell starts two more and tells its number; the last ones only wait. */
const family = `
  grow() {
    sh -c 'echo $PPID'
    if [ $1 -gt 0 ]; then (grow $(($1 - 1))) & (grow $(($1 - 1))) & fi
    wait
    sleep 100
  }
  grow 3`
const familySize = 15

test.runIf(hasChildren)('a tree of fifteen processes is ended whole', async () => {
  const child = spawn('/bin/sh', ['-c', family], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  const pids = await waitUntil(() => {
    const lines = text.split('\n').filter(Boolean)
    return lines.length === familySize ? lines.map(Number) : undefined
  }, 'the whole family')
  const closed = once(child, 'close')
  killTree(child)
  // The pipe is at its end when all who could write to it have gone.
  expect(await within(closed, 'the end of all')).toEqual([null, 'SIGKILL'])
  await waitUntil(() => pids.every((pid) => stateOf(pid) === undefined), 'no zombie')
})

test('a child whose end is known is not ended again', async () => {
  const child = spawn('/bin/sh', ['-c', 'exit 3'], { stdio: 'ignore' })
  await once(child, 'close')
  killTree(child)
  expect(child.exitCode).toBe(3)
})
