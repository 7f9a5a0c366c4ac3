// The decoders of pictures as the Worker has them: compiled when it is deployed.
import jpeg from '../pipeline/codecs/mozjpeg_dec.wasm';
import webp from '../pipeline/codecs/webp_dec.wasm';
import { PictureDecoders } from '../pipeline/picture-decoders.ts';

export function createPictureDecoders(): PictureDecoders {
  return new PictureDecoders({ jpeg, webp });
}
