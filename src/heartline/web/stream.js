/**
 * The live connection: Action Cable's extended protocol, which resumes.
 *
 *     connect -> welcome -> subscribe (with our position) -> confirmed -> events ...
 *
 * A position is a place (epoch, offset) in the account's log. Who has one asks for what follows it: 'resumed' when all of
 * that has come, 'lost' when some of it is gone. Without one the stream is 'subscribed', from now on.
 */

const SUBPROTOCOL = "actioncable-v1-ext-json";
const IDENTIFIER = JSON.stringify({ channel: "NotificationsChannel" });
const STREAM = "notifications";

const SILENCE_MS = 10_000; // the server pings every 3 s
const WAKING_SILENCE_MS = 5_000; // when the page comes back to life, two missed pings are enough
const WATCH_MS = 2_000;
const OPENING_MS = 10_000; // from dialling to the answer about our position
const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 10_000;
const ATTEMPTS_UNTIL_OFFLINE = 3;

/**
 * Events: `operation` {operation, content, epoch, offset, replayed}, `subscribed`, `resumed`, `lost`, `refused` (there is
 * no such account), `state` {state: 'connecting' | 'open' | 'offline'}.
 */
export class Stream extends EventTarget {
  #url;
  #socket = null;
  #retry = null;
  #watch = null;
  #attempts = 0;
  #heardMs = 0;
  #openingSinceMs = 0;
  #answered = false;
  #stopped = true;
  #wake = () => this.#wakeUp();
  #sleep = () => this.#setState("offline");

  /**
   * @param {string} accountId
   * @param {{epoch: string, offset: number} | null} position from where to go on
   */
  constructor(accountId, position) {
    super();
    const url = new URL("/api/v1/stream", location.origin);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("account_id", accountId);
    this.#url = url.href;
    /** The place up to which every operation was handed out. */
    this.position = position;
    this.state = "connecting";
  }

  start() {
    this.#stopped = false;
    this.#watch = setInterval(() => this.#checkSilence(SILENCE_MS), WATCH_MS);
    globalThis.addEventListener("online", this.#wake);
    globalThis.addEventListener("pageshow", this.#wake);
    globalThis.addEventListener("focus", this.#wake);
    globalThis.addEventListener("offline", this.#sleep);
    document.addEventListener("visibilitychange", this.#wake);
    this.#connect();
  }

  stop() {
    this.#stopped = true;
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    globalThis.removeEventListener("online", this.#wake);
    globalThis.removeEventListener("pageshow", this.#wake);
    globalThis.removeEventListener("focus", this.#wake);
    globalThis.removeEventListener("offline", this.#sleep);
    document.removeEventListener("visibilitychange", this.#wake);
    this.#drop();
  }

  /** Try now instead of when the pause is over; a connection that works stays. */
  reconnect() {
    if (this.#stopped || this.#answered) return;
    this.#attempts = 0;
    this.#connect();
  }

  /** The lists were fetched: ask for what followed this place, also for what was handed out since. */
  goOnFrom(position) {
    this.position = position;
    this.#answered = false;
    this.#openingSinceMs = Date.now();
    if (this.#socket?.readyState === WebSocket.OPEN) this.#command("history");
  }

  #connect() {
    clearTimeout(this.#retry);
    this.#drop();
    if (this.state !== "offline") this.#setState("connecting");
    this.#openingSinceMs = this.#heardMs = Date.now();
    const socket = new WebSocket(this.#url, SUBPROTOCOL);
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) this.#receive(JSON.parse(data));
    };
    socket.onclose = () => {
      if (socket === this.#socket) this.#retryLater();
    };
  }

  #receive(frame) {
    this.#heardMs = Date.now();
    if (this.#answered) this.#setState("open"); // whatever the browser thinks of the network
    switch (frame.type) {
      case undefined:
        this.#handOut(frame);
        break;
      case "welcome":
        this.#command("subscribe");
        break;
      case "confirm_subscription":
        if (this.position === null) this.#answer("subscribed");
        break;
      case "confirm_history":
        this.#answer("resumed");
        break;
      case "reject_history":
        this.#lose();
        break;
      case "disconnect":
        if (frame.reconnect === false) {
          this.stop();
          this.dispatchEvent(new Event("refused"));
        }
        break;
      default: // a ping
    }
  }

  #command(name) {
    const command = { command: name, identifier: IDENTIFIER };
    if (this.position !== null) command.history = { streams: { [STREAM]: this.position } };
    this.#socket.send(JSON.stringify(command));
  }

  #handOut({ message, epoch, offset }) {
    if (this.position !== null) {
      if (epoch !== this.position.epoch) this.#lose();
      else if (offset <= this.position.offset) return; // had that
      else if (offset > this.position.offset + 1) {
        this.#connect(); // something is missing: ask for it
        return;
      }
    }
    this.#openingSinceMs = Date.now(); // a long replay is progress
    const replayed = !this.#answered;
    this.position = { epoch, offset };
    const { operation, content } = message;
    this.dispatchEvent(new CustomEvent("operation", { detail: { operation, content, epoch, offset, replayed } }));
  }

  #lose() {
    this.position = null;
    this.#answer("lost");
  }

  #answer(event) {
    this.#answered = true;
    this.#attempts = 0;
    this.dispatchEvent(new Event(event));
    this.#setState("open");
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#answered = false;
    socket?.close();
  }

  #retryLater() {
    this.#drop();
    if (this.#stopped) return;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#attempts, LONGEST_PAUSE_MS);
    this.#attempts += 1;
    this.#setState(this.#attempts >= ATTEMPTS_UNTIL_OFFLINE ? "offline" : "connecting");
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), pause * (0.5 + Math.random()));
  }

  #checkSilence(silenceMs) {
    if (this.#socket === null) return;
    const now = Date.now();
    if (now - this.#heardMs > silenceMs || (!this.#answered && now - this.#openingSinceMs > OPENING_MS)) {
      this.#retryLater();
    }
  }

  /** The page was asleep, or the network is back: the connection may be dead without saying so. */
  #wakeUp() {
    if (this.#stopped || document.visibilityState === "hidden") return;
    if (this.#socket === null || Date.now() - this.#heardMs > WAKING_SILENCE_MS) {
      this.#attempts = 0;
      this.#connect();
    }
  }

  #setState(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: { state } }));
  }
}
