// The golden vectors of a version as bytes, with a note where they are not what a publisher would expect.

import type { Pipeline } from '../../registry/pipeline/pipeline.ts';
import type { Tokenizer } from '../../worker/pipeline/text/tokenizer.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { OutputTolerance } from '../inspect/compare.ts';
import type { Inspector } from '../inspect/inspector.ts';
import { encodeGeneratedGolden } from '../publish/generated-golden.ts';
import { encodeGolden, encodeGoldenItems } from '../publish/golden.ts';
import type { Original } from '../publish/original.ts';
import type { PreparationSettings } from '../publish/settings.ts';
import type { Source } from '../publish/source.ts';
import { generateGolden } from './generate-golden.ts';
import { goldenCases } from './golden-cases.ts';
import { pipelineGolden } from './pipeline-golden.ts';
import { type Served, ServedModel } from './served-model.ts';
import type { Predictions } from './task.ts';
import type { TestData } from './test-data.ts';

export interface GoldenSubject {
  readonly source: Source;
  readonly original: Original;
  /** Answers of native onnxruntime to the samples, or null where there are none. */
  readonly references: readonly (readonly Tensor[])[] | null;
  readonly version: Served;
  /** Of each output. */
  readonly tolerance: OutputTolerance;
  readonly judged: { readonly test: TestData; readonly predictions: Predictions } | null;
  /** With the tokenizer of one that takes texts. */
  readonly pipeline: { readonly pipeline: Pipeline; readonly tokenizer: Tokenizer | null } | null;
}

/** @returns null where there is nothing to compare an answer with */
export async function makeGolden(
  inspector: Inspector,
  { source, original, references, version, tolerance, judged, pipeline }: GoldenSubject,
  preparation: PreparationSettings,
  note: (text: string) => void,
): Promise<Uint8Array<ArrayBuffer> | null> {
  // Its answers are others at every run.
  if (original.randomness !== null) return null;
  const settings = { ...preparation, tolerance };
  const ask = servedAnswers(inspector, version, preparation);
  if (pipeline !== null) {
    const { cases, served } = await pipelineGolden(source, pipeline, settings, ask);
    if (served > 0) note(describeServed(served, cases.length));
    return encodeGoldenItems(cases);
  }
  if (original.samples.length === 0) return null;
  const { cases, served } = await goldenCases(source, original, references, judged, settings, ask);
  const golden = encodeGolden(cases);
  if (golden !== null) {
    if (served > 0) note(describeServed(served, cases.length));
    return golden.bytes;
  }
  const made = await generateGolden(source, original, settings, ask);
  const bytes = made.cases.length === 0 ? null : encodeGeneratedGolden(made.cases);
  if (bytes === null) {
    note(
      'no golden vectors: the sample inputs and outputs take more than 256 KiB as JSON, or are no text, and the model takes no generated values',
    );
    return null;
  }
  note(
    'golden vectors have generated values: the sample inputs and outputs take more than 256 KiB as JSON, or are no text',
  );
  if (made.served > 0) note(describeServed(made.served, made.cases.length));
  return bytes;
}

function describeServed(served: number, cases: number): string {
  return `${served} of ${cases} golden vectors have the WASM runtime's own answers: native onnxruntime has none, or others beyond the tolerance`;
}

/** Asks the form of the model that is served, in the engine that serves it, loaded at the first question. */
function servedAnswers(
  inspector: Inspector,
  version: Served,
  { memoryBudgetMib: heapLimitMib, timeoutMs }: PreparationSettings,
): (inputs: readonly Tensor[]) => Promise<readonly Tensor[]> {
  let loading: Promise<ServedModel> | undefined;
  return async (inputs) => {
    loading ??= ServedModel.load(inspector, version, 'lean', { heapLimitMib, timeoutMs });
    return (await loading).run(inputs);
  };
}
