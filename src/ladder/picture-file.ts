// Writes a picture to its file, as a whole or not at all, and never over what it is drawn from.
import { randomBytes } from 'node:crypto'
import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { codeOf, reasonOf } from '../socket/index.ts'

const TOKEN_BYTES = 6

/** Returns which of the inputs is the output itself, by whatever path or link it is named. */
export async function inputThatIs(
  output: string,
  inputs: readonly string[],
): Promise<string | undefined> {
  const target = await identityOf(output)
  if (target === undefined) return undefined
  const identities = await Promise.all(inputs.map(identityOf))
  const index = identities.indexOf(target)
  return index < 0 ? undefined : inputs[index]
}

/** The same for every name of a file; undefined where there is none. */
async function identityOf(path: string): Promise<string | undefined> {
  const stats = await stat(path, { bigint: true }).catch(() => undefined)
  return stats && `${stats.dev} ${stats.ino}`
}

/**
 * Writes the text to the file. An old file stays as it is until the new one is complete; then it is
 * replaced in one step. Rejects with an error for the user, with the operating system's code, that
 * says `name`, and leaves nothing behind.
 */
export async function replaceFile(path: string, text: string, name = path): Promise<void> {
  await replace(path, text).catch((error) => {
    throw fileError(`cannot write ${name}`, error)
  })
}

/** Returns an error about a file that the user named: one line, for whom the stack is of no use. */
export function fileError(what: string, cause: unknown): Error {
  return Object.assign(new Error(`${what}: ${reasonOf(cause)}`, { cause }), { code: codeOf(cause) })
}

async function replace(path: string, text: string): Promise<void> {
  const old = await stat(path).catch(() => undefined)
  // A pipe or a device is written to, not replaced.
  if (old !== undefined && !old.isFile()) {
    await writeFile(path, text)
    return
  }
  const target = old === undefined ? path : await realpath(path)
  const token = randomBytes(TOKEN_BYTES).toString('hex')
  const draft = join(dirname(target), `.${basename(target)}.${token}`)
  try {
    await writeFile(draft, text, { flag: 'wx', ...(old && { mode: old.mode }) })
    await rename(draft, target)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}
