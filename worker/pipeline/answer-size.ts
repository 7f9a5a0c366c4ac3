// How large the answers of a task become at most, from what the model gave: known before one of them is made.
import { PopserveError } from '../../registry/errors.ts';
import { largest } from '../../registry/extremes.ts';
import type { AfterStep } from '../../registry/pipeline/pipeline.ts';
import { elementCount } from '../../registry/signature.ts';
import type { Tensor } from '../protocol/tensor.ts';
import type { Item } from './items.ts';

/** Names, quotes and numbers of an entry, beside its label. */
const entryBytes = 64;
const boxBytes = 128;
/** An FP32 as JSON with its comma. */
const numberBytes = 15;

/**
 * @param outputs as the model gave them
 * @param topK classes that the caller asked for
 * @throws {PopserveError} TOO_LARGE beyond `maxBytes`, with what would be smaller
 */
export function checkTaskAnswerSize(
  after: AfterStep,
  outputs: readonly Tensor[],
  items: readonly Item[],
  topK: number | undefined,
  maxBytes: number,
): number {
  const bytes = items.length * 2 + answerBytes(after, outputs, items, topK);
  if (bytes <= maxBytes) return bytes;
  throw new PopserveError(
    'TOO_LARGE',
    `${after.step}: ${items.length} answers take up to ${Math.round(bytes)} bytes, the limit is ${maxBytes}; send fewer at once`,
  );
}

function answerBytes(after: AfterStep, outputs: readonly Tensor[], items: readonly Item[], topK = 0): number {
  switch (after.step) {
    case 'classify': {
      const entries = Math.min(topK || after.topK, after.labels.length);
      return items.length * entries * (entryBytes + labelBytes(after.labels));
    }
    case 'boxes':
      return items.length * after.most * (entryBytes + boxBytes + labelBytes(after.labels));
    case 'ctc': {
      const steps = shapeOf(outputs, after.output)[1] ?? 0;
      return items.length * (entryBytes + steps * labelBytes(after.labels));
    }
    case 'pool': {
      const shape = shapeOf(outputs, after.output);
      const width = after.how === 'none' ? elementCount(shape.slice(1)) : (shape[shape.length === 4 ? 1 : 2] ?? 0);
      return items.length * width * numberBytes;
    }
    case 'spans': {
      const texts = items.filter((item) => 'text' in item);
      const tokens = texts.reduce((sum, item) => sum + item.tokens, 0);
      const words = texts.reduce((sum, { text }) => sum + text.length * escapeBytes, 0);
      return tokens * (entryBytes + boxBytes + labelBytes(after.labels)) + words;
    }
  }
}

function shapeOf(outputs: readonly Tensor[], name: string): readonly number[] {
  return outputs.find((output) => output.name === name)?.shape ?? [];
}

/** A character takes six bytes at most, as an escape. */
const escapeBytes = 6;

function labelBytes(labels: readonly string[]): number {
  return (
    escapeBytes *
    largest(
      labels.map(({ length }) => length),
      0,
    )
  );
}
