/**
 * What was done here and is not on the server yet: a queue in the database, shared by all tabs, sent in order.
 *
 * A job is
 *     {seq, requests: [{path, query?, body?, media?}], changes, messageId?, starts?, coalesce?, notBefore?, hides?, action,
 *      done, failures, state: 'waiting' | 'failed', error?}
 * Its requests may be repeated without harm, as they name the rows they add: who loses an answer sends again. `changes` are
 * how the rows look until the server says so too. `media` puts the file with this id into the body. `starts` is true for a
 * message that begins a conversation.
 *
 * One tab at a time sends, under a lock that the browser gives to the next one when a tab ends.
 */

const LOCK = "heartline-outbox";
const CHANNEL = "heartline";
const REFUSALS_OF_A_BUSY_SERVER = 8; // then the job has failed: a server error of its own must not stop all others
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** Events: `change`; `done` {job}; `failed` {job, error}; `account-gone`. */
export class Outbox extends EventTarget {
  #database;
  #api;
  #channel = new BroadcastChannel(`${CHANNEL}-outbox`);
  #timer = null;
  #pauseMs = FIRST_PAUSE_MS;
  #stopped = false;
  #own = new Set(); // jobs of this tab

  constructor(database, api) {
    super();
    this.#database = database;
    this.#api = api;
    /** Jobs in the order in which they go out. @type {object[]} */
    this.jobs = [];
    this.#channel.onmessage = ({ data }) => this.#hear(data);
  }

  async load() {
    this.jobs = await this.#database.jobs();
    this.dispatchEvent(new Event("change"));
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#channel.close();
  }

  /** Jobs that have not failed. */
  get waiting() {
    return this.jobs.filter((job) => job.state === "waiting");
  }

  /** The job that sends a message, or undefined. */
  ofMessage(messageId) {
    return this.jobs.find((job) => job.messageId === messageId);
  }

  /** Whether a job that a newer one would replace is still on its way. */
  isSaving(coalesce) {
    return this.jobs.some((job) => job.coalesce === coalesce && job.state === "waiting");
  }

  /** Put a job at the end; `send` is next. Earlier waiting jobs with the same `coalesce` become pointless. */
  async add(job) {
    const full = { changes: [], done: 0, failures: 0, state: "waiting", ...job };
    const replaced = this.jobs.filter((other) => full.coalesce && other.coalesce === full.coalesce && !other.done);
    full.seq = await this.#database.putJob(full, full.changes.filter(({ noun }) => noun));
    this.#own.add(full.seq);
    for (const other of replaced) await this.#database.removeJob(other.seq);
    this.jobs = [...this.jobs.filter((other) => !replaced.includes(other)), full];
    this.#tell();
    return full;
  }

  /** Take a job back that has not begun. */
  async cancel(seq) {
    await this.#database.removeJob(seq);
    await this.load();
    this.#tell();
  }

  /** Put a failed job at the end again. */
  async retry(job) {
    const { seq, error, ...again } = job;
    await this.#database.removeJob(seq);
    this.jobs = this.jobs.filter((other) => other !== job);
    return this.add({ ...again, failures: 0, state: "waiting" });
  }

  /** Send what waits, as far as possible, in this tab or in the one that is about it. */
  async send() {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    try {
      await navigator.locks.request(LOCK, () => this.#drain());
      this.#pauseMs = FIRST_PAUSE_MS;
    } catch (error) {
      if (this.#stopped) return;
      this.#timer = setTimeout(() => this.send(), this.#pauseMs * (0.5 + Math.random()));
      this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
      if (error.isTemporary !== true) throw error;
    }
  }

  /** The network is back. */
  sendNow() {
    this.#pauseMs = FIRST_PAUSE_MS;
    return this.send();
  }

  /** The page ends: do what was only put off, such as a deletion that could have been undone. */
  finish() {
    for (const job of this.waiting.filter(({ seq, notBefore }) => this.#own.has(seq) && notBefore > Date.now())) {
      for (const { path, query } of job.requests) this.#api.postAtTheEnd(path, query);
    }
  }

  async #drain() {
    for (;;) {
      if (this.#stopped) return;
      const waiting = (await this.#database.jobs()).filter(({ state }) => state === "waiting");
      const now = Date.now();
      const job = waiting.find(({ notBefore = 0 }) => notBefore <= now);
      if (!job) {
        this.#wakeFor(waiting);
        return;
      }
      await this.#sendJob(job);
    }
  }

  #wakeFor(waiting) {
    if (waiting.length === 0) return;
    const dueMs = Math.min(...waiting.map(({ notBefore }) => notBefore));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.send(), Math.max(0, dueMs - Date.now()));
  }

  async #sendJob(job) {
    try {
      while (job.done < job.requests.length) {
        await this.#post(job.requests[job.done]);
        job.done += 1;
        if (job.done < job.requests.length) await this.#database.putJob(job);
      }
    } catch (error) {
      await this.#refused(job, error);
      return;
    }
    await this.#database.removeJob(job.seq);
    this.#forget(job);
    this.#tell({ done: job });
    this.dispatchEvent(new CustomEvent("done", { detail: { job } }));
  }

  async #post({ path, query, body, media }) {
    const full = media === undefined ? body : { message_id: media, data: await this.#database.media(media) };
    await this.#api.post(path, { query, body: full });
  }

  async #refused(job, error) {
    if (error.kind === "account-gone") {
      this.dispatchEvent(new Event("account-gone"));
      this.stop();
      throw error;
    }
    const isHopeless = error.kind === "busy" && error.status !== 429 && job.failures >= REFUSALS_OF_A_BUSY_SERVER;
    if (error.isTemporary && !isHopeless) {
      if (error.kind === "busy") await this.#database.putJob({ ...job, failures: job.failures + 1 });
      throw error;
    }
    const failed = { ...job, state: "failed", error: error.message };
    // A message that failed stays, to be sent again; of anything else there is nothing to keep.
    if (job.messageId === undefined) await this.#database.removeJob(job.seq);
    else await this.#database.putJob(failed);
    await this.load();
    this.#tell({ failed, error: error.message });
    this.dispatchEvent(new CustomEvent("failed", { detail: { job: failed, error } }));
  }

  #forget(job) {
    this.jobs = this.jobs.filter(({ seq }) => seq !== job.seq);
    this.dispatchEvent(new Event("change"));
  }

  #tell(news = {}) {
    this.dispatchEvent(new Event("change"));
    if (!this.#stopped) this.#channel.postMessage(news);
  }

  /** Another tab changed the queue. */
  async #hear({ done, failed, error }) {
    await this.load();
    if (done) this.dispatchEvent(new CustomEvent("done", { detail: { job: done } }));
    if (failed) this.dispatchEvent(new CustomEvent("failed", { detail: { job: failed, error: new Error(error) } }));
  }
}
