// The plays as they are written: who acts is there, and what a step waits for can be told apart.
import { describe, expect, it } from 'vitest'
import { echoPlay } from '../../src/demo/echo-play.ts'
import { type Play, SERVER } from '../../src/demo/play.ts'
import { strPlay } from '../../src/demo/str-play.ts'
import { wpsPlay } from '../../src/demo/wps-play.ts'

const plays: [string, Play][] = [
  ['echo', echoPlay],
  ['wps', wpsPlay],
  ['str', strPlay],
]

describe.each(plays)('the play of %s', (_, { acts, closing }) => {
  it('starts the server first, and each program before anything is typed at it or waited for', () => {
    for (const { lanes, steps } of acts) {
      const started: string[] = []
      for (const { start, type, until } of steps) {
        if (start !== undefined) started.push(start[0])
        const needed = [...(type?.slice(0, 1) ?? []), ...Object.keys(until ?? {})]
        expect(needed.filter((name) => !started.includes(name))).toEqual([])
      }
      expect(started[0]).toBe(SERVER)
      expect([...started].sort()).toEqual([...lanes].sort())
    }
  })

  it('waits after each action, and for the end of each program', () => {
    for (const { lanes, steps } of acts) {
      for (const { start, type, until } of steps) {
        expect(until !== undefined).toBe(start !== undefined || type !== undefined)
      }
      for (const name of lanes) {
        expect(steps.filter(({ until }) => until?.[name] === 'ends')).toHaveLength(1)
      }
    }
  })

  it('has each client beside the server', () => {
    for (const { lanes } of acts) {
      const distances = lanes.map((name) => Math.abs(lanes.indexOf(name) - lanes.indexOf(SERVER)))
      expect(Math.max(...distances)).toBe(1)
    }
  })

  it('closes with two commands that can be pasted after npm ci', () => {
    const commands = [...closing.matchAll(/"(.*?)"/g)].map(([, command]) => command)
    expect(commands.filter((command) => !command?.startsWith('npx pynet '))).toEqual([])
    expect(commands).toHaveLength(2)
  })
})
