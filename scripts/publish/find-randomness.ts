// Does a model draw random numbers? The graph says so, and decides: a draw may come out the same twice. A model whose graph is not
// read, or has an operator that is not known to draw, is found out by asking it the same again.
import { PopserveError } from '../../registry/errors.ts';
import type { Randomness } from '../../registry/randomness.ts';
import { exactly } from '../../worker/protocol/compare-elements.ts';
import { compareAnswers } from '../inspect/compare.ts';
import type { WasmModel } from '../inspect/wasm-model.ts';
import type { OnnxModel } from '../onnx/model-file.ts';
import { randomOperators } from '../onnx/random-operators.ts';
import type { Sample } from './samples.ts';

/** So often a sample is asked again, where a graph was looked at and where there is none. */
const repeats = { withGraph: 1, withoutGraph: 8 };

/**
 * @param onnx null where the graph is not read
 * @returns null for a model that gives the same answer to the same question
 */
export async function findRandomness(
  onnx: OnnxModel | null,
  model: Pick<WasmModel, 'run'>,
  samples: readonly Sample[],
): Promise<Randomness | null> {
  const operators = onnx === null ? [] : randomOperators(onnx);
  if (operators.length > 0) return { operators };
  const [sample] = samples;
  if (sample === undefined) return null;
  for (let run = 0; run < (onnx === null ? repeats.withoutGraph : repeats.withGraph); run++) {
    const again = await model.run(sample.inputs);
    if (compareAnswers(sample.outputs, again.outputs, exactly) !== null) return { operators };
  }
  return null;
}

/** @throws PopserveError UNPROCESSABLE unless the publisher allows a model that draws random numbers */
export function requireAllowed(file: string, randomness: Randomness | null, isAllowed: boolean): void {
  if (randomness === null || isAllowed) return;
  const what = `${file} gives two answers to the same question: ${describeCause(randomness)}`;
  throw new PopserveError(
    'UNPROCESSABLE',
    `${what}. Its answers can be neither verified, compared nor cached; --allow-random publishes it nevertheless`,
  );
}

export function describeRandomness(randomness: Randomness): string {
  return `answers are random: ${describeCause(randomness)}. There are no golden vectors, nothing is cached, and no shadow is compared`;
}

function describeCause({ operators }: Randomness): string {
  if (operators.length === 0) return 'two runs on one input differ, though no operator is known to draw random numbers';
  return `it draws random numbers (${operators.join(', ')})`;
}
