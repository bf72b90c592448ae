// Finding the command as a shell does, before anything starts.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Command, findCommand } from '../../src/watch/command.ts'
import { WatchError } from '../../src/watch/errors.ts'

let folder = ''
const here = (name: string) => join(folder, name)

function write(name: string, text: string | Buffer, mode: number): void {
  writeFileSync(here(name), text)
  chmodSync(here(name), mode)
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pynet-command-'))
  mkdirSync(here('folder'))
  write('script', '#!/bin/sh\nexit 3\n', 0o755)
  write('plain', 'exit 3\n', 0o755)
  write('binary', Buffer.from('\x7fELF\x02\x01', 'latin1'), 0o755)
  write('unknown', Buffer.from('MZ\0\0', 'latin1'), 0o755)
  write('text.txt', 'no program\n', 0o644)
  write('server.py', 'pass\n', 0o644)
  vi.stubEnv('PATH', `${folder}/nowhere:${folder}:/usr/bin:/bin`)
})

afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

function errorOf(...words: string[]): WatchError {
  try {
    findCommand(words)
  } catch (error) {
    if (error instanceof WatchError) return error
    throw error
  }
  throw new Error('the command was found')
}

describe('a command that is there', () => {
  test.each(['script', 'binary', 'unknown'])('is started as it was typed: %s', (name) => {
    expect(findCommand([name, 'a', '-b']).words).toEqual([name, 'a', '-b'])
    expect(findCommand([here(name), 'a', '-b']).words).toEqual([here(name), 'a', '-b'])
  })

  test('without a first line that says what runs it is run by a shell', () => {
    expect(findCommand(['plain', 'a']).words).toEqual(['/bin/sh', here('plain'), 'a'])
  })

  test('is called by its own name, or by that of the script that an interpreter runs', () => {
    const nameOf = (...words: string[]): Command['program'] => findCommand(words).program
    expect(nameOf(here('script'), 'a')).toBe('script')
    expect(nameOf('sh', '-e', here('server.py'), '2000')).toBe('server.py')
    expect(nameOf('sh', '-c', 'exit 0')).toBe('sh')
    expect(nameOf('cat', here('server.py'))).toBe('cat')
  })
})

describe('a command that is not there', () => {
  test.each([
    ['no-such-command', /^no-such-command: command not found$/],
    ['./no-such-file', /^\.\/no-such-file: no such file$/],
    ['/etc/passwd/x', /no such file$/],
    ['', /^"": command not found$/],
    ['package.json', /; for the one in this folder, type \.\/package\.json$/],
  ])('%s ends with 127', (name, message) => {
    const error = errorOf(name)
    expect(error.exitCode).toBe(127)
    expect(error.message).toMatch(message)
  })
})

describe('a command that cannot be executed', () => {
  test('a file without permission ends with 126, and a remedy', () => {
    const error = errorOf(here('text.txt'))
    expect(error.exitCode).toBe(126)
    expect(error.message).toMatch(/permission denied \(chmod \+x /)
    expect(errorOf('text.txt').exitCode).toBe(126)
  })

  test('a folder ends with 126', () => {
    expect(errorOf(here('folder'))).toMatchObject({ exitCode: 126, code: 'EISDIR' })
  })

  test('a program that runs with the rights of another user ends with 1, and a remedy', () => {
    write('setuid', '#!/bin/sh\n', 0o755)
    chmodSync(here('setuid'), 0o4755)
    const owner = process.geteuid?.() ?? 0
    const geteuid = vi.spyOn(process, 'geteuid').mockReturnValue(owner + 1)
    const error = errorOf(here('setuid'))
    geteuid.mockRestore()
    expect(error.exitCode).toBe(1)
    expect(error.message).toMatch(/setuid.*sudo pynet watch/)
    expect(findCommand([here('setuid')]).program).toBe('setuid')
  })
})
