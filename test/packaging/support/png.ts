import { inflateSync } from 'node:zlib';

/** A picture's pixels as red, green, blue and alpha, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

const channels = 4;

/** Reads a PNG of 8 bits a channel with alpha and without interlace: what our tool writes. */
export function readPng(bytes: Buffer): Picture {
  if (bytes.toString('latin1', 1, 4) !== 'PNG') throw new Error('That is no PNG.');
  const { width, height } = pngSize(bytes);
  if (bytes.readUInt16BE(24) !== 0x0806 || bytes.readUInt8(28) !== 0)
    throw new Error('That PNG is not of 8 bits, red, green, blue and alpha, without interlace.');
  const data: Buffer[] = [];
  for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const length = bytes.readUInt32BE(at);
    if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT')
      data.push(bytes.subarray(at + 8, at + 8 + length));
  }
  return { width, height, pixels: unfilter(inflateSync(Buffer.concat(data)), width, height) };
}

export function pngSize(bytes: Buffer): { width: number; height: number } {
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

/** Every row is stored as its difference from a guess; the row's first byte says which. */
function unfilter(data: Buffer, width: number, height: number): Uint8Array {
  const stride = width * channels;
  const pixels = new Uint8Array(stride * height);
  for (let row = 0; row < height; row++) {
    const filter = data.readUInt8(row * (stride + 1));
    for (let column = 0; column < stride; column++) {
      const at = row * stride + column;
      const hasLeft = column >= channels;
      const left = hasLeft ? byte(pixels, at - channels) : 0;
      const up = row > 0 ? byte(pixels, at - stride) : 0;
      const corner = hasLeft && row > 0 ? byte(pixels, at - stride - channels) : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      if (guess === undefined) throw new Error(`A PNG has no filter ${filter}.`);
      pixels[at] = data.readUInt8(row * (stride + 1) + 1 + column) + guess;
    }
  }
  return pixels;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}
