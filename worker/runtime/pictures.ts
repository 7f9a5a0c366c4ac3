// Decodes pictures for the isolate: what that takes is counted in its ledger before it is taken.
import { invalid, PopserveError } from '../../registry/errors.ts';
import type { ImageInput } from '../../registry/pipeline/image-input.ts';
import { imageStep } from '../../registry/pipeline/image-step.ts';
import type { Size } from '../pipeline/geometry.ts';
import type { Item, Prepared } from '../pipeline/items.ts';
import { orient } from '../pipeline/orient.ts';
import { decodingBytes, type PictureDecoders } from '../pipeline/picture-decoders.ts';
import { type PictureHeader, readPictureHeader } from '../pipeline/picture-header.ts';
import { pixelBytes } from '../pipeline/pixels.ts';
import { PictureBatch } from '../pipeline/prepare-pictures.ts';
import type { Admit } from '../protocol/check-inputs.ts';
import type { InputTensor } from '../protocol/tensor.ts';
import type { Account } from './ledger.ts';

export class Pictures {
  readonly #maxPixels: number;
  #decoders: Promise<PictureDecoders> | undefined;
  #started: PictureDecoders | undefined;

  /** @param maxPixels of the pictures of one request together */
  constructor(maxPixels: number) {
    this.#maxPixels = maxPixels;
  }

  /** Memory that the decoders keep between requests. */
  get heldBytes(): number {
    return this.#started?.byteLength ?? 0;
  }

  /**
   * @param files one or more, each a JPEG, PNG or WebP
   * @param admit refuses the input by its shape, before a picture is decoded
   * @returns the model's input, and where the pixels of each picture went
   * @throws {PopserveError} INVALID_ARGUMENT for a damaged picture, UNSUPPORTED_MEDIA for a kind that is not read, TOO_LARGE for more
   *   pixels than the limit, UNAVAILABLE where they do not fit into memory now; with several files the message names the place
   */
  async prepare(
    files: readonly Uint8Array[],
    { image, admit }: { readonly image: ImageInput; readonly admit: Admit },
    account: Account,
  ): Promise<Prepared<Item, InputTensor>> {
    const where = (index: number) => (files.length === 1 ? 'decode' : `inputs[${index}]: decode`);
    const headers = files.map((file, index) => this.#check(readPictureHeader(file, where(index)), image, where(index)));
    this.#checkSum(headers);
    const turns = imageStep(image, 'orient') !== undefined;
    const batch = new PictureBatch(
      headers.map((header) => (turns ? upright(header) : header)),
      image,
    );
    admit(batch.head);
    account.take('decoded', batch.heldBytes);
    const decoders = await this.#start();
    for (const [index, file] of files.entries()) {
      const header = headers[index] as PictureHeader;
      const bytes = decodingBytes(header, file) + turningBytes(header, turns) + batch.puttingBytes(index);
      account.take('decoded', bytes);
      const picture = await decoders.decode(file, header, where(index));
      batch.put(index, turns ? orient(picture, header.orientation) : picture);
      account.give('decoded', bytes);
    }
    return { inputs: [batch.pending()], items: batch.items };
  }

  #check(header: PictureHeader, image: ImageInput, where: string): PictureHeader {
    const { format, width, height } = header;
    const formats = imageStep(image, 'decode')?.formats ?? [];
    if (!formats.includes(format)) throw invalid(`${where}: expected ${formats.join(' or ')}, got ${format}`);
    if (width * height <= this.#maxPixels) return header;
    throw new PopserveError(
      'TOO_LARGE',
      `${where}: the picture has ${width}x${height} = ${width * height} pixels, the limit is ${this.#maxPixels}; shrink it before sending`,
    );
  }

  /** Decoding costs what the pixels say, however few bytes they came in. */
  #checkSum(headers: readonly PictureHeader[]): void {
    const pixels = headers.reduce((sum, { width, height }) => sum + width * height, 0);
    if (pixels <= this.#maxPixels) return;
    throw new PopserveError(
      'TOO_LARGE',
      `decode: the ${headers.length} pictures have ${pixels} pixels together, the limit is ${this.#maxPixels}; shrink them before sending, or send fewer at once`,
    );
  }

  /** The decoders' code is read when the first picture comes: an isolate that gets none never pays for it. */
  async #start(): Promise<PictureDecoders> {
    this.#decoders ??= import('./picture-modules.ts').then(({ createPictureDecoders }) => createPictureDecoders());
    this.#started = await this.#decoders;
    return this.#started;
  }
}

/** A turned picture is a second one. */
function turningBytes({ width, height, orientation }: PictureHeader, turns: boolean): number {
  return turns && orientation !== 1 ? width * height * pixelBytes : 0;
}

/** The size of a picture once it is turned as its EXIF data say. */
function upright({ width, height, orientation }: PictureHeader): Size {
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}
