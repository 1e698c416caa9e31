import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  appIconSizes,
  icnsTypes,
  icoSizes,
  type TrayImage,
  trayImages,
  trayStates,
} from '../../assets/iconSet.ts';
import { project } from './support/packedApp.ts';
import { type Picture, pngSize, readPng } from './support/png.ts';

/** Of pixels that are not the same in two states' pictures, so that one tells them apart at a glance. */
const leastDifference = 0.1;

describe('tray images', () => {
  const images = trayImages();

  it.each(images)('$file is $pixels pixels each way', (image) => {
    const { width, height } = picture(image);
    expect({ width, height }).toEqual({ width: image.pixels, height: image.pixels });
  });

  it('come in pairs, the second twice the first', () => {
    for (const image of images.filter(({ file }) => !file.includes('@2x'))) {
      const twice = images.find(({ file }) => file === image.file.replace('.png', '@2x.png'));
      expect(twice?.pixels, image.file).toBe(image.pixels * 2);
    }
  });

  it.each(images.filter(({ template }) => template))('$file is black, and alpha', (image) => {
    const { pixels } = picture(image);
    const colours = pixels.filter((_, at) => at % 4 !== 3);
    expect(colours.every((value) => value === 0)).toBe(true);
    expect(alphaOf(picture(image)).some((alpha) => alpha === 255)).toBe(true);
  });

  it.each(images)('$file leaves its corners free', (image) => {
    const alpha = alphaOf(picture(image));
    const last = image.pixels - 1;
    const corners = [0, last, last * image.pixels, alpha.length - 1];
    expect(corners.map((at) => alpha[at])).toEqual([0, 0, 0, 0]);
  });

  it('tells every two states apart by their shape', () => {
    for (const image of images)
      for (const other of images)
        if (isSameButForState(image, other) && image.state < other.state)
          expect(difference(image, other), `${image.file} / ${other.file}`).toBeGreaterThan(
            leastDifference,
          );
  });

  it('has every state in three kinds at two sizes', () => {
    for (const state of trayStates)
      expect(images.filter((image) => image.state === state)).toHaveLength(6);
  });
});

describe('app icons', () => {
  it.each(appIconSizes)('has a PNG of %i pixels', (size) => {
    const bytes = readFileSync(join(project, `build/icons/${size}x${size}.png`));
    expect(pngSize(bytes)).toEqual({ width: size, height: size });
  });

  it('has an icon family for macOS with every size', () => {
    const icns = readFileSync(join(project, 'build/icon.icns'));
    expect(icns.toString('latin1', 0, 4)).toBe('icns');
    expect(icns.readUInt32BE(4)).toBe(icns.length);
    const found = new Map<string, Buffer>();
    for (let at = 8; at < icns.length; at += icns.readUInt32BE(at + 4))
      found.set(
        icns.toString('latin1', at, at + 4),
        icns.subarray(at + 8, at + icns.readUInt32BE(at + 4)),
      );
    for (const [type, size] of icnsTypes) {
      const icon = found.get(type);
      // The two smallest are not PNGs but packed pixels, which say no size.
      const isPng = icon?.toString('latin1', 1, 4) === 'PNG';
      expect(icon?.toString('latin1', 0, 4) === 'ARGB' || isPng, type).toBe(true);
      if (icon !== undefined && isPng) expect(pngSize(icon).width, type).toBe(size);
    }
  });

  it('has an icon for Windows with every size', () => {
    const ico = readFileSync(join(project, 'build/icon.ico'));
    expect([ico.readUInt16LE(0), ico.readUInt16LE(2)]).toEqual([0, 1]);
    const sizes = Array.from({ length: ico.readUInt16LE(4) }, (_, index) => {
      const entry = 6 + index * 16;
      expect(ico.readUInt32LE(entry + 8) + ico.readUInt32LE(entry + 12)).toBeLessThanOrEqual(
        ico.length,
      );
      // 256 does not fit into the byte, and is written as 0.
      return ico.readUInt8(entry) || 256;
    });
    expect(sizes).toEqual([...icoSizes]);
  });
});

function picture(image: TrayImage): Picture {
  return readPng(readFileSync(join(project, image.file)));
}

function alphaOf({ pixels }: Picture): Uint8Array {
  return pixels.filter((_, at) => at % 4 === 3);
}

function isSameButForState(one: TrayImage, other: TrayImage): boolean {
  return one.pixels === other.pixels && one.colour === other.colour;
}

/** The share of the square in which one picture is drawn and the other is not. */
function difference(one: TrayImage, other: TrayImage): number {
  const [a, b] = [alphaOf(picture(one)), alphaOf(picture(other))];
  return a.filter((alpha, at) => alpha > 127 !== (b[at] ?? 0) > 127).length / a.length;
}
