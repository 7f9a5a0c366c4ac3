// The options of `popserve publish` that say how pictures are prepared for a model, for its pipeline and for the gate.
import { type Command, Option } from 'commander';
import type { ImageOptions } from '../validation/folder/preprocess.ts';
import { parseCount, parseDivisors, parseImageResize, parseLetterbox, parseNumbers } from './arguments.ts';

export interface ImageArguments {
  imageResize?: NonNullable<ImageOptions['resize']>;
  imageCrop?: number;
  imageLetterbox?: ReturnType<typeof parseLetterbox>;
  imageScale?: NonNullable<ImageOptions['scale']>;
  imageMean?: number[];
  imageStd?: number[];
  imageColour?: 'rgb' | 'bgr';
}

export function addImageOptions(command: Command): Command {
  return command
    .option(
      '--image-resize <pixels>',
      'of the shorter side; or stretch, or none (default: 256 for 224, others in proportion)',
      parseImageResize,
    )
    .option('--image-crop <pixels>', "cut from the centre; default: the input's size, 224 where it varies", parseCount)
    .option(
      '--image-letterbox <value>',
      'resize to what fits and frame it with this value, 114 for YOLO; 114,corner puts it at the top left',
      parseLetterbox,
    )
    .addOption(
      new Option('--image-scale <range>', 'default: 0-1 for floats, 0-255 for integers').choices(['0-1', '0-255']),
    )
    .option('--image-mean <r,g,b>', "subtracted; default: ImageNet's for RGB from 0 to 1, else 0", parseNumbers)
    .option('--image-std <r,g,b>', "divided by; default: ImageNet's for RGB from 0 to 1, else 1", parseDivisors)
    .addOption(
      new Option('--image-colour <order>', 'of the channels that the model was trained on (default: rgb)').choices([
        'rgb',
        'bgr',
      ]),
    );
}

/** Undefined where none is given. */
export function imageOptions({
  imageResize,
  imageCrop,
  imageScale,
  imageMean,
  imageStd,
}: ImageArguments): ImageOptions | undefined {
  const images: ImageOptions = {
    ...(imageResize === undefined ? {} : { resize: imageResize }),
    ...(imageCrop === undefined ? {} : { crop: imageCrop }),
    ...(imageScale === undefined ? {} : { scale: imageScale }),
    ...(imageMean === undefined ? {} : { mean: imageMean }),
    ...(imageStd === undefined ? {} : { std: imageStd }),
  };
  return Object.keys(images).length === 0 ? undefined : images;
}
