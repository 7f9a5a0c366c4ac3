// The sampled inputs of a model, for its administrator. Reading them is noted for the audit, like a change.
import type { Isolate } from '../isolate.ts';
import { sampleLines } from '../telemetry/sample/sample-lines.ts';
import type { SampleCounts } from '../telemetry/sample/sample-part.ts';
import type { Operator } from './release.ts';
import type { Part } from './reports.ts';

/**
 * @returns the rows as JSON lines, with how many there are
 * @throws PopserveError NOT_FOUND
 */
export async function readInputSample(
  { registry, telemetry }: Isolate,
  model: string,
  part: Part,
  operator: Operator,
): Promise<{ counts: SampleCounts; lines: ReadableStream<Uint8Array> }> {
  // Before the object is reached: the platform would make one for any name.
  await registry.requireModel(model);
  const object = telemetry.object(model);
  using opened = await object.openSample(part);
  const { rows, seen, skipped } = opened.counts;
  const { lines, next } = opened.first;
  operator.note('input sample read', { model, ...part, rows });
  const first = { lines, next: next === null ? null : { ...next } };
  return { counts: { rows, seen, skipped }, lines: sampleLines(object, part, first) };
}

/** @returns how many rows there were @throws PopserveError NOT_FOUND */
export async function deleteInputSample(
  { registry, telemetry }: Isolate,
  model: string,
  operator: Operator,
): Promise<number> {
  await registry.requireModel(model);
  const rows = await telemetry.object(model).deleteSample();
  operator.note('input sample deleted', { model, rows });
  return rows;
}
