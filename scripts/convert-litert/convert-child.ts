// The process that convert-guarded.ts starts: `node convert-child.ts <job.json>`. The result is on disk before it is reported.
import { readFileSync, writeFileSync } from 'node:fs';
import { readModel } from '../onnx/model-file.ts';
import { convertModel } from './convert.ts';
import type { ConversionJob, ConversionMessage } from './convert-guarded.ts';
import { Refusal } from './refusal.ts';

const { model, target, shapes } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as ConversionJob;
process.send?.(await convert());
process.disconnect?.();

async function convert(): Promise<ConversionMessage> {
  try {
    const onnx = readModel(new Uint8Array(readFileSync(model)));
    const { bytes, steps } = await convertModel(onnx, new Map(Object.entries(shapes)));
    writeFileSync(target, bytes);
    return { steps };
  } catch (error) {
    if (error instanceof Refusal) return { fault: error.sentence, refused: true };
    return { fault: error instanceof Error ? error.message : String(error), refused: false };
  }
}
