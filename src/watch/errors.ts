// Why a program cannot be watched, or not be started.

const EXIT_FAILURE = 1

/** One line for the user, and the exit code; `code` is the system's, or ERR_NOT_TRACEABLE. */
export class WatchError extends Error {
  override readonly name = 'WatchError'
  readonly code: string
  readonly exitCode: number

  constructor(message: string, code = 'ERR_NOT_TRACEABLE', exitCode = EXIT_FAILURE) {
    super(message)
    this.code = code
    this.exitCode = exitCode
  }
}
