// Follows an account's stream with @anycable/core, which resumes by itself, and tells on standard output what happens, a JSON
// object a line: `frame` is what came over the socket, `connected`, `disconnected`, `received` and `info` are what the library
// made of it.
//
//     node anycable_core.mjs ws://127.0.0.1:5050/stream?account_id=...

import { Channel, createCable } from "@anycable/core"
import WebSocket from "ws"

const tell = (event, value = null) => console.log(JSON.stringify({ [event]: value }))

class Told extends WebSocket {
  constructor(url, protocols, options) {
    super(url, protocols, options)
    this.addEventListener("message", ({ data }) => tell("frame", data))
  }
}

class NotificationsChannel extends Channel {
  static identifier = "NotificationsChannel"
}

const cable = createCable(process.argv[2], {
  protocol: "actioncable-v1-ext-json",
  websocketImplementation: Told,
  logLevel: "error",
  reconnectStrategy: () => 200,
})
const channel = new NotificationsChannel()
channel.on("connect", ({ reconnect, restored }) => tell("connected", { reconnect, restored }))
cable.on("disconnect", () => tell("disconnected"))
channel.on("message", (message) => tell("received", message))
channel.on("info", (info) => tell("info", info))
cable.subscribe(channel)
