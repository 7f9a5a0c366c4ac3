// The pictures of a folder to pixels, by the Worker's own decoders.
import { invalid } from '../../../registry/errors.ts';
import { readPictureHeader } from '../../../worker/pipeline/picture-header.ts';
import type { Pixels } from '../../../worker/pipeline/pixels.ts';
import { pictureDecoders } from '../../inspect/picture-decoders.ts';

/** A picture of more pixels is refused before it is decoded: it takes eight bytes each. */
const mostPixels = 100_000_000;

/**
 * @param name for messages
 * @returns the pixels as they lie in the file: what its EXIF data say is not done, as torchvision's loader does nothing about them
 * @throws {PopserveError} INVALID_ARGUMENT or UNSUPPORTED_MEDIA naming the file and what is wrong with it
 */
export async function decodeImage(file: Uint8Array, name: string): Promise<Pixels> {
  const header = readPictureHeader(file, name);
  const { width, height } = header;
  if (width * height > mostPixels) {
    throw invalid(`${name}: expected at most ${mostPixels / 1e6} million pixels, got ${width}x${height}`);
  }
  return (await pictureDecoders()).decode(file, header, name);
}
