// Clients of @anycable/core, one for each URL. Arguments: the package.json beside whose node_modules they are, then URLs.
// What each client sees goes to standard output as lines of JSON (bench/anycable.py); the end of standard input ends all.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const RECONNECT_MS = 1000
const RETRY_MS = 250

const [packages, ...urls] = process.argv.slice(2)
const { resolve } = createRequire(packages)
const load = name => import(pathToFileURL(resolve(name)))
const { createCable, Channel } = await load('@anycable/core')
const { default: WebSocket } = await load('ws')

class NotificationsChannel extends Channel {
  static identifier = 'NotificationsChannel'
}

function start(url, client) {
  // The clock that Python's time.monotonic() reads.
  const tell = (what, more = {}) => {
    const time_s = Number(process.hrtime.bigint()) / 1e9
    process.stdout.write(JSON.stringify({ client, what, time_s, ...more }) + '\n')
  }
  const cable = createCable(url, {
    protocol: 'actioncable-v1-ext-json',
    websocketImplementation: WebSocket,
    logLevel: 'error',
    reconnectStrategy: attempts => (attempts ? RETRY_MS : RECONNECT_MS)
  })
  const channel = new NotificationsChannel()
  channel.on('connect', () => tell('confirmed'))
  channel.on('message', (message, meta) =>
    tell('received', { text: message.content.message, epoch: meta?.epoch ?? '', offset: meta?.offset ?? 0 }))
  channel.on('info', ({ type }) => type === 'history_not_found' && tell('rejected'))
  cable.on('disconnect', () => tell('ended'))
  cable.subscribe(channel)
}

urls.forEach(start)
process.stdin.on('end', () => process.exit(0)).resume()
