/**
 * Where a request ends in the bytes of a connection, without parsing more of it than that takes.
 *
 * This must never disagree with Node's parser, which gets the same bytes: what one took for the end of a body and
 * the other for the middle of one would be request smuggling (RFC 9112, section 11.2). So only requests of one
 * plain form are understood: HTTP/1.1, fields of a name, a colon and a value without control characters, at most one
 * Content-Length of digits alone, a Host, without which Node reports no request, and nothing that changes the
 * framing or the connection. All others are `strange`, and are left to Node with everything that follows them.
 */
import { limits } from '../../domain/limits.js';

/**
 * `whole`: it ends at `end`. `body`: its head is there and says that it ends at `end`, which is yet to come.
 * `head`: its head is not complete.
 */
export type FrameShape = 'whole' | 'body' | 'head' | 'strange';

const HEAD_END = Buffer.from('\r\n\r\n');
const APPEND_LINE = /^POST \/consultations\/[0-9a-f-]{36}\/events HTTP\/1\.1\r\n/;
const REQUEST_LINE = /^(?:GET|HEAD|POST) \/[!-~]* HTTP\/1\.1\r\n/;
const PACKED = /\r\ncontent-encoding:/i;
const LENGTH_VALUE = /^[0-9]{1,7}$/;

const HORIZONTAL_TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const DELETE = 0x7f;

/** Which characters a field's name may have (RFC 9110, section 5.6.2). */
const IS_TOKEN: readonly boolean[] = Array.from({ length: 256 }, (_, code) =>
  /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(code)),
);

/** Reads frames one after another; the fields hold what the newest `read` found. */
export class FrameReader {
  /** Whether it is a POST of one event that is not packed, the only kind that is refused before it is parsed. */
  isAppend = false;
  bodyStart = 0;
  end = 0;

  /** Reads the request that begins at `start`. */
  read(bytes: Buffer, start: number): FrameShape {
    const headEnd = bytes.indexOf(HEAD_END, start);
    if (headEnd === -1) return bytes.length - start > limits.headerBytesMax ? 'strange' : 'head';
    const head = bytes.toString('latin1', start, headEnd + 2);
    this.isAppend = APPEND_LINE.test(head);
    if (!this.isAppend && !REQUEST_LINE.test(head)) return 'strange';
    const length = bodyLengthOf(head);
    if (length < 0) return 'strange';
    // What is packed has to be unpacked before its priority can be seen.
    if (PACKED.test(head)) this.isAppend = false;
    this.bodyStart = headEnd + HEAD_END.length;
    this.end = this.bodyStart + length;
    return this.end <= bytes.length ? 'whole' : 'body';
  }
}

/** The length of the body that a head announces; -1 if its form is not the plain one. */
function bodyLengthOf(head: string): number {
  let length = -1;
  let hasHost = false;
  for (let at = head.indexOf('\n') + 1; at < head.length; ) {
    const colon = endOfName(head, at);
    if (colon === at || head.charCodeAt(colon) !== COLON) return -1;
    const end = endOfValue(head, colon + 1);
    if (head.charCodeAt(end) !== CR || head.charCodeAt(end + 1) !== LF) return -1;
    const field = framingField(head, at, colon);
    if (field === 'host') hasHost = true;
    else if (field === 'content-length') {
      const value = head.slice(colon + 1, end).trim();
      if (length !== -1 || !LENGTH_VALUE.test(value)) return -1;
      length = Number(value);
    } else if (field === 'connection') {
      if (
        head
          .slice(colon + 1, end)
          .trim()
          .toLowerCase() !== 'keep-alive'
      )
        return -1;
    } else if (field !== undefined) return -1;
    at = end + 2;
  }
  return hasHost ? Math.max(length, 0) : -1;
}

function endOfName(head: string, start: number): number {
  let at = start;
  while (IS_TOKEN[head.charCodeAt(at)]) at += 1;
  return at;
}

function endOfValue(head: string, start: number): number {
  for (let at = start; ; at += 1) {
    const code = head.charCodeAt(at);
    const isText = (code >= SPACE && code !== DELETE) || code === HORIZONTAL_TAB;
    if (!isText) return at;
  }
}

const FRAMING_FIELDS: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'connection',
  'transfer-encoding',
  'expect',
  'upgrade',
  'proxy-connection',
  'keep-alive',
  'trailer',
  'te',
]);
const FRAMING_LENGTHS: ReadonlySet<number> = new Set([...FRAMING_FIELDS].map(({ length }) => length));

/** The name of a field that is looked at, in lower case. */
function framingField(head: string, start: number, end: number): string | undefined {
  if (!FRAMING_LENGTHS.has(end - start)) return undefined;
  const name = head.slice(start, end).toLowerCase();
  return FRAMING_FIELDS.has(name) ? name : undefined;
}
