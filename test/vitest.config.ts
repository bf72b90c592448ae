// How the tests run: real sockets and real processes, so generous limits and no retries.
import { defineConfig } from 'vitest/config'
import { findPython } from './support/find-python.ts'

// Every Node.js that starts reads these certificates, which takes twice as long as its own start.
delete process.env.NODE_EXTRA_CA_CERTS

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    env: { PYNET_TEST_PYTHON: findPython() },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    retry: 0,
    // much of the time is spent waiting: for processes to start, for closes to time out
    maxWorkers: 4,
    // each file would load the sources anew, for a fifth of the time of the whole
    isolate: false,
  },
})
