import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** A line, or a whole answer, is longer than anybody honest makes it. */
export class TooLong extends Error {
  constructor(maxBytes: number) {
    super(`more than ${maxBytes} bytes in one piece`);
    this.name = 'TooLong';
  }
}

/**
 * The lines of a stream, without their ends, as they come; the last one also without an end. Never holds
 * more than one line and what the stream gave at once. Leaving the loop ends the stream.
 * @throws TooLong if a line is longer · the stream's error
 */
export async function* boundedLines(stream: Readable, maxBytes: number): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let length = 0;
  const take = (part: Buffer): string => {
    const line = Buffer.concat([...parts, part]).toString('utf8');
    parts = [];
    length = 0;
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  };
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let rest = chunk;
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      if (length + end > maxBytes) throw new TooLong(maxBytes);
      yield take(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
    }
    length += rest.length;
    if (length > maxBytes) throw new TooLong(maxBytes);
    if (rest.length > 0) parts.push(rest);
  }
  if (length > 0) yield take(Buffer.alloc(0));
}

/** All that a stream says, as text. @throws TooLong if it is longer · the stream's error */
export async function boundedText(stream: Readable, maxBytes: number): Promise<string> {
  const decoder = new StringDecoder('utf8');
  let text = '';
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new TooLong(maxBytes);
    text += decoder.write(chunk);
  }
  return text + decoder.end();
}
