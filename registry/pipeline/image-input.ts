// The steps from pictures to a model's input.
import * as z from 'zod';
import { nameText } from '../bounds.ts';

export const pictureFormats = ['jpeg', 'png', 'webp'] as const;
export type PictureFormat = (typeof pictureFormats)[number];

/** Sides of a picture within a pipeline, in pixels. */
const side = z.int().min(1).max(8192);
/** A channel's value, 0 to 255. */
const level = z.int().min(0).max(255);
/** One for each channel. */
const perChannel = z.array(z.number()).min(1).max(3);

/** Pillow's filters of the same names. */
const filter = z.enum(['nearest', 'bilinear', 'bicubic', 'lanczos']);

export const imageStepSchema = z.discriminatedUnion('step', [
  /** Bytes to pixels. Transparency is dropped, as Pillow's `convert('RGB')` does. */
  z.strictObject({ step: z.literal('decode'), formats: z.array(z.enum(pictureFormats)).min(1).max(3) }),
  /** Turns and mirrors the picture as its EXIF data say. */
  z.strictObject({ step: z.literal('orient') }),
  /** Order of the channels; `grey` is the luma of ITU-R 601. */
  z.strictObject({ step: z.literal('colour'), to: z.enum(['rgb', 'bgr', 'grey']) }),
  z.discriminatedUnion('fit', [
    /** To this size, whatever the shape was. */
    z.strictObject({ step: z.literal('resize'), fit: z.literal('fill'), height: side, width: side, filter }),
    /**
     * The shorter side to this many pixels, the longer one in proportion, rounded down. Both are smaller where the longer one had more
     * than `longest`, and each is cut down to a multiple of `multiple`.
     */
    z.strictObject({
      ...{ step: z.literal('resize'), fit: z.literal('shortest'), size: side, filter },
      ...{ longest: side.exactOptional(), multiple: side.exactOptional() },
    }),
    /** As large as fits, with a frame of this value around it: in the middle, or in the corner at the top left. */
    z.strictObject({
      ...{ step: z.literal('resize'), fit: z.literal('letterbox'), height: side, width: side, filter, value: level },
      place: z.enum(['middle', 'corner']).exactOptional(),
    }),
    /**
     * A line of writing: to this height, the width in proportion, rounded up, and at most this. Behind it stand elements of `padding`,
     * a value after normalisation, up to the least width and to the widest line of its batch.
     */
    z
      .strictObject({
        ...{ step: z.literal('resize'), fit: z.literal('height'), height: side, filter },
        ...{ leastWidth: side, mostWidth: side, padding: z.number() },
      })
      .refine(({ leastWidth, mostWidth }) => leastWidth <= mostWidth, {
        message: 'expected a leastWidth that is not above mostWidth',
      }),
  ]),
  /**
   * Cut from the centre; where the picture is smaller it is framed with zeros. If the two margins differ, the first is the smaller one
   * (`floor`, as transformers does it) or the even one (`even`, as torchvision does it).
   */
  z.strictObject({ step: z.literal('crop'), height: side, width: side, margin: z.enum(['floor', 'even']) }),
  /** Framed at the right and the bottom. */
  z.strictObject({ step: z.literal('pad'), height: side, width: side, value: level }),
  /** Each value multiplied by this, `1 / 255` for example. */
  z.strictObject({ step: z.literal('scale'), by: z.number().positive() }),
  /** `(value - mean) / std`, each channel with its own. */
  z.strictObject({ step: z.literal('normalise'), mean: perChannel, std: z.array(z.number().positive()).min(1).max(3) }),
  /** The order of axes behind that of the batch, and the elements. */
  z.strictObject({
    step: z.literal('layout'),
    order: z.enum(['nchw', 'nhwc']),
    datatype: z.enum(['FP16', 'FP32', 'FP64', 'UINT8', 'INT8']),
  }),
]);

export type ImageStep = z.infer<typeof imageStepSchema>;
/** A step of one name. */
export type ImageStepOf<N extends ImageStep['step']> = Extract<ImageStep, { step: N }>;

/** The only order in which steps may stand; each at most once. */
const imageOrder = ['decode', 'orient', 'colour', 'resize', 'crop', 'pad', 'scale', 'normalise', 'layout'] as const;
const neededImageSteps = ['decode', 'colour', 'layout'] as const;

const imageStepsSchema = z
  .array(imageStepSchema)
  .min(neededImageSteps.length)
  .max(imageOrder.length)
  .superRefine((steps, context) => {
    const places = steps.map(({ step }) => imageOrder.indexOf(step));
    places.forEach((place, index) => {
      if (index === 0 || place > (places[index - 1] ?? -1)) return;
      const [name, before] = [steps[index]?.step, steps[index - 1]?.step];
      const message = `expected the order ${imageOrder.join(', ')}, each at most once, got '${name}' behind '${before}'`;
      context.addIssue({ code: 'custom', path: [index], message });
    });
    for (const needed of neededImageSteps) {
      if (steps.some(({ step }) => step === needed)) continue;
      context.addIssue({ code: 'custom', message: `expected a step '${needed}'` });
    }
  });

export const imageInputSchema = z.strictObject({
  /** The model's input. */
  input: nameText,
  steps: imageStepsSchema,
});

export type ImageInput = z.infer<typeof imageInputSchema>;
