// Native onnxruntime's view of a model: the converted form, and the answers that the WASM runtime's are compared with.
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { Artifact } from '../inspect/artifact.ts';
import { compareAnswers } from '../inspect/compare.ts';
import { type NativeAnswers, runNative } from '../inspect/native.ts';
import { unprocessable } from '../inspect/refusal.ts';
import type { Progress } from './options.ts';
import type { Original } from './original.ts';
import type { PreparationSettings } from './settings.ts';
import type { Source } from './source.ts';

/** Inputs that are run after the samples. */
export interface FurtherInputs {
  readonly testBatches: readonly { readonly readInputs: () => Promise<readonly Tensor[]> }[];
}

/** Converts only what can be checked afterwards. */
export async function askNative(
  source: Source,
  { samples }: Original,
  further: FurtherInputs | null,
  settings: PreparationSettings,
  progress: Progress,
): Promise<NativeAnswers | null> {
  if (samples.length === 0) return null;
  const convert = source.format === 'onnx' && settings.format !== 'onnx';
  progress.step(convert ? 'converting to ORT format, running natively' : 'running natively');
  return runNative({
    model: source.model,
    format: source.format,
    convert,
    samples: [
      ...samples.map(
        ({ inputs }) =>
          async () =>
            inputs,
      ),
      ...(further?.testBatches ?? []).map(({ readInputs }) => readInputs),
    ],
    limits: { timeoutMs: settings.timeoutMs, memoryMib: settings.memoryLimitMib },
  });
}

/** @returns the native answers, or null where there are none; notes where the WASM runtime's differ from them */
export function checkNative(
  source: Source,
  { samples, randomness }: Original,
  native: NativeAnswers | null,
  settings: PreparationSettings,
  note: (text: string) => void,
): readonly (readonly Tensor[])[] | null {
  const isConverted = native !== null && native.converted instanceof Uint8Array;
  if (settings.format === 'ort' && source.format === 'onnx' && !isConverted) {
    const reason = native && 'fault' in native.converted ? native.converted.fault : 'no sample inputs to check it with';
    throw unprocessable(`${source.file} cannot be converted to ORT format: ${reason}`);
  }
  if (native === null) return null;
  if (source.format === 'onnx' && settings.format === 'auto' && 'fault' in native.converted) {
    note(`published as .onnx: conversion to ORT format failed (${native.converted.fault})`);
  }
  const { references } = native;
  if ('fault' in references) {
    note(`not compared with native onnxruntime, which gave no answer (${references.fault})`);
    return null;
  }
  for (const [index, { outputs }] of randomness === null ? samples.entries() : []) {
    const difference = compareAnswers(references[index] ?? [], outputs, settings.tolerance);
    if (difference === null) continue;
    note(`the WASM runtime's answers differ from native onnxruntime's beyond the tolerance: ${difference}`);
    break;
  }
  return references;
}

export function candidatesOf(
  source: Source,
  native: NativeAnswers | null,
  { format }: PreparationSettings,
): Artifact[] {
  const original: Artifact = { format: source.format, bytes: source.model };
  const converted = native?.converted;
  if (!(converted instanceof Uint8Array)) return [original];
  const candidate: Artifact = { format: 'ort', bytes: converted };
  return format === 'ort' ? [candidate] : [candidate, original];
}

/** Native answers to the test data: they come after those to the samples. */
export function testAnswers(
  native: NativeAnswers | null,
  { samples, randomness }: Original,
): NativeAnswers['references'] {
  if (randomness !== null) return { fault: 'the model draws random numbers' };
  if (native === null) return { fault: 'it was not asked' };
  return 'fault' in native.references ? native.references : native.references.slice(samples.length);
}
