// The answers of a pipeline's task as tensors of the Open Inference Protocol.
import type {
  DetectedObject,
  Embedding,
  GeneratedText,
  LabelScore,
  TaskAnswer,
  TextSpan,
} from '../../registry/api/task-answers.ts';
import type { AfterStep } from '../../registry/pipeline/pipeline.ts';
import type { Tensor } from '../protocol/tensor.ts';

/**
 * @param answers one for each picture or text
 * @returns the outputs of `pipelineSignature`
 */
export function answerTensors(after: AfterStep, answers: readonly TaskAnswer[]): Tensor[] {
  switch (after.step) {
    case 'classify': {
      const rows = answers as readonly LabelScore[][];
      const shape = [rows.length, rows[0]?.length ?? 0];
      const entries = rows.flat();
      return [
        texts('label', shape, entries, ({ label }) => label),
        floats('score', shape, entries, ({ score }) => score),
      ];
    }
    case 'pool': {
      const rows = answers as readonly Embedding[];
      return [floats('embedding', [rows.length, rows[0]?.length ?? 0], rows.flat(), (value) => value)];
    }
    case 'boxes': {
      const found = numbered(answers as readonly DetectedObject[][]);
      const sides = found.flatMap(({ box: { xmin, ymin, xmax, ymax } }) => [xmin, ymin, xmax, ymax]);
      return [...itemised(found, ({ label }) => label), floats('box', [found.length, 4], sides, (side) => side)];
    }
    case 'ctc': {
      const lines = (answers as readonly GeneratedText[][]).flat();
      return [
        texts('text', [lines.length], lines, ({ generated_text: text }) => text),
        floats('score', [lines.length], lines, ({ score }) => score),
      ];
    }
    case 'spans': {
      const found = numbered(answers as readonly TextSpan[][]);
      const shape = [found.length];
      return [
        ...itemised(found, ({ entity_group: name }) => name),
        texts('word', shape, found, ({ word }) => word),
        wholes('start', shape, found, ({ start }) => start),
        wholes('end', shape, found, ({ end }) => end),
      ];
    }
  }
}

/** What was found in each, with which of them it was found in. */
function numbered<T extends object>(answers: readonly (readonly T[])[]): (T & { readonly item: number })[] {
  return answers.flatMap((found, item) => found.map((each) => ({ ...each, item })));
}

function itemised<T extends { readonly item: number; readonly score: number }>(
  found: readonly T[],
  label: (each: T) => string,
): Tensor[] {
  const shape = [found.length];
  return [
    wholes('item', shape, found, ({ item }) => item),
    texts('label', shape, found, label),
    floats('score', shape, found, ({ score }) => score),
  ];
}

function texts<T>(name: string, shape: readonly number[], from: readonly T[], text: (each: T) => string): Tensor {
  const encoder = new TextEncoder();
  return { name, datatype: 'BYTES', shape, data: from.map((each) => encoder.encode(text(each))) };
}

function floats<T>(name: string, shape: readonly number[], from: readonly T[], value: (each: T) => number): Tensor {
  return { name, datatype: 'FP32', shape, data: new Uint8Array(Float32Array.from(from, value).buffer) };
}

function wholes<T>(name: string, shape: readonly number[], from: readonly T[], value: (each: T) => number): Tensor {
  const elements = BigInt64Array.from(from, (each) => BigInt(value(each)));
  return { name, datatype: 'INT64', shape, data: new Uint8Array(elements.buffer) };
}
