// The stream over `ws` and Node's HTTP server, as its documentation writes it. Prints the port that it listens on.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { CONFIRM, event, ping, SLOT_MS, SLOTS, WELCOME } from './frames.mjs'

const accounts = new Map()
const slots = Array.from({ length: SLOTS }, () => new Set())
let next = 0

const server = createServer((request, response) => {
  const account = new URL(request.url, 'http://localhost').searchParams.get('account_id')
  const parts = []
  request.on('data', part => parts.push(part))
  request.on('end', () => {
    const frame = event(Buffer.concat(parts).toString())
    for (const socket of accounts.get(account) ?? []) socket.send(frame)
    response.end('{}')
  })
})
const sockets = new WebSocketServer({ server, perMessageDeflate: false })

sockets.on('connection', (socket, request) => {
  const account = new URL(request.url, 'http://localhost').searchParams.get('account_id')
  const slot = slots[next++ % SLOTS]
  slot.add(socket)
  socket.on('message', () => {
    if (!accounts.has(account)) accounts.set(account, new Set())
    accounts.get(account).add(socket)
    socket.send(CONFIRM)
  })
  socket.on('close', () => {
    slot.delete(socket)
    accounts.get(account)?.delete(socket)
  })
  socket.send(WELCOME)
})

let turn = 0
setInterval(() => {
  const frame = ping()
  for (const socket of slots[turn++ % SLOTS]) socket.send(frame)
}, SLOT_MS)

server.listen(0, '127.0.0.1', 4096, () => console.log(server.address().port))
