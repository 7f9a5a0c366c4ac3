// The image processors of transformers as steps of a pipeline: what the file says, else what its class does by default.
// @see https://github.com/huggingface/transformers, image_processing_*.py of each model
import * as z from 'zod';
import { invalid } from '../../../registry/errors.ts';
import type { ImageStep, ImageStepOf } from '../../../registry/pipeline/image-input.ts';

const side = z.int().min(1);
const sizeSchema = z.union([
  side,
  z.looseObject({ shortest_edge: side, longest_edge: side.optional() }),
  z.looseObject({ height: side, width: side }),
]);
const numbers = z.union([z.number(), z.array(z.number()).min(1).max(3)]);

export const imageProcessorSchema = z.looseObject({
  image_processor_type: z.string().optional(),
  feature_extractor_type: z.string().optional(),
  do_resize: z.boolean().optional(),
  size: sizeSchema.optional(),
  resample: z.int().optional(),
  do_center_crop: z.boolean().nullable().optional(),
  crop_size: sizeSchema.nullable().optional(),
  crop_pct: z.number().positive().nullable().optional(),
  do_pad: z.boolean().nullable().optional(),
  pad_size: z.unknown().optional(),
  do_rescale: z.boolean().optional(),
  rescale_factor: z.number().positive().optional(),
  do_normalize: z.boolean().optional(),
  image_mean: numbers.nullable().optional(),
  image_std: numbers.nullable().optional(),
  do_flip_channel_order: z.boolean().optional(),
});

export type ImageProcessorConfig = z.infer<typeof imageProcessorSchema>;

/** A step and where it comes from, for people. */
export interface FoundStep {
  readonly step: ImageStep;
  readonly from: string;
}

type Size = z.infer<typeof sizeSchema>;

interface Defaults {
  readonly do_resize: boolean;
  readonly size: Size;
  readonly resample: number;
  readonly do_center_crop: boolean;
  readonly crop_size?: Size;
  readonly crop_pct?: number;
  readonly do_rescale: boolean;
  readonly do_normalize: boolean;
  readonly image_mean?: number | readonly number[];
  readonly image_std?: number | readonly number[];
  readonly do_flip_channel_order?: boolean;
  /** `do_pad` makes pictures of a batch equally large, and changes nothing for one. */
  readonly padsBatches?: boolean;
  /** Sides are cut down to multiples of it. */
  readonly multiple?: number;
}

const [bilinear, bicubic] = [2, 3];
/** Pillow's numbers of its filters. */
const filters: Readonly<Record<number, ImageStepOf<'resize'>['filter']>> = {
  0: 'nearest',
  1: 'lanczos',
  [bilinear]: 'bilinear',
  [bicubic]: 'bicubic',
};

const usual = { do_resize: true, do_center_crop: true, do_rescale: true, do_normalize: true, resample: bilinear };
const imageNetStandard = { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] };
const openAiClip = {
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};
const imageNetDefault = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };
/** Of detectors that take pictures of any shape. One is not padded: that is for batches of several shapes. */
const detector = {
  ...{ ...usual, ...imageNetDefault, size: { shortest_edge: 800, longest_edge: 1333 } },
  ...{ do_center_crop: false, padsBatches: true },
};
const square = (pixels: number) => ({ height: pixels, width: pixels });

/** The classes that are known, by their names without `ImageProcessor` and `FeatureExtractor`. */
const classes: Readonly<Record<string, Defaults>> = {
  ViT: { ...usual, ...imageNetStandard, size: square(224), do_center_crop: false },
  DeiT: { ...usual, ...imageNetStandard, size: square(256), resample: bicubic, crop_size: square(224) },
  CLIP: { ...usual, ...openAiClip, size: { shortest_edge: 224 }, resample: bicubic, crop_size: square(224) },
  Bit: { ...usual, ...openAiClip, size: { shortest_edge: 224 }, resample: bicubic, crop_size: square(224) },
  MobileNetV1: { ...usual, ...imageNetStandard, size: { shortest_edge: 256 }, crop_size: square(224) },
  MobileNetV2: { ...usual, ...imageNetStandard, size: { shortest_edge: 256 }, crop_size: square(224) },
  MobileViT: {
    ...{ ...usual, size: { shortest_edge: 224 }, crop_size: square(256) },
    ...{ do_normalize: false, do_flip_channel_order: true },
  },
  ConvNext: {
    ...{ ...usual, ...imageNetStandard, size: { shortest_edge: 384 }, resample: bicubic },
    ...{ do_center_crop: false, crop_pct: 224 / 256 },
  },
  Detr: detector,
  ConditionalDetr: detector,
  DeformableDetr: detector,
  Yolos: { ...detector, multiple: 16 },
  RTDetr: { ...usual, ...imageNetDefault, size: square(640), do_center_crop: false, do_normalize: false },
};

/** From this size on the class warps the picture and cuts nothing from it. */
const convNextWarps = 384;

/**
 * @returns the steps from the upright picture in RGB to normalised values, without the layout, which the model's input decides
 * @throws {PopserveError} INVALID_ARGUMENT for a class that is not known, or a value that no step stands for
 */
export function processorSteps(config: ImageProcessorConfig, file = 'preprocessor_config.json'): FoundStep[] {
  const type = config.image_processor_type ?? config.feature_extractor_type;
  const name = type?.replace(/(ImageProcessor(Fast)?|FeatureExtractor)$/, '');
  const defaults = name === undefined ? undefined : classes[name];
  if (defaults === undefined || name === undefined) {
    const known = Object.keys(classes).map((each) => `${each}ImageProcessor`);
    throw invalid(
      `${file}: image processor ${type ?? '(no image_processor_type)'} is not supported, expected one of ${known.join(', ')}`,
    );
  }
  const read = new Fields(config, defaults, file, type ?? name);
  if (config.do_pad && (!defaults.padsBatches || config.pad_size != null)) {
    throw invalid(`${file}: ${config.pad_size == null ? 'do_pad' : 'pad_size'} is not supported for ${type}`);
  }
  return [
    {
      step: { step: 'colour', to: read.get('do_flip_channel_order') ? 'bgr' : 'rgb' },
      from: read.from('do_flip_channel_order'),
    },
    ...(name === 'ConvNext' ? convNextSizes(read) : sizes(read)),
    ...values(read, config),
  ];
}

/** Members of the file, else the class's defaults; remembers which. */
class Fields {
  readonly file: string;
  readonly #config: ImageProcessorConfig;
  readonly #defaults: Defaults;
  readonly #type: string;

  constructor(config: ImageProcessorConfig, defaults: Defaults, file: string, type: string) {
    this.#config = config;
    this.#defaults = defaults;
    this.file = file;
    this.#type = type;
  }

  get<K extends keyof Defaults>(name: K): Defaults[K] {
    const said = name in imageProcessorSchema.shape ? this.#config[name] : undefined;
    return (said ?? this.#defaults[name]) as Defaults[K];
  }

  from(...names: readonly (keyof Defaults)[]): string {
    const isSaid = names.some((name) => this.#config[name] !== undefined && this.#config[name] !== null);
    return isSaid ? `${this.file}: ${names.join(', ')}` : `default of ${this.#type}`;
  }
}

function sizes(read: Fields): FoundStep[] {
  const steps: FoundStep[] = [];
  if (read.get('do_resize')) {
    const [size, filter] = [read.get('size'), filterOf(read)];
    const shortest = typeof size !== 'number' && 'shortest_edge' in size ? (size.shortest_edge as number) : null;
    const longest = typeof size !== 'number' && 'longest_edge' in size ? size.longest_edge : undefined;
    const multiple = read.get('multiple');
    const step: ImageStepOf<'resize'> =
      shortest === null
        ? { step: 'resize', fit: 'fill', ...rectangle(size), filter }
        : {
            ...{ step: 'resize', fit: 'shortest', size: shortest, filter },
            ...(typeof longest === 'number' ? { longest } : {}),
            ...(multiple === undefined ? {} : { multiple }),
          };
    steps.push({ step, from: read.from('size', 'resample') });
  }
  const crop = read.get('do_center_crop') ? read.get('crop_size') : null;
  if (crop === undefined) throw invalid(`${read.file}: do_center_crop needs a crop_size`);
  if (crop !== null) {
    steps.push({ step: { step: 'crop', ...rectangle(crop), margin: 'floor' }, from: read.from('crop_size') });
  }
  return steps;
}

/** Cuts the centre of a picture that is larger by a share, or warps it. */
function convNextSizes(read: Fields): FoundStep[] {
  if (!read.get('do_resize')) return [];
  const size = read.get('size');
  const filter = filterOf(read);
  const shortest = typeof size === 'number' ? size : ((size as { shortest_edge?: number }).shortest_edge ?? null);
  if (shortest === null) throw invalid(`${read.file}: expected size.shortest_edge for ConvNextImageProcessor`);
  const from = read.from('size', 'crop_pct', 'resample');
  if (shortest >= convNextWarps) {
    return [{ step: { step: 'resize', fit: 'fill', ...square(shortest), filter }, from }];
  }
  const whole = Math.trunc(shortest / (read.get('crop_pct') ?? 1));
  return [
    { step: { step: 'resize', fit: 'shortest', size: whole, filter }, from },
    { step: { step: 'crop', ...square(shortest), margin: 'floor' }, from },
  ];
}

function filterOf(read: Fields): ImageStepOf<'resize'>['filter'] {
  const number = read.get('resample');
  const filter = filters[number];
  if (filter !== undefined) return filter;
  throw invalid(
    `${read.file}: resample ${number} is not supported, expected 0 (nearest), 1 (lanczos), 2 (bilinear) or 3 (bicubic)`,
  );
}

function rectangle(size: Size): { height: number; width: number } {
  if (typeof size === 'number') return square(size);
  if ('height' in size && 'width' in size) return { height: size.height as number, width: size.width as number };
  return square(size.shortest_edge as number);
}

function values(read: Fields, config: ImageProcessorConfig): FoundStep[] {
  const steps: FoundStep[] = [];
  if (read.get('do_rescale')) {
    steps.push({
      step: { step: 'scale', by: config.rescale_factor ?? 1 / 255 },
      from: config.rescale_factor === undefined ? 'default of every processor' : `${read.file}: rescale_factor`,
    });
  }
  if (read.get('do_normalize')) {
    const [mean, std] = [read.get('image_mean'), read.get('image_std')];
    if (mean == null || std == null) throw invalid(`${read.file}: do_normalize needs image_mean and image_std`);
    if ([std].flat().some((each) => each <= 0)) throw invalid(`${read.file}: image_std has to be above 0`);
    const step: ImageStep = { step: 'normalise', mean: [mean].flat(), std: [std].flat() };
    steps.push({ step, from: read.from('image_mean', 'image_std') });
  }
  return steps;
}
