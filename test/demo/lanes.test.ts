// The lanes: each row in the width, a line for who runs, a heavy one for who waits, colours for both.
import { describe, expect, it } from 'vitest'
import { Lanes } from '../../src/demo/lanes.ts'

const noColours = { lane: (_: number, text: string) => text, waiting: (text: string) => text }

describe('the lanes', () => {
  it('draw a program from its start to its end, heavy from its wait to its return', () => {
    const lanes = new Lanes(['client', 'server'], 33, noColours)
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
    const paint = {
      lane: (lane: number, text: string) => (text.trim() === '' ? text : `<${lane} ${text}>`),
      waiting: (text: string) => `<wait ${text}>`,
    }
    const lanes = new Lanes(['client', 'server'], 21, paint)
    expect(lanes.head()).toBe('  <0  client>   <1  server>')
    lanes.row({ client: { state: 'running' }, server: { state: 'running' } })
    expect(lanes.row({ server: { text: ' recv', state: 'waiting' } })).toBe(
      ' <0 │>         <wait ╽><wait  recv>',
    )
    expect(lanes.row({})).toBe(' <0 │>         <wait ┃>')
  })
})
