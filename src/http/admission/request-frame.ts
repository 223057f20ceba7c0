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

const APPEND_START = Buffer.from('POST /consultations/');
const ID_BYTES = 36;
const APPEND_ENDS = ['/events HTTP/1.1\r\n', '/events/batch HTTP/1.1\r\n'].map((text) => Buffer.from(text));
const OTHER_LINE = /^(?:GET|HEAD|POST) \/[!-~]* HTTP\/1\.1$/;

const HORIZONTAL_TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const DELETE = 0x7f;
/** The bit that makes a letter a lower-case one. */
const LOWER = 0x20;

/** Which characters a field's name may have (RFC 9110, section 5.6.2), and which its value. */
const IS_NAME = tableOf((code) => /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(code)));
const IS_VALUE = tableOf((code) => (code >= SPACE && code !== DELETE) || code === HORIZONTAL_TAB);
const IS_ID = tableOf((code) => /[0-9a-f-]/.test(String.fromCharCode(code)));

function tableOf(isIn: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (isIn(code) ? 1 : 0));
}

const HOST = Buffer.from('host');
const CONTENT_LENGTH = Buffer.from('content-length');
const CONTENT_ENCODING = Buffer.from('content-encoding');
const CONNECTION = Buffer.from('connection');
/** Fields that no plain request has. */
const STRANGE_FIELDS: readonly Buffer[] = [
  'transfer-encoding',
  'expect',
  'upgrade',
  'proxy-connection',
  'keep-alive',
  'trailer',
  'te',
].map((name) => Buffer.from(name));
const LENGTH_VALUE = /^[0-9]{1,7}$/;
const NONE = -1;

/** Reads frames one after another; the public fields hold what the newest `read` found. */
export class FrameReader {
  /** Whether it is a POST of an event or a batch that is not packed, the only kind that is refused before it is parsed. */
  isAppend = false;
  bodyStart = 0;
  end = 0;
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;
  private bodyLength = NONE;
  private hasHost = false;

  /** Reads the request that begins at `start`. */
  read(bytes: Buffer, start: number): FrameShape {
    this.bytes = bytes;
    this.at = start;
    this.bodyLength = NONE;
    this.hasHost = false;
    const shape = this.readHead();
    if (shape === 'head' && bytes.length - start > limits.headerBytesMax) return 'strange';
    if (shape !== 'whole') return shape;
    if (!this.hasHost) return 'strange';
    this.bodyStart = this.at;
    this.end = this.at + Math.max(this.bodyLength, 0);
    return this.end <= bytes.length ? 'whole' : 'body';
  }

  /** `whole` if the head is, and of the plain form; `at` is then behind it. */
  private readHead(): 'whole' | 'head' | 'strange' {
    const { bytes } = this;
    let shape = this.readRequestLine();
    while (shape === 'whole' && bytes[this.at] !== CR) shape = this.readField();
    return shape === 'whole' ? this.readLineEnd() : shape;
  }

  private readRequestLine(): 'whole' | 'head' | 'strange' {
    const { bytes, at } = this;
    let end = at + APPEND_START.length;
    while (IS_ID[bytes[end] as number] === 1) end += 1;
    const isId = end - at - APPEND_START.length === ID_BYTES;
    const appendEnd =
      isId && isHere(bytes, at, APPEND_START)
        ? APPEND_ENDS.find((text) => isHere(bytes, end, text))
        : undefined;
    this.isAppend = appendEnd !== undefined;
    if (appendEnd !== undefined) {
      this.at = end + appendEnd.length;
      return 'whole';
    }
    end = bytes.indexOf(LF, at);
    if (end === -1) return 'head';
    this.at = end - 1;
    return OTHER_LINE.test(bytes.toString('latin1', at, end - 1)) ? this.readLineEnd() : 'strange';
  }

  private readField(): 'whole' | 'head' | 'strange' {
    const { bytes, at: start } = this;
    let colon = start;
    while (IS_NAME[bytes[colon] as number] === 1) colon += 1;
    if (colon === bytes.length) return 'head';
    if (colon === start || bytes[colon] !== COLON) return 'strange';
    let end = colon + 1;
    while (IS_VALUE[bytes[end] as number] === 1) end += 1;
    this.at = end;
    const shape = this.readLineEnd();
    return shape === 'whole' && !this.takeField(start, colon, end) ? 'strange' : shape;
  }

  private readLineEnd(): 'whole' | 'head' | 'strange' {
    const { bytes, at } = this;
    if (at + 1 >= bytes.length) return at < bytes.length && bytes[at] !== CR ? 'strange' : 'head';
    this.at += 2;
    return bytes[at] === CR && bytes[at + 1] === LF ? 'whole' : 'strange';
  }

  /** Notes what a field says of the frame; false if no plain request says that. */
  private takeField(start: number, colon: number, end: number): boolean {
    const { bytes } = this;
    const isNamed = (name: Buffer): boolean => colon - start === name.length && isName(bytes, start, name);
    if (isNamed(CONTENT_LENGTH)) {
      const value = bytes.toString('latin1', colon + 1, end).trim();
      if (this.bodyLength !== NONE || !LENGTH_VALUE.test(value)) return false;
      this.bodyLength = Number(value);
    } else if (isNamed(HOST)) this.hasHost = true;
    // What is packed has to be unpacked before its priority can be seen.
    else if (isNamed(CONTENT_ENCODING)) this.isAppend = false;
    else if (isNamed(CONNECTION)) {
      return (
        bytes
          .toString('latin1', colon + 1, end)
          .trim()
          .toLowerCase() === 'keep-alive'
      );
    } else return !STRANGE_FIELDS.some(isNamed);
    return true;
  }
}

function isHere(bytes: Buffer, at: number, text: Buffer): boolean {
  for (let index = 0; index < text.length; index += 1) if (bytes[at + index] !== text[index]) return false;
  return true;
}

/** Whether a name, of token characters, stands there in any case. */
function isName(bytes: Buffer, at: number, name: Buffer): boolean {
  for (let index = 0; index < name.length; index += 1) {
    if (((bytes[at + index] as number) | LOWER) !== name[index]) return false;
  }
  return true;
}
