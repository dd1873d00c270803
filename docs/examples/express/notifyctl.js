// Hands orders over to notifyctl. One request is repeated until it was answered: it carries the same Idempotency-Key each
// time, so that whatever was lost on the way, the order is taken in once.

const TRIES = 5;
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 5_000;
const TIMEOUT_MS = 3_000;

/** What notifyctl answered, where that is final: the request is wrong, and trying again would not help. */
export class Refused extends Error {
  constructor(status, problem) {
    super(`notifyctl refused it (${status}): ${problem.detail ?? "no reason was given"}`);
    this.status = status;
    this.problem = problem; // RFC 9457; problem.errors says where each fault is, as JSON pointers
  }
}

export class Notifyctl {
  constructor({ url, token, wait = (ms) => new Promise((done) => setTimeout(done, ms)) }) {
    this.url = url;
    this.token = token;
    this.wait = wait;
  }

  /** Hand over an order, in the format of docs/reference/order-format.md; returns what will be sent, and what not. */
  async takeOrder(order, { key }) {
    return this.#post("/api/orders", order, key);
  }

  async #post(path, body, key) {
    let trouble;
    for (let number = 0; number < TRIES; number += 1) {
      if (number > 0) await this.wait(delayMs(number, trouble));
      trouble = await this.#attempt(path, body, key);
      if (trouble.answer) return trouble.answer;
    }
    throw new Error(`notifyctl could not be reached: ${trouble.reason}`);
  }

  /** One request: its answer, or why it is worth another try. */
  async #attempt(path, body, key) {
    let response;
    try {
      response = await fetch(this.url + path, {
        method: "POST",
        headers: {
          authorization: `Bearer ${this.token}`,
          "content-type": "application/json",
          "idempotency-key": key,
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (response.ok) return { answer: await response.json() };
    } catch (error) {
      return { reason: error.cause?.code ?? error.name }; // refused, reset, or no answer in time
    }
    const passing = response.status >= 500 || [408, 409, 429].includes(response.status);
    const problem = await response.json().catch(() => ({}));
    if (!passing) throw new Refused(response.status, problem);
    return { reason: `it answered ${response.status}`, retryAfterS: Number(response.headers.get("retry-after")) };
  }
}

/** Twice as long each time, and no two shops at the same moment; at least as long as notifyctl asks for. */
function delayMs(number, { retryAfterS }) {
  const backoff = Math.min(FIRST_DELAY_MS * 2 ** (number - 1), LONGEST_DELAY_MS);
  return Math.max(backoff * (0.5 + Math.random() / 2), (retryAfterS || 0) * 1_000);
}
