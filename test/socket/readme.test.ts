// The library guide: each of its examples compiles in strict mode, runs, and prints what the guide says.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import * as library from '../../src/index.ts'
import { runWords } from '../support/sockets.ts'

const project = fileURLToPath(new URL('../../', import.meta.url))
const guide = readFileSync(join(project, 'src/socket/README.md'), 'utf8')
const blocks = [...guide.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text = '']) => ({
  language,
  text,
}))

/** A folder of a user's, where the built package and Node's types are installed. */
function userFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pynet-guide-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(project, join(folder, 'node_modules/pynet'))
  symlinkSync(join(project, 'node_modules/@types'), join(folder, 'node_modules/@types'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const compilerOptions = { strict: true, module: 'nodenext', target: 'es2023', types: ['node'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  return folder
}

test('its examples compile against the built package, and print what it says', async () => {
  const folder = userFolder()
  const examples = blocks.flatMap(({ language, text }, index) =>
    language === 'ts' ? [{ text, output: blocks[index + 1] }] : [],
  )
  expect(examples.length).toBeGreaterThan(4)
  const paths = examples.map(({ text }, index) => {
    const path = join(folder, `example-${index}.ts`)
    writeFileSync(path, text)
    return path
  })
  const compiler = join(project, 'node_modules/typescript/bin/tsc')
  const compiled = await runWords([process.execPath, compiler, '--project', folder])
  expect(compiled).toMatchObject({ code: 0, stdout: '' })
  const programs = paths.map((path) => runWords([process.execPath, path.replace(/ts$/, 'js')]))
  for (const [index, result] of (await Promise.all(programs)).entries()) {
    const { language, text } = examples[index]?.output ?? {}
    expect(language).toBe('text')
    expect(result).toMatchObject({ stderr: '', stdout: text })
  }
})

test('it names every value that the library exports, and every code of its own', () => {
  const codes = ['ERR_READER_WAITING', 'ERR_SOCKET_CLOSED', 'ERR_LINE_TOO_LONG']
  const names = [...Object.keys(library), ...codes, 'ERR_TOO_MANY_CONNECTIONS']
  for (const name of names) expect(guide).toContain(name)
})
