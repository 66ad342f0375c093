// The stream over uWebSockets (C++) under Node; its topics deliver the events. Prints the port that it listens on.
import uWS from 'uwebsockets'
import { CONFIRM, event, ping, SLOT_MS, SLOTS, WELCOME } from './frames.mjs'

const slots = Array.from({ length: SLOTS }, () => new Set())
let next = 0

const app = uWS.App()
app.ws('/*', {
  idleTimeout: 0,
  sendPingsAutomatically: false,
  compression: uWS.DISABLED,
  upgrade: (response, request, context) => {
    response.upgrade(
      { account: request.getQuery('account_id'), slot: null },
      request.getHeader('sec-websocket-key'),
      request.getHeader('sec-websocket-protocol'),
      request.getHeader('sec-websocket-extensions'),
      context
    )
  },
  open: socket => {
    socket.getUserData().slot = slots[next++ % SLOTS].add(socket)
    socket.send(WELCOME)
  },
  message: socket => {
    socket.subscribe(socket.getUserData().account)
    socket.send(CONFIRM)
  },
  close: socket => socket.getUserData().slot.delete(socket)
})
app.post('/publish', (response, request) => {
  const account = request.getQuery('account_id')
  let body = ''
  response.onAborted(() => {})
  response.onData((part, last) => {
    body += Buffer.from(part).toString()
    if (last) {
      app.publish(account, event(body))
      response.end('{}')
    }
  })
})

let turn = 0
setInterval(() => {
  const frame = ping()
  for (const socket of slots[turn++ % SLOTS]) socket.send(frame)
}, SLOT_MS)

app.listen('127.0.0.1', 0, listener => console.log(uWS.us_socket_local_port(listener)))
