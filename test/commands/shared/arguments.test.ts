// The readers of arguments and options: what they take, and what their errors say.
import { describe, expect, test } from 'vitest'
import {
  hostName,
  listeningPort,
  positiveSeconds,
  seconds,
  serverPort,
  wholeNumber,
  wordOr,
} from '../../../src/commands/shared/arguments.ts'

/** What Number() or parseInt() would take, and people type. */
const NO_DIGITS = [
  '',
  ' ',
  '0x50',
  '1e3',
  ' 80',
  '80 ',
  '+80',
  '-1',
  '8_0',
  '８０',
  'NaN',
  'Infinity',
]

/** Returns the message with which a reader refuses a text. */
function refusalOf(reader: (text: string) => unknown, text: string): string {
  try {
    return `accepted as ${reader(text)}`
  } catch (error) {
    return (error as Error).message
  }
}

describe('a port', () => {
  test.each(['0', '1', '80', '0080', '65535'])('%s is read', (text) => {
    expect(listeningPort(text)).toBe(Number(text))
  })

  test.each([...NO_DIGITS, '80.0', '65536', '99999999999999999999', 'http'])(
    '%j is refused, with what is allowed',
    (text) => {
      const message = 'It must be a whole number from 0 to 65535.'
      expect(refusalOf(listeningPort, text)).toBe(message)
    },
  )

  test('0 is none to connect to', () => {
    const message = 'It must be a whole number from 1 to 65535.'
    expect(refusalOf(serverPort, '0')).toBe(message)
    expect(serverPort('1')).toBe(1)
  })
})

describe('seconds', () => {
  test.each([
    ['0', 0],
    ['5', 5000],
    ['0.5', 500],
    ['0.0001', 1],
    ['16.1', 16_100],
    ['2147483', 2_147_483_000],
  ])('%s are %i milliseconds', (text, milliseconds) => {
    expect(seconds(text)).toBe(milliseconds)
  })

  test.each([...NO_DIGITS, '5s', '.', '.5', '5.', '1.2.3', '2147484'])('%j are refused', (text) => {
    expect(refusalOf(seconds, text)).toBe('It must be a number of seconds such as 5 or 0.5.')
  })

  test('of 0 are refused where a limit of nothing makes no sense', () => {
    expect(refusalOf(positiveSeconds, '0.0')).toBe('It must be more than 0 seconds.')
    expect(positiveSeconds('0.001')).toBe(1)
  })
})

describe('a word, or else a number', () => {
  const clients = wordOr(['any'], wholeNumber(1, 9))
  const goAhead = wordOr(['enter', 'now'], seconds)

  test('is read as what it is', () => {
    expect([clients('any'), clients('9'), goAhead('now'), goAhead('0.5')]).toEqual([
      'any',
      9,
      'now',
      500,
    ])
  })

  test('is refused with all that is allowed', () => {
    const number = 'a whole number from 1 to 9.'
    for (const text of ['all', 'Any', '0', '10', '']) {
      expect(refusalOf(clients, text)).toBe(`It must be any, or ${number}`)
    }
    const duration = 'a number of seconds such as 5 or 0.5.'
    expect(refusalOf(goAhead, 'soon')).toBe(`It must be enter, now, or ${duration}`)
  })
})

describe('a host', () => {
  test.each(['localhost', '127.0.0.1', '::1', 'fe80::1%eth0', 'ü.example'])(
    '%s is read',
    (text) => {
      expect(hostName(text)).toBe(text)
    },
  )

  test('is no empty text, nothing with a blank in it', () => {
    for (const text of ['', ' ', 'local host', 'localhost\n']) {
      expect(refusalOf(hostName, text)).toBe('It must be a host name or an IP address.')
    }
  })

  test('with a port behind it is refused with what to do', () => {
    const message = 'Write the port as an argument of its own.'
    expect(refusalOf(hostName, 'localhost:2000')).toBe(message)
    expect(refusalOf(hostName, '127.0.0.1:')).toBe(message)
  })
})
