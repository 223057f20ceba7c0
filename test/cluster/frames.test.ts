import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import { type Frame, FrameReader, FrameWriter, MalformedFrame } from '../../src/cluster/frames.js';
import { integerBetween, seededRandom } from '../../src/domain/seeded-random.js';
import { testSeed } from '../domain/test-seed.js';

const FRAME_BYTES_MAX = 1024 * 1024;

/** A socket that keeps what is written to it, and in how many pieces. */
class Sink extends Duplex {
  readonly pieces: Buffer[] = [];
  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.pieces.push(Buffer.concat(chunks.map(({ chunk }) => chunk)));
    done();
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.pieces.push(chunk);
    done();
  }
  override _read(): void {}
}

function writerOn(sink: Sink): FrameWriter {
  return new FrameWriter(sink as unknown as Socket);
}

/** Copies, since what a reader gives are views. */
function readAll(chunks: readonly Buffer[]): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader(FRAME_BYTES_MAX, (frame) => {
    frames.push({ ...frame, tail: Buffer.from(frame.tail) });
  });
  for (const chunk of chunks) reader.push(chunk);
  return frames;
}

describe('frames', () => {
  it('come out as they went in, wherever the stream is cut', (t) => {
    const random = seededRandom(testSeed(t));
    const sink = new Sink();
    const writer = writerOn(sink);
    const sent: Frame[] = [];
    for (let id = 0; id < 200; id += 1) {
      const text = 'ñ€😀'.repeat(integerBetween(random, 0, id % 50 === 0 ? 20_000 : 40));
      const tail = Buffer.alloc(id % 3 === 0 ? integerBetween(random, 0, 100_000) : 0, id);
      const json = id % 7 === 0 ? undefined : { text };
      writer.write(id, id % 5, json === undefined ? '' : JSON.stringify(json), tail);
      sent.push({ id, kind: id % 5, json, tail });
    }
    writer.flush();
    const bytes = Buffer.concat(sink.pieces);
    assert.deepEqual(readAll([bytes]), sent);
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = at + integerBetween(random, 1, random() < 0.5 ? 20 : 70_000);
      chunks.push(bytes.subarray(at, end));
      at = end;
    }
    assert.deepEqual(readAll(chunks), sent);
  });

  it('of one turn of the event loop are one write', async () => {
    const sink = new Sink();
    const writer = writerOn(sink);
    for (let id = 0; id < 100; id += 1) writer.write(id, 1, '{"a":1}', Buffer.from('tail'));
    assert.equal(sink.pieces.length, 0);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(sink.pieces.length, 1);
    assert.equal(readAll(sink.pieces).length, 100);
  });

  for (const [what, bytes] of [
    ['too long', [0xff, 0xff, 0xff, 0x7f]],
    ['too short for its head', [3, 0, 0, 0]],
    ['with a text longer than itself', [10, 0, 0, 0, 0, 0, 0, 0, 1, 9, 0, 0, 0, 0x31]],
    ['with a text that is no JSON', [10, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0x7b]],
  ] as const) {
    it(`are refused when they are ${what}`, () => {
      assert.throws(() => readAll([Buffer.from(bytes)]), MalformedFrame);
    });
  }
});
