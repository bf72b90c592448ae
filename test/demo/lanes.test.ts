// The lanes: each row in the width, a line for who runs, a heavy one for who waits, colours for both.
import { describe, expect, it } from 'vitest'
import { Lanes } from '../../src/demo/lanes.ts'

describe('the lanes', () => {
  it('draw a program from its start to its end, heavy from its wait to its return', () => {
    const lanes = new Lanes(['client', 'server'], 33, (text) => text)
    const rows = [
      lanes.head(),
      lanes.row({ server: { text: ' $ pynet', state: 'running' } }),
      lanes.row({ server: { text: ' accept blocks', right: true, state: 'waiting' } }),
      lanes.row({ client: { text: ' $ pynet', state: 'running' } }),
      lanes.row({
        client: { text: '──────────────►', right: true },
        server: { text: ' accept', right: true, state: 'running' },
      }),
      lanes.row({ client: { text: ' exit code 0', state: 'absent' } }),
      lanes.row({ server: { text: ' a text that is too long' } }),
    ]
    expect(rows).toEqual([
      '   client          server',
      '                 ┌ $ pynet',
      '                 ┟ accept blocks',
      ' ┌ $ pynet       ┃',
      ' ├──────────────►┞ accept',
      ' └ exit code 0   │',
      '                 │ a text that i…',
    ])
    expect(rows.filter((row) => row.length > 33)).toEqual([])
  })

  it('paint each lane in its own colour, and a wait in another', () => {
    const inColour = (text: string, colour: number | 'wait') =>
      text === '' ? '' : `\x1b[3${colour === 'wait' ? 7 : colour}m${text}\x1b[39m`
    const lanes = new Lanes(['client', 'server'], 21, inColour)
    const [client, server] = [inColour(' client', 0), inColour(' server', 1)]
    expect(lanes.head()).toBe(`  ${client}   ${server}`)
    lanes.row({ client: { state: 'running' }, server: { state: 'running' } })
    const line = ` ${inColour('│', 0)}         `
    const wait = lanes.row({ server: { text: ' recv', state: 'waiting' } })
    expect(wait).toBe(`${line}${inColour('╽', 'wait')}${inColour(' recv', 'wait')}`)
    expect(lanes.row({})).toBe(line + inColour('┃', 'wait'))
  })
})
