// Follows an account's stream with @rails/actioncable and tells on standard output what happens, a JSON object a line:
// `frame` is what came over the socket, `connected`, `disconnected`, `rejected` and `received` are what the library made of it.
//
//     node rails_actioncable.mjs ws://127.0.0.1:5050/stream?account_id=... [channel]

import ActionCable from "@rails/actioncable"

const tell = (event, value = null) => console.log(JSON.stringify({ [event]: value }))

// What the library expects of a browser and Node does not have: a page that may be shown and hidden.
globalThis.document = { visibilityState: "visible" }
globalThis.addEventListener = globalThis.removeEventListener = () => {}

ActionCable.adapters.WebSocket = class extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols)
    this.addEventListener("message", ({ data }) => tell("frame", data))
  }
}

const [url, channel = "NotificationsChannel"] = process.argv.slice(2)
ActionCable.createConsumer(url).subscriptions.create(channel, {
  connected: (how) => tell("connected", how),
  disconnected: (how) => tell("disconnected", how),
  rejected: () => tell("rejected"),
  received: (message) => tell("received", message),
})
