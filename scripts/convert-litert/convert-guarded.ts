// The conversion in a process of its own: it folds the model with native onnxruntime, which a hostile file may hang or crash.
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onProcessEnd } from '../build/process-end.ts';
import { processModule } from '../build/project.ts';
import { type GuardLimits, runGuarded } from '../inspect/guarded-process.ts';
import { tidy } from '../inspect/refusal.ts';

/** The child's task, in `job.json` of its folder. */
export interface ConversionJob {
  readonly model: string;
  readonly target: string;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
}

/** The child's only message. */
export type ConversionMessage =
  | { readonly steps: Readonly<Record<string, number>> }
  /** `refused`: a sentence about the model; otherwise the conversion failed at it. */
  | { readonly fault: string; readonly refused: boolean };

export interface GuardedConversion {
  /** The model for TensorFlow Lite. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** By output of a quantised model: by how much it changes at most where the last integers before it change by one. */
  readonly steps: Readonly<Record<string, number>>;
}

/**
 * Never fails because of the model: what did not work is said in the answer.
 * @param model `.onnx`
 * @param shapes of the inputs, every size of them
 */
export async function convertGuarded(
  model: Uint8Array,
  shapes: Readonly<Record<string, readonly number[]>>,
  limits: GuardLimits,
): Promise<GuardedConversion | { readonly refused: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'popserve-convert-'));
  using _ = onProcessEnd(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const job: ConversionJob = { model: join(folder, 'model.onnx'), target: join(folder, 'model.tflite'), shapes };
    await writeFile(job.model, model);
    const jobFile = join(folder, 'job.json');
    await writeFile(jobFile, JSON.stringify(job));
    let message: ConversionMessage | undefined;
    const module = processModule('scripts/convert-litert/convert-child.ts');
    const end = await runGuarded({ module, args: [jobFile], nodeFlags: [] }, limits, (sent) => {
      message = sent as ConversionMessage;
    });
    // What it has said counts, however it ended afterwards.
    if (message === undefined) return { refused: `the conversion ${end ?? 'said nothing'}` };
    if ('steps' in message) return { bytes: new Uint8Array(await readFile(job.target)), steps: message.steps };
    return { refused: message.refused ? message.fault : `the conversion failed: ${tidy(message.fault)}` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
