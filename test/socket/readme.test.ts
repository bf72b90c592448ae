// The library guide: its examples compile in strict mode, run, and print what stands below them.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const project = new URL('../..', import.meta.url).pathname
const guide = readFileSync(join(project, 'src/socket/README.md'), 'utf8')
const examples = [...guide.matchAll(/^```ts\n(.*?)^```\n\n```text\n(.*?)^```/gms)].map(
  ([, program = '', output = '']) => ({ program, output }),
)
let folder = ''

beforeAll(async () => {
  // A folder of a user's, where the package and Node's types are installed.
  folder = mkdtempSync(join(tmpdir(), 'pynet-guide-'))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(project, join(folder, 'node_modules', 'pynet'))
  symlinkSync(join(project, 'node_modules', '@types'), join(folder, 'node_modules', '@types'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const files = examples.map((_, index) => `example-${index}.ts`)
  examples.forEach(({ program }, index) => {
    writeFileSync(join(folder, `example-${index}.ts`), program)
  })
  const compiler = join(project, 'node_modules', '.bin', 'tsc')
  const options = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node']
  await run(compiler, [...options, ...files], { cwd: folder })
})

afterAll(() => rmSync(folder, { recursive: true }))

test('every example has its output below it', () => {
  expect(examples).toHaveLength(guide.match(/^```ts$/gm)?.length ?? 0)
  expect(examples.length).toBeGreaterThan(0)
})

test.concurrent.each(examples.map(({ output }, index) => ({ index, output })))(
  'example $index prints what stands below it',
  async ({ index, output }) => {
    const { stdout } = await run(process.execPath, [`example-${index}.js`], { cwd: folder })
    expect(stdout).toBe(output)
  },
)
