// Outputs whose shape neither the file nor the runtime knows: their rank is what sample runs have.

import type { InspectedSession } from '../inspect/inspector.ts';
import { unprocessable } from '../inspect/refusal.ts';
import type { OnnxModel } from '../onnx/model-file.ts';
import { hasNoShape } from './given-shapes.ts';
import type { Sample } from './samples.ts';

type Described = InspectedSession['outputs'][number];

export interface KnownOutputs {
  readonly outputs: readonly Described[];
  readonly notes: readonly string[];
}

/**
 * @param outputs as the runtime lists them: it shows one of unknown rank like a scalar
 * @throws {PopserveError} UNPROCESSABLE for an output whose rank no run tells, or that has several
 */
export function knownOutputs(
  onnx: OnnxModel | null,
  outputs: readonly Described[],
  samples: readonly Sample[],
): KnownOutputs {
  const without = new Set((onnx?.graph.output ?? []).filter(hasNoShape).map(({ name }) => name));
  const notes: string[] = [];
  const known = outputs.map((output): Described => {
    const { name, shape } = output;
    if (shape.length > 0 || !without.has(name)) return output;
    const ranks = new Set(samples.map((sample) => rankOf(sample, name)));
    const [rank] = ranks;
    if (rank === undefined || ranks.size > 1) {
      const found = ranks.size > 1 ? `runs give it ${[...ranks].sort().join(' and ')} dimensions` : 'no run shows it';
      throw unprocessable(`the file gives no shape for output '${name}', and ${found}: give it with --shape ${name}=…`);
    }
    if (rank > 0)
      notes.push(`the file gives no shape for output '${name}': it has ${rank} dimensions in the sample runs`);
    return { ...output, shape: Array.from({ length: rank }, () => '') };
  });
  return { outputs: known, notes };
}

function rankOf({ outputs }: Sample, name: string): number {
  return outputs.find((output) => output.name === name)?.shape.length ?? 0;
}
