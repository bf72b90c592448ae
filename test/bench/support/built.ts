// Builds the benchmark's own programs, so that no loader runs in a process that is measured.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type Program, Program as Started } from './programs.ts'

const peers = fileURLToPath(new URL('../peers/', import.meta.url))
let directory: string | undefined

async function built(name: string): Promise<string> {
  if (directory === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'pynet-bench-'))
    process.once('exit', () => rmSync(made, { recursive: true, force: true }))
    directory = made
  }
  const outfile = join(directory, `${name}.cjs`)
  await build({
    entryPoints: [join(peers, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
  })
  return outfile
}

/** Builds a program of test/bench/peers; gives what starts it. */
export async function programOf(
  name: string,
): Promise<(args: readonly (string | number)[]) => Program> {
  const file = await built(name)
  return (args) => new Started(process.execPath, [file, ...args.map(String)], { keepOutput: true })
}
