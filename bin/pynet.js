#!/usr/bin/env node
// Node.js 22 and later keep the compiled code from one start to the next.
require('node:module').enableCompileCache?.()
require('../dist/cli.cjs')
