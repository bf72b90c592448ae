// The plays as they are written: whoever acts is there, and stands beside whom it talks to.
import { describe, expect, it } from 'vitest'
import { demo } from '../../src/commands/demo.ts'
import { echoPlay } from '../../src/demo/echo-play.ts'
import { SERVER } from '../../src/demo/play.ts'
import { strPlay } from '../../src/demo/str-play.ts'
import { wpsPlay } from '../../src/demo/wps-play.ts'
import { Terminal } from '../../src/terminal/terminal.ts'

const plays = { echo: echoPlay, wps: wpsPlay, str: strPlay }

describe.each(Object.entries(plays))('the play of %s', (_, { lanes, steps, closing }) => {
  it('starts the server first, and each program once, before it is waited for', () => {
    const started: string[] = []
    for (const { act, goals } of steps) {
      if (act !== undefined && 'start' in act) started.push(act.start)
      expect(Object.keys(goals).filter((name) => !started.includes(name))).toEqual([])
    }
    expect(started[0]).toBe(SERVER)
    expect([...started].sort()).toEqual([...lanes].sort())
  })

  it('advises two commands that can be pasted after npm ci', () => {
    const commands = [...closing.matchAll(/"(.*?)"/g)].map(([, command]) => command)
    expect(commands.filter((command) => !command?.startsWith('npx pynet '))).toEqual([])
    expect(commands).toHaveLength(2)
  })

  it('waits for the end of each program, and has each client beside the server', () => {
    for (const name of lanes) {
      expect(steps.some(({ goals }) => goals[name]?.ended)).toBe(true)
      const distance = Math.abs(lanes.indexOf(name) - lanes.indexOf(SERVER))
      expect(distance).toBeLessThanOrEqual(1)
    }
  })
})

it('a play that needs a program that is not there is refused in one line', async () => {
  const context = { terminal: new Terminal(() => {}), signal: new AbortController().signal }
  const given = demo({ ...wpsPlay, needs: 'no-such-program' }, {}, context)
  await expect(given).rejects.toMatchObject({
    code: 'ERR_DEMO',
    message: expect.stringContaining('no-such-program'),
  })
})
