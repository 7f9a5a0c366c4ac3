// A picture drawn to a size in a browser: its pixels, whether any is transparent, and a file of it.
import type { Size } from '../../worker/pipeline/geometry.ts';
import type { Pixels } from '../../worker/pipeline/pixels.ts';
import type { Bitmap, Browser, Canvas } from './browser.ts';
import type { Plan } from './plan.ts';

export class DrawnCanvas {
  readonly size: Size;
  readonly #canvas: Canvas;
  readonly #pixels: Pixels;

  /** @throws {Error} where the browser has no memory for it */
  constructor({ OffscreenCanvas }: Browser, bitmap: Bitmap, { width, height, nearest }: Plan) {
    this.size = { width, height };
    this.#canvas = new OffscreenCanvas(width, height);
    // Its pixels are read, so a graphics card is not to keep them.
    const context = this.#canvas.getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('the browser gives no canvas');
    context.imageSmoothingEnabled = !nearest;
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, width, height);
    this.#pixels = { width, height, rgba: context.getImageData(0, 0, width, height).data };
  }

  get pixels(): Pixels {
    return this.#pixels;
  }

  get isOpaque(): boolean {
    const { rgba } = this.#pixels;
    for (let at = 3; at < rgba.length; at += 4) if (rgba[at] !== 255) return false;
    return true;
  }

  /** @param quality of a JPEG, up to 1 */
  toFile(type: 'image/jpeg' | 'image/png', quality = 1): Promise<Blob> {
    return this.#canvas.convertToBlob({ type, quality });
  }
}
