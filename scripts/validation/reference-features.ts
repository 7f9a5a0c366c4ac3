// The baseline from what was run: inputs as they went in, outputs as they came out; of a version with a pipeline its pictures or texts
// and its answers instead.
import type { TaskAnswer } from '../../registry/api/task-answers.ts';
import { type Baseline, takeBaseline, takeItemBaseline } from '../../registry/baseline.ts';
import { inRows } from '../../registry/batch.ts';
import { type ReferenceRows, sumUp } from '../../registry/feature.ts';
import { outputsRead, type Pipeline } from '../../registry/pipeline/pipeline.ts';
import type { Signature, TensorSpec } from '../../registry/signature.ts';
import { answerFeatures, itemFeatures } from '../../worker/pipeline/item-features.ts';
import type { Item } from '../../worker/pipeline/items.ts';
import { taskAnswers } from '../../worker/pipeline/task-answers.ts';
import { elementsOf, type NumericDatatype } from '../../worker/protocol/elements.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { Answer } from './answers.ts';
import type { TestData } from './test-data.ts';

/** Collects the tensors of run after run. Of large inputs only the figures are kept that sum a row up. */
export class ReferenceFeatures {
  readonly #signature: Signature;
  readonly #data: TestData;
  readonly #pipeline: Pipeline | null;
  readonly #inputs: ReadonlyMap<string, TensorSpec>;
  readonly #tensors = new Map<string, ReferenceRows[]>();

  /** @param pipeline that of the version, null where it has none */
  constructor(signature: Signature, data: TestData, pipeline: Pipeline | null) {
    this.#signature = signature;
    this.#data = data;
    this.#pipeline = pipeline;
    this.#inputs = new Map(signature.inputs.map((spec) => [spec.name, inRows(spec, signature)]));
  }

  add(tensors: readonly Tensor[]): void {
    for (const tensor of tensors) {
      const runs = this.#tensors.get(tensor.name) ?? [];
      const spec = this.#inputs.get(tensor.name);
      const rows = featureTensor(inRows(tensor, this.#signature));
      runs.push(spec === undefined ? rows : sumUp(spec, rows));
      this.#tensors.set(tensor.name, runs);
    }
  }

  /**
   * @param answers of all runs whose inputs were added
   * @param scores the output that holds scores of classes, where that is known
   */
  baseline(answers: readonly Answer[], scores: string | undefined): Baseline {
    const ofItems = this.#itemBaseline(answers);
    if (ofItems !== null) return ofItems;
    for (const { outputs } of answers) this.add(outputs);
    const known = scores === undefined ? {} : { scores: new Set([scores]) };
    const { names, reference } = this.#data;
    return takeBaseline(this.#signature, { tensors: this.#tensors, names, ...known }, reference);
  }

  /** @returns null where the data are tensors, or the version takes nothing else */
  #itemBaseline(answers: readonly Answer[]): Baseline | null {
    const pipeline = this.#pipeline;
    const { items = [], reference } = this.#data;
    if (pipeline === null || items.length === 0) return null;
    const answered: { rows: readonly Item[]; answers: readonly TaskAnswer[] }[] = [];
    for (const { from, to, outputs } of answers) {
      const rows = items.slice(from, to).filter((item) => item !== undefined);
      if (rows.length !== to - from) return null;
      answered.push({ rows, answers: taskAnswers(pipeline, outputs, rows, {}) });
    }
    const { step } = pipeline.after;
    return takeItemBaseline(
      {
        input: 'image' in pipeline ? pipeline.image.input : pipeline.text.inputs.ids,
        items: answered.flatMap(({ rows }) => rows.map(itemFeatures)),
        output: outputsRead(pipeline.after)[0] ?? '',
        answers: answered.flatMap(({ answers: own }) => own.map((answer) => answerFeatures(step, answer))),
      },
      reference,
    );
  }
}

function featureTensor({ datatype, shape, data }: Tensor) {
  if (!(data instanceof Uint8Array)) return { shape, elements: data.map((bytes) => new TextDecoder().decode(bytes)) };
  return { shape, elements: elementsOf(datatype as NumericDatatype, data) as ArrayLike<number> };
}
