// Builds dist/: the command and its tools, the library, the types, and the licences of what is bundled.
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

/** The six programs are part of cli.js; every other command is a tool in a file of its own. */
const PART_OF_CLI = /-(server|client)\.ts$/
const isTool = (name) => name.endsWith('.ts') && !PART_OF_CLI.test(name)

/** Commander loads what it needs to run commands in files of their own, which none of ours is. */
const withoutChildProcess = {
  name: 'without-child-process',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      importer.includes('commander') ? { path: 'nothing', namespace: 'nothing' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'module.exports = {}' }))
  },
}

const made = new Set()
fs.mkdirSync('dist', { recursive: true })
await bundle()
declareTypes()
wrapLibrary()
removeStale()

/** Bundles everything that runs, as CommonJS: it starts in half the time of ES modules. */
async function bundle() {
  const tools = fs.readdirSync('src/commands').filter(isTool)
  const commands = ['src/start.ts', 'src/cli.ts', ...tools.map((name) => `src/commands/${name}`)]
  const bundles = await Promise.all([
    bundleFiles(commands, { minifyWhitespace: true, plugins: [withoutChildProcess] }),
    // Whoever uses the library reads its lines in a stack trace.
    bundleFiles(['src/index.ts'], {}),
  ])
  put('dist/package.json', '{ "type": "commonjs" }\n')
  for (const { path, contents } of bundles.flatMap(({ outputFiles }) => outputFiles)) {
    put(path, contents)
  }
  const inputs = bundles.flatMap(({ metafile }) => Object.keys(metafile.inputs))
  put('dist/bundled.LICENSES.txt', licencesOf(inputs))
}

function bundleFiles(entryPoints, options) {
  return build({
    entryPoints,
    entryNames: '[name]',
    outdir: 'dist',
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    define: { IS_BUILD: 'true' },
    metafile: true,
    write: false,
    ...options,
  })
}

/** Returns the licence of each package that bundled files come from. */
function licencesOf(inputs) {
  const folders = inputs.map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0])
  return [...new Set(folders)]
    .filter((folder) => folder !== undefined)
    .sort()
    .map((folder) => {
      const { name, version } = JSON.parse(fs.readFileSync(join(folder, 'package.json'), 'utf8'))
      const file = fs.readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
      if (file === undefined) throw new Error(`${name} is bundled, but has no licence file`)
      return `${name} ${version}\n\n${fs.readFileSync(join(folder, file), 'utf8').trim()}\n`
    })
    .join(`\n${'-'.repeat(80)}\n\n`)
}

function declareTypes() {
  const options = ['-p', 'src/tsconfig.json', '--listEmittedFiles']
  const { status, stdout, stderr } = spawnSync('tsc', options, { encoding: 'utf8', shell: true })
  for (const [, path] of stdout.matchAll(/^TSFILE: (.*)$/gm)) made.add(resolve(path))
  if (status !== 0) throw new Error(stdout + stderr)
}

/** Makes the library an ES module as well: one copy of its classes for `import` and `require`. */
function wrapLibrary() {
  const names = Object.keys(createRequire(import.meta.url)('./dist/index.js'))
  put('dist/index.mjs', `export { ${names.join(', ')} } from './index.js'\n`)
  put('dist/index.d.mts', "export * from './index.js'\n")
}

/** Replaces a file as a whole: a program may start from dist/ at this moment. */
function put(path, contents) {
  fs.writeFileSync(`.dist-${process.pid}`, contents)
  fs.renameSync(`.dist-${process.pid}`, path)
  made.add(resolve(path))
}

/** What an earlier build left behind must not be packed. */
function removeStale() {
  for (const entry of fs.readdirSync('dist', { recursive: true, withFileTypes: true })) {
    const path = resolve(entry.parentPath, entry.name)
    if (entry.isFile() && !made.has(path)) fs.rmSync(path, { force: true })
  }
}
