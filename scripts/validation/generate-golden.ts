// Golden vectors that are made for a model whose samples are too large to be kept.
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { compareAnswers, type OutputTolerance } from '../inspect/compare.ts';
import { InspectionError } from '../inspect/inspector.ts';
import { runNative } from '../inspect/native.ts';
import { type GeneratedCase, type MadeInput, madeTensor } from '../publish/generated-golden.ts';
import type { Original } from '../publish/original.ts';
import { valueStyles } from '../publish/sample-values.ts';
import type { Source } from '../publish/source.ts';
import { valueHints } from '../publish/value-hints.ts';

const seeds = [1, 2];

/**
 * Inputs of the first sample's shapes, in the first style of values that the model takes.
 * @param ask what the served form of the model answers
 * @returns the cases, and how many have the served runtime's answers; none if the model takes no such values
 */
export async function generateGolden(
  source: Source,
  { samples }: Original,
  settings: { readonly timeoutMs: number; readonly memoryLimitMib: number; readonly tolerance: OutputTolerance },
  ask: (inputs: readonly Tensor[]) => Promise<readonly Tensor[]>,
): Promise<{ readonly cases: readonly GeneratedCase[]; readonly served: number }> {
  const [sample] = samples;
  const hints = source.onnx ? valueHints(source.onnx.graph) : new Map();
  for (const style of sample === undefined ? [] : valueStyles) {
    const made = seeds.map((seed) =>
      (sample?.inputs ?? []).map(({ name, datatype, shape }): MadeInput => {
        const hint = hints.get(name);
        return { name, datatype, shape: [...shape], values: { style, seed, ...(hint === undefined ? {} : { hint }) } };
      }),
    );
    const own = await answersOrNull(made, ask);
    if (own !== null) return settled(source, made, own, settings);
  }
  return { cases: [], served: 0 };
}

/** @returns null if the model refuses values of this style */
async function answersOrNull(
  made: readonly (readonly MadeInput[])[],
  ask: (inputs: readonly Tensor[]) => Promise<readonly Tensor[]>,
): Promise<(readonly Tensor[])[] | null> {
  const answers: (readonly Tensor[])[] = [];
  for (const inputs of made) {
    try {
      answers.push(await ask(inputs.map(madeTensor)));
    } catch (error) {
      if (!(error instanceof InspectionError)) throw error;
      return null;
    }
  }
  return answers;
}

/** Native onnxruntime's answers, and the served runtime's where those are others or missing. */
async function settled(
  source: Source,
  made: readonly (readonly MadeInput[])[],
  own: readonly (readonly Tensor[])[],
  { timeoutMs, memoryLimitMib: memoryMib, tolerance }: Parameters<typeof generateGolden>[2],
) {
  const { references } = await runNative({
    model: source.model,
    format: source.format,
    convert: false,
    samples: made.map((inputs) => async () => inputs.map(madeTensor)),
    limits: { timeoutMs, memoryMib },
  });
  let served = 0;
  const cases = made.map((inputs, index): GeneratedCase => {
    const answer = own[index] ?? [];
    const reference = 'fault' in references ? undefined : references[index];
    if (reference !== undefined && compareAnswers(reference, answer, tolerance) === null) {
      return { inputs, outputs: reference };
    }
    served++;
    return { inputs, outputs: answer };
  });
  return { cases, served };
}
