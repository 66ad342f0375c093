/** The REST API: one function to ask, one to tell, and one kind of error. */

const WAIT_MS = 30_000;
const MEDIA_WAIT_MS = 180_000; // a picture over a slow line

/**
 * Why a request failed. `kind`: 'unreachable' (no answer: try again later), 'busy' (the server asks to try later),
 * 'account-gone', 'wrong-password', 'name-taken', 'not-allowed', 'not-found', 'insecure', 'refused' (the rest).
 * `message` is a sentence for people.
 */
export class ApiError extends Error {
  constructor(kind, message, status = 0) {
    super(message);
    this.name = "ApiError";
    this.kind = kind;
    this.status = status;
  }

  /** Whether the same request may succeed later. */
  get isTemporary() {
    return this.kind === "unreachable" || this.kind === "busy";
  }
}

const KIND_OF_CODE = {
  account_id_invalid: "account-gone",
  wrong_login: "wrong-password",
  user_exists: "name-taken",
  username_not_allowed: "not-allowed",
};

const SENTENCES = {
  unreachable: "The server cannot be reached. It is tried again by itself.",
  busy: "The server is busy. Please try again in a moment.",
  "account-gone": "This account does not exist any more.",
  "wrong-password": "The user name or the password is wrong.",
  "name-taken": "This user name is taken.",
  "not-allowed": "This server does not let this name sign up.",
};

export class Api {
  /** @param {string | null} accountId null before log in */
  constructor(accountId = null) {
    this.accountId = accountId;
  }

  /** The address of a path below /api/v1, with the account. */
  url(path, query = {}) {
    const url = new URL(`/api/v1${path}`, location.origin);
    const all = this.accountId === null ? query : { account_id: this.accountId, ...query };
    for (const [name, value] of Object.entries(all)) {
      if (value !== null && value !== undefined) url.searchParams.set(name, value);
    }
    return url.href;
  }

  /** The JSON of a GET. Throws `ApiError`. */
  async get(path, query = {}, { signal } = {}) {
    return this.#fetch(this.url(path, query), { signal }, path.startsWith("/media/") ? MEDIA_WAIT_MS : WAIT_MS);
  }

  /** The JSON reply of a POST. Throws `ApiError`. */
  async post(path, { query = {}, body } = {}) {
    const options = { method: "POST" };
    if (body !== undefined) {
      options.headers = { "Content-Type": "application/json" };
      options.body = JSON.stringify(body);
    }
    return this.#fetch(this.url(path, query), options, path.startsWith("/media/") ? MEDIA_WAIT_MS : WAIT_MS);
  }

  /** A POST that outlives the page, for when it is being closed. Nobody hears of its end. */
  postAtTheEnd(path, query = {}) {
    fetch(this.url(path, query), { method: "POST", keepalive: true }).catch(() => {});
  }

  async #fetch(url, options, waitMs) {
    const signals = [AbortSignal.timeout(waitMs)];
    if (options.signal) signals.push(options.signal);
    let response;
    let body;
    try {
      response = await fetch(url, {
        ...options,
        signal: AbortSignal.any(signals),
        cache: "no-store",
      });
      body = await response.text();
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new ApiError("unreachable", SENTENCES.unreachable);
    }
    if (response.ok) return parse(body);
    throw refusal(response.status, parse(body));
  }
}

function parse(body) {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}

function refusal(status, { code, error }) {
  let kind = KIND_OF_CODE[code] ?? (status === 404 ? "not-found" : "refused");
  if (status === 429 || status >= 500) kind = status === 501 ? "refused" : "busy";
  const detail = typeof error === "string" ? error : `status ${status}`;
  return new ApiError(kind, SENTENCES[kind] ?? `The server refused: ${detail}.`, status);
}
