import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedLines, boundedText, TooLong } from '../../main/system/lines.ts';

async function linesOf(stream: Readable, maxBytes = 1_000): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of boundedLines(stream, maxBytes)) lines.push(line);
  return lines;
}

/** Endless, without one line's end. Counts what is taken from it. */
function endless(): { readonly stream: Readable; taken(): number } {
  const chunk = Buffer.alloc(16 * 1024, 97);
  let taken = 0;
  const stream = new Readable({
    read() {
      taken += chunk.length;
      this.push(chunk);
    },
  });
  return { stream, taken: () => taken };
}

describe('the lines of a stream', () => {
  it('are the same however it is cut up', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n]/g, ''))),
        fc.array(fc.nat(40)),
        async (lines, cuts) => {
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          const chunks: Buffer[] = [];
          let at = 0;
          for (const cut of cuts) {
            chunks.push(bytes.subarray(at, at + cut));
            at += cut;
          }
          chunks.push(bytes.subarray(at));
          const stream = Readable.from(
            chunks.filter(({ length }) => length > 0),
            { objectMode: false },
          );
          expect(await linesOf(stream)).toEqual(lines);
        },
      ),
    );
  });

  it('end with what has no end of its own, and lose a carriage return', async () => {
    const stream = Readable.from([Buffer.from('one\r\ntwo\n\nthree')], { objectMode: false });
    expect(await linesOf(stream)).toEqual(['one', 'two', '', 'three']);
  });

  it('are not read on once one is too long, and the stream is ended', async () => {
    const { stream, taken } = endless();
    await expect(linesOf(stream, 64 * 1024)).rejects.toThrow(TooLong);
    expect(stream.destroyed).toBe(true);
    expect(taken()).toBeLessThan(1024 * 1024);
  });

  it('may be just as long as allowed', async () => {
    const of = (length: number) =>
      Readable.from([Buffer.from(`${'a'.repeat(length)}\n`)], { objectMode: false });
    expect(await linesOf(of(10), 10)).toHaveLength(1);
    await expect(linesOf(of(11), 10)).rejects.toThrow(TooLong);
  });
});

describe('a whole answer', () => {
  it('is read up to a length, and characters that were cut are whole', async () => {
    const bytes = Buffer.from('für alle ✓');
    const chunks = [...bytes].map((byte) => Buffer.from([byte]));
    expect(await boundedText(Readable.from(chunks, { objectMode: false }), 100)).toBe('für alle ✓');
    await expect(boundedText(endless().stream, 64 * 1024)).rejects.toThrow(TooLong);
  });
});
