// A caller's picture, whatever it came as: a file, or something that the browser can draw. Where there is no canvas, as in Node, only
// files are taken, and travel as they are.
import type { ImageInput } from '../../registry/pipeline/image-input.ts';
import { imageStep } from '../../registry/pipeline/image-step.ts';
import type { Pixels } from '../../worker/pipeline/pixels.ts';
import { PopserveError } from '../errors.ts';
import { type Bitmap, type Browser, browser } from './browser.ts';
import { DrawnCanvas } from './canvas.ts';
import type { DrawnPicture, Picture } from './options.ts';
import { typeOfPicture } from './picture-type.ts';
import { planSize } from './plan.ts';

/** By what a length in pixels of what is looked at is multiplied to have it in pixels of what was given. */
export interface Scale {
  readonly x: number;
  readonly y: number;
}

/** Pixels, or a file where nobody here decodes it as the PoP does. */
export type ToRun =
  | { readonly pixels: Pixels; readonly file?: undefined; readonly scale: Scale }
  | { readonly file: Blob; readonly scale: Scale };

/** A file of at most this many bytes and pixels travels as it is. */
const smallBytes = 50_000;
const smallPixels = 1_000_000;
/** The second where the first takes more than a small file does: what JPEG loses is most of what changes scores. */
const jpegQualities = [0.95, 0.9] as const;

const unscaled: Scale = { x: 1, y: 1 };

interface Drawn {
  readonly canvas: DrawnCanvas;
  readonly scale: Scale;
  readonly isOpaque: boolean;
  /** It is drawn in its own size, because its file travels as it is. */
  readonly isSmall: boolean;
  /** Whether it may travel in its own size. */
  readonly hasFewPixels: boolean;
}

export class OpenedPicture {
  readonly #file: Blob | null;
  /** Taken when the call was made: a video goes on. */
  readonly #bitmap: Promise<Bitmap> | null;

  /** @throws {PopserveError} INVALID_ARGUMENT for what can neither be sent nor drawn here */
  constructor(picture: Picture) {
    this.#file = fileOf(picture);
    this.#bitmap = this.#file === null ? take(picture as DrawnPicture) : null;
    // It may fail before anybody asks for it.
    this.#bitmap?.catch(() => undefined);
  }

  /**
   * The picture as it travels to a PoP.
   * @param image the way in of the version's pipeline
   * @throws {PopserveError} INVALID_ARGUMENT for a file that the browser does not read
   */
  async toSend(image: ImageInput, shrink: boolean): Promise<{ file: Blob; scale: Scale }> {
    const file = await this.#typedFile(image);
    if (this.#file && (!shrink || browser === null)) return { file: file ?? this.#file, scale: unscaled };
    const { canvas, scale, isOpaque, isSmall, hasFewPixels } = await this.#draw(image, shrink);
    // A canvas loses colours that are not opaque, and a JPEG has no transparency.
    if (file && (isSmall || !isOpaque)) return { file, scale: unscaled };
    const sent = isOpaque ? await toJpeg(canvas) : await canvas.toFile('image/png');
    // Nothing is gained by losing quality alone.
    return file && hasFewPixels && file.size <= sent.size ? { file, scale: unscaled } : { file: sent, scale };
  }

  /**
   * The picture for steps that run here: its pixels, or a file that they have to decode.
   * @throws {PopserveError} as {@link toSend}
   */
  async toRun(image: ImageInput, shrink: boolean): Promise<ToRun> {
    if (this.#file && browser === null) return { file: this.#file, scale: unscaled };
    const { canvas, scale, isOpaque } = await this.#draw(image, shrink);
    const file = isOpaque ? null : await this.#typedFile(image);
    return file ? { file, scale: unscaled } : { pixels: canvas.pixels, scale };
  }

  /** Frees what was taken for the call. */
  close(): void {
    this.#bitmap?.then(
      (bitmap) => bitmap.close(),
      () => undefined,
    );
  }

  /** The file if the version takes its format, with a type that says so. */
  async #typedFile(image: ImageInput): Promise<Blob | null> {
    if (!this.#file) return null;
    const type = typeOfPicture(new Uint8Array(await this.#file.slice(0, 12).arrayBuffer()));
    const taken = imageStep(image, 'decode')?.formats.some((format) => type === `image/${format}`);
    return type && taken ? this.#file.slice(0, this.#file.size, type) : null;
  }

  async #draw(image: ImageInput, shrink: boolean): Promise<Drawn> {
    const bitmap = this.#bitmap ? await this.#bitmap : await decode(this.#file as Blob, image);
    try {
      const { width, height } = bitmap;
      const hasFewPixels = width * height <= smallPixels;
      const isSmall = hasFewPixels && this.#file !== null && this.#file.size <= smallBytes;
      const size = shrink && !isSmall ? planSize(bitmap, image) : { width, height, nearest: false };
      const canvas = new DrawnCanvas(drawing(), bitmap, size);
      const scale = { x: width / size.width, y: height / size.height };
      return { canvas, scale, isOpaque: canvas.isOpaque, isSmall, hasFewPixels };
    } finally {
      if (!this.#bitmap) bitmap.close();
    }
  }
}

async function toJpeg(canvas: DrawnCanvas): Promise<Blob> {
  const [best, usual] = jpegQualities;
  const file = await canvas.toFile('image/jpeg', best);
  return file.size <= smallBytes ? file : canvas.toFile('image/jpeg', usual);
}

function fileOf(picture: Picture): Blob | null {
  if (picture instanceof Blob) return picture;
  return picture instanceof Uint8Array ? new Blob([picture as Uint8Array<ArrayBuffer>]) : null;
}

/** @throws {PopserveError} INVALID_ARGUMENT where nothing draws */
function drawing(): Browser {
  if (browser) return browser;
  const message = 'expected the file of a picture, as Blob or Uint8Array: there is no canvas here that draws others';
  throw new PopserveError('INVALID_ARGUMENT', message);
}

/** As the PoP decodes: profiles of colours are left alone, and a picture is turned only where a step says so. */
async function decode(file: Blob, image: ImageInput): Promise<Bitmap> {
  const turns = imageStep(image, 'orient') !== undefined;
  const options = { imageOrientation: turns ? 'from-image' : 'none', colorSpaceConversion: 'none' } as const;
  try {
    return await drawing().createImageBitmap(file, options);
  } catch (cause) {
    const expected = 'a JPEG, a PNG, a WebP or another picture that this browser reads';
    throw new PopserveError('INVALID_ARGUMENT', `decode: expected ${expected}; ${cause}`, { cause });
  }
}

async function take(picture: DrawnPicture): Promise<Bitmap> {
  const { createImageBitmap } = drawing();
  try {
    return await createImageBitmap(picture, { colorSpaceConversion: 'none' });
  } catch (cause) {
    const expected = 'a file, or a picture that can be drawn: an image that has loaded, a video that plays';
    throw new PopserveError('INVALID_ARGUMENT', `expected ${expected}; ${cause}`, { cause });
  }
}
