import { existsSync, readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { strict } from './strict.ts';

interface Representation {
  readonly scaleFactor: number;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  readonly png: Buffer;
}

const PNG_SIGNATURE = '89504e470d0a1a0a';

/** Knows of a PNG what its header says; nothing is drawn. */
class NativeImage_ {
  readonly #representations: Representation[];
  #template: boolean;
  /** Where it was read from, for tests. */
  readonly _path: string | undefined;

  constructor(representations: Representation[] = [], template = false, path?: string) {
    this.#representations = representations;
    this.#template = template;
    this._path = path;
  }
  get isMacTemplateImage(): boolean {
    return this.isTemplateImage();
  }
  set isMacTemplateImage(template: boolean) {
    this.#template = template;
  }
  isEmpty(): boolean {
    return this.#representations.length === 0;
  }
  getSize(scaleFactor?: number): { width: number; height: number } {
    const asked = this.#representations.find((one) => one.scaleFactor === scaleFactor);
    const {
      width,
      height,
      scaleFactor: own,
    } = asked ?? this.#representations[0] ?? { width: 0, height: 0, scaleFactor: 1 };
    return asked === undefined ? { width: width / own, height: height / own } : { width, height };
  }
  getAspectRatio(): number {
    const { width, height } = this.getSize();
    return height === 0 ? 1 : width / height;
  }
  getScaleFactors(): number[] {
    return this.#representations.map((one) => one.scaleFactor);
  }
  /** As Electron: a word for macOS only. */
  isTemplateImage(): boolean {
    return process.platform === 'darwin' && this.#template;
  }
  setTemplateImage(template: boolean): void {
    this.#template = template;
  }
  addRepresentation(options: { scaleFactor?: number; buffer?: Buffer; dataURL?: string }): void {
    const png = options.buffer ?? bytesOf(options.dataURL ?? '');
    this.#representations.push(...represent(png, options.scaleFactor ?? 1));
  }
  resize(size: { width?: number; height?: number }): NativeImage_ {
    const ratio = this.getAspectRatio();
    const width = size.width ?? (size.height ?? 0) * ratio;
    const height = size.height ?? width / ratio;
    return made(
      this.#representations.map((one) => ({
        ...one,
        width: Math.round(width * one.scaleFactor),
        height: Math.round(height * one.scaleFactor),
      })),
      this.#template,
      this._path,
    );
  }
  toPNG(): Buffer {
    return this.#representations[0]?.png ?? Buffer.alloc(0);
  }
  toDataURL(): string {
    return `data:image/png;base64,${this.toPNG().toString('base64')}`;
  }
}

export type { NativeImage_ as RawNativeImage };

export const nativeImage = strict('nativeImage', {
  createEmpty: (): NativeImage_ => made([]),
  createFromPath: (path: string): NativeImage_ => {
    const template = /Template(@\dx)?$/.test(basename(path, extname(path)));
    return made(filesOf(path), template, path);
  },
  createFromBuffer: (buffer: Buffer, options: { scaleFactor?: number } = {}): NativeImage_ =>
    made(represent(buffer, options.scaleFactor ?? 1)),
  createFromDataURL: (url: string): NativeImage_ => made(represent(bytesOf(url), 1)),
});

/** What a tray, a notification or a window takes for its image. */
export function imageOf(given: string | NativeImage_): NativeImage_ {
  if (typeof given !== 'string') return given;
  const image = nativeImage.createFromPath(given);
  if (image.isEmpty()) throw new Error(`Failed to load image from path '${given}'`);
  return image;
}

function made(images: Representation[], template = false, path?: string): NativeImage_ {
  return strict('NativeImage', new NativeImage_(images, template, path));
}

/** The file, and those beside it for denser screens. */
function filesOf(path: string): Representation[] {
  const extension = extname(path);
  const name = path.slice(0, path.length - extension.length);
  const own = Number(/@(\d)x$/.exec(name)?.[1] ?? 1);
  const others = own === 1 ? [2, 3] : [];
  return [
    ...fromFile(path, own),
    ...others.flatMap((scale) => fromFile(`${name}@${scale}x${extension}`, scale)),
  ];
}

function fromFile(path: string, scaleFactor: number): Representation[] {
  return existsSync(path) ? represent(readFileSync(path), scaleFactor) : [];
}

/** What is no PNG is an empty image, as in Electron (which knows JPEG too). */
function represent(png: Buffer, scaleFactor: number): Representation[] {
  if (png.toString('hex', 0, 8) !== PNG_SIGNATURE || png.length < 24) return [];
  return [{ scaleFactor, width: png.readUInt32BE(16), height: png.readUInt32BE(20), png }];
}

function bytesOf(dataUrl: string): Buffer {
  return Buffer.from(dataUrl.split(',')[1] ?? '', 'base64');
}
