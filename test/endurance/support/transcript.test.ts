// The judge of the str dialogues has to let pass what is right, in any pieces, and nothing else.
import { describe, expect, test } from 'vitest'
import { Transcript } from './transcript.ts'

const A = 0x41

function transcriptOf(...pieces: string[]): Transcript {
  const transcript = new Transcript(A)
  for (const piece of pieces) transcript.push(Buffer.from(piece, 'latin1'))
  return transcript
}

describe('Transcript', () => {
  test.each([1, 2, 3, 7, 100])('replies in pieces of %i bytes are told apart', (size) => {
    const replies = 'A' + 'AxyA' + 'AxyAA' + 'AxyAAxxxA'
    const pieces = replies.match(new RegExp(`.{1,${size}}`, 'g')) ?? []
    const transcript = transcriptOf(...pieces)
    expect(transcript.replies).toBe(4)
    expect(transcript.isInReply).toBe(false)
    expect(transcript.last.toString()).toBe('AxyAAxxxA')
  })

  test('a reply that has no end yet is not counted', () => {
    const transcript = transcriptOf('xA', 'xAyy')
    expect(transcript.replies).toBe(1)
    expect(transcript.isInReply).toBe(true)
  })

  test('a reply that does not begin with the one before is a failure', () => {
    expect(() => transcriptOf('xyA', 'xzAA')).toThrow('reply 2')
  })

  test('a letter that vanished from v is a failure', () => {
    expect(() => transcriptOf('xA', 'AyA')).toThrow('reply 2')
  })

  test('the final value has to begin with the last reply', () => {
    expect(() => transcriptOf('xA').checkAgainst(Buffer.from('xAyyA'), 2)).not.toThrow()
    expect(() => transcriptOf('xA').checkAgainst(Buffer.from('yAx'), 1)).toThrow('begin with')
  })

  test('the final value has no letter that was not sent, and all that were answered', () => {
    expect(() => transcriptOf('xA').checkAgainst(Buffer.from('xAA'), 1)).toThrow('how often')
  })
})
