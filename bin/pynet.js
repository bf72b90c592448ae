#!/usr/bin/env node
const { existsSync } = require('node:fs')
const { join } = require('node:path')

const build = join(__dirname, '../dist/start.js')
if (existsSync(build)) require(build)
else {
  process.stderr.write('pynet: not built yet: run "npm ci" in the clone first\n')
  process.exitCode = 1
}
