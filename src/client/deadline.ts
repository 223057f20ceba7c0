/** Ends what is under way: when the caller says so, or when it takes too long. */
import { ConsultError } from './consult-error.js';

/** Holds a timer and a listener until it is closed. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #abort = (): void => this.#controller.abort(this.#outer?.reason);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(outer?: AbortSignal) {
    this.#outer = outer;
    if (outer?.aborted) this.#abort();
    outer?.addEventListener('abort', this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Gives what `work` comes to, which is aborted with TIMED_OUT after so many milliseconds. */
  async within<T>(ms: number, work: () => Promise<T>): Promise<T> {
    const late = new ConsultError('TIMED_OUT', 0, `Nothing came within ${ms} ms.`);
    this.#timer = setTimeout(() => this.#controller.abort(late), ms);
    try {
      return await work();
    } finally {
      clearTimeout(this.#timer);
    }
  }

  /** Also ends whatever still goes on with its signal. */
  close(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#abort);
    this.#controller.abort();
  }
}
