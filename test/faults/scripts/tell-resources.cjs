// Loaded into a server before it starts: at SIGUSR2 it writes what still keeps its event loop busy.
const { renameSync, writeFileSync } = require('node:fs')

process.on('SIGUSR2', () => {
  const path = process.env.RESOURCES_FILE
  // Whoever waits for the file finds it whole.
  writeFileSync(`${path}.new`, JSON.stringify(process.getActiveResourcesInfo()))
  renameSync(`${path}.new`, path)
})
