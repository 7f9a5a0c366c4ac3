// The part of a browser that pictures need, as types of our own: the client is also compiled where TypeScript has no library of the DOM.

export interface Bitmap {
  readonly width: number;
  readonly height: number;
  close(): void;
}

interface BitmapOptions {
  /** `none`: as the pixels lie in the file. */
  readonly imageOrientation?: 'from-image' | 'none';
  /** `none`: profiles of colours are left alone. */
  readonly colorSpaceConversion: 'none';
}

interface Context {
  imageSmoothingEnabled: boolean;
  imageSmoothingQuality: 'low' | 'medium' | 'high';
  drawImage(bitmap: Bitmap, x: number, y: number, width: number, height: number): void;
  getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray };
}

export interface Canvas {
  getContext(kind: '2d', options: { readonly willReadFrequently: boolean }): Context | null;
  convertToBlob(options: { readonly type: string; readonly quality: number }): Promise<Blob>;
}

export interface Browser {
  createImageBitmap(picture: unknown, options: BitmapOptions): Promise<Bitmap>;
  readonly OffscreenCanvas: new (width: number, height: number) => Canvas;
}

const { createImageBitmap, OffscreenCanvas } = globalThis as unknown as Partial<Browser>;

/** Null where nothing draws: there are canvases in pages and in their workers, and none in Node. */
export const browser: Browser | null =
  createImageBitmap && OffscreenCanvas
    ? { createImageBitmap: (picture, options) => createImageBitmap(picture, options), OffscreenCanvas }
    : null;
