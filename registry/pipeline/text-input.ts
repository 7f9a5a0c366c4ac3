// The steps from texts to a model's inputs.
import * as z from 'zod';
import { mostEntries, nameText, plainText } from '../bounds.ts';

/** Tokens of a text; no tokenizer's model takes nearly as many. */
const tokens = z.int().min(1).max(131_072);
/** Where a shorter text is filled up. */
const side = z.enum(['right', 'left']);
/** The token that fills up. */
const id = z.int().min(0).max(2_147_483_647);

export const textStepSchema = z.discriminatedUnion('step', [
  /** A text that is put before each one that was sent: by its name, or the standard one where none is named. */
  z.strictObject({
    step: z.literal('prompt'),
    texts: z
      .record(nameText.min(1), plainText)
      .refine((texts) => Object.keys(texts).length <= mostEntries, { error: 'expected fewer prompts' }),
    standard: nameText.min(1).exactOptional(),
  }),
  /** Texts to the numbers of tokens; the tokenizer is an artifact of the version. */
  z.strictObject({ step: z.literal('tokenise'), specialTokens: z.boolean() }),
  /** The first tokens, as many as this with the special ones. */
  z.strictObject({ step: z.literal('truncate'), length: tokens }),
  z.discriminatedUnion('to', [
    /** To the longest text of a batch, rounded up to a multiple. */
    z.strictObject({ step: z.literal('pad'), to: z.literal('batch'), multiple: tokens.exactOptional(), side, id }),
    z.strictObject({ step: z.literal('pad'), to: z.literal('length'), length: tokens, side, id }),
  ]),
  /** The elements of all inputs. */
  z.strictObject({ step: z.literal('layout'), datatype: z.enum(['INT64', 'INT32']) }),
]);

export type TextStep = z.infer<typeof textStepSchema>;
/** A step of one name. */
export type TextStepOf<N extends TextStep['step']> = Extract<TextStep, { step: N }>;

/** The only order in which steps may stand; each at most once. */
const textOrder = ['prompt', 'tokenise', 'truncate', 'pad', 'layout'] as const;
const neededTextSteps = ['tokenise', 'truncate', 'pad', 'layout'] as const;

const textStepsSchema = z
  .array(textStepSchema)
  .min(neededTextSteps.length)
  .max(textOrder.length)
  .superRefine((steps, context) => {
    const places = steps.map(({ step }) => textOrder.indexOf(step));
    places.forEach((place, index) => {
      if (index === 0 || place > (places[index - 1] ?? -1)) return;
      const [name, before] = [steps[index]?.step, steps[index - 1]?.step];
      const message = `expected the order ${textOrder.join(', ')}, each at most once, got '${name}' behind '${before}'`;
      context.addIssue({ code: 'custom', path: [index], message });
    });
    for (const needed of neededTextSteps) {
      if (steps.some(({ step }) => step === needed)) continue;
      context.addIssue({ code: 'custom', message: `expected a step '${needed}'` });
    }
    const [prompt, truncate, pad] = [stepIn(steps, 'prompt'), stepIn(steps, 'truncate'), stepIn(steps, 'pad')];
    if (prompt?.standard !== undefined && !Object.hasOwn(prompt.texts, prompt.standard)) {
      context.addIssue({
        code: 'custom',
        message: `prompt: expected a text for '${prompt.standard}', the standard one`,
      });
    }
    if (pad?.to === 'length' && truncate !== undefined && truncate.length > pad.length) {
      const message = `pad: ${pad.length} tokens are fewer than the ${truncate.length} that truncate leaves`;
      context.addIssue({ code: 'custom', message });
    }
  });

export const textInputSchema = z.strictObject({
  /** The model's inputs: numbers of tokens, 1 where a token is no filling, and which of two texts a token is of. */
  inputs: z.strictObject({ ids: nameText, mask: nameText.exactOptional(), types: nameText.exactOptional() }),
  steps: textStepsSchema,
});

export type TextInput = z.infer<typeof textInputSchema>;

/** The step of this name; undefined where the pipeline has none. */
export function textStep<N extends TextStep['step']>(
  { steps }: Pick<TextInput, 'steps'>,
  name: N,
): TextStepOf<N> | undefined {
  return stepIn(steps, name);
}

function stepIn<N extends TextStep['step']>(steps: readonly TextStep[], name: N): TextStepOf<N> | undefined {
  return steps.find((step): step is TextStepOf<N> => step.step === name);
}
