// The settings of the input sample: which models are sampled, how many rows, and how long they are kept. It is off unless the
// operator names a model.
import * as z from 'zod';
import { modelNameSchema } from '../../../registry/names.ts';

export interface SampleSettings {
  /** The rows of a time window for each version, keyed by model. A model that is not named is not sampled. */
  readonly models: ReadonlyMap<string, number>;
  readonly windowSeconds: number;
  /** How long rows are kept after the end of their window. */
  readonly keptSeconds: number;
}

/** The limit for all models together, so that the rows in an isolate stay small beside the heap. */
const mostRows = 500;

const modelsSetting = z
  .string()
  .default('off')
  .transform((text, context) => {
    const models = new Map<string, number>();
    const fault = (message: string) => context.issues.push({ code: 'custom', message, input: text });
    for (const part of text.split(',').map((word) => word.trim())) {
      if (part === '' || part === 'off') continue;
      const [, model = '', digits = '0'] = /^(.*)=(\d{1,9})$/.exec(part) ?? [];
      if (!modelNameSchema.safeParse(model).success || Number(digits) < 1) {
        fault(`expected 'off' or models with their rows, like 'machine-failure=200', got '${part.slice(0, 80)}'`);
      } else if (models.has(model)) {
        fault(`'${model}' is named twice`);
      }
      models.set(model, Number(digits));
    }
    const rows = [...models.values()].reduce((sum, more) => sum + more, 0);
    if (rows > mostRows) fault(`expected at most ${mostRows} rows of all models together, got ${rows}`);
    return models;
  });

export const sampleVariables = {
  INPUT_SAMPLE: modelsSetting,
  INPUT_SAMPLE_WINDOW_SECONDS: z.coerce.number().int().min(1).max(86_400).default(3600),
  INPUT_SAMPLE_WINDOWS: z.coerce.number().int().min(1).max(168).default(24),
};

type Variables = { [K in keyof typeof sampleVariables]: z.output<(typeof sampleVariables)[K]> };

export function readSampleSettings(variables: Variables): SampleSettings {
  const windowSeconds = variables.INPUT_SAMPLE_WINDOW_SECONDS;
  return {
    models: variables.INPUT_SAMPLE,
    windowSeconds,
    keptSeconds: windowSeconds * variables.INPUT_SAMPLE_WINDOWS,
  };
}
