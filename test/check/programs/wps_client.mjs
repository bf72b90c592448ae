// Asks for w or ps and prints what comes back. usage: wps_client.mjs host port w|ps
import { connect } from 'node:net'

const [host, port, command] = process.argv.slice(2)
const server = connect(Number(port), host)
server.on('connect', () => server.write(command))
server.on('data', (chunk) => process.stdout.write(chunk))
server.on('error', () => process.exit(1))
