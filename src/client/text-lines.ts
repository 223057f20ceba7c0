/** The lines of an answer that comes bit by bit. */

/**
 * Gives each whole line, without its end. What stands after the last end is dropped: it was cut short. `read` may
 * watch over each read, which it is given.
 */
export async function* textLines(
  body: ReadableStream<Uint8Array>,
  read: <T>(next: () => Promise<T>) => Promise<T> = (next) => next(),
): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await read(() => reader.read());
      if (done) return;
      const parts = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) yield part.endsWith('\r') ? part.slice(0, -1) : part;
    }
  } finally {
    // Whoever stops early wants nothing more to be sent; what is broken already need not be told.
    await reader.cancel().catch(() => undefined);
  }
}
