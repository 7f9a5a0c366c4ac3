// npm run fits -- MODEL.onnx …: what each model costs a Worker, as publishing measures it. The table of docs/what-fits.md is made by it.
import { basename, dirname } from 'node:path';
import { defaultLimits } from '../../../registry/default-limits.ts';
import type { Manifest } from '../../../registry/manifest.ts';
import { mebibyte } from '../../../registry/mebibytes.ts';
import { Inspector } from '../../inspect/inspector.ts';
import { preparePublication } from '../../validation/prepare-publication.ts';

/** Prices of docs/cost.md. */
const dollarsPerMillionRequests = 0.3;
const dollarsPerMillionMs = 0.02;

const files = process.argv.slice(2);
if (files.length === 0) {
  process.stderr.write('usage: npm run fits -- MODEL.onnx …\n');
  process.exit(2);
}
const head = ['model', 'file, MiB', 'lean adds, MiB', 'fast adds, MiB', 'load, ms', 'run, ms', '$ per million'];
const rows = [head, head.map(() => '---')];
const inspector = await Inspector.start();
for (const [index, file] of files.entries()) {
  process.stderr.write(`measuring ${file} (${index + 1} of ${files.length}) …\n`);
  rows.push(await measure(file));
}
await inspector.close();
process.stdout.write(`${rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`);

/** A row of the table; a model that cannot be served says why. */
async function measure(file: string): Promise<string[]> {
  const name = basename(file) === 'model.onnx' ? basename(dirname(file)) : basename(file).replace(/\.\w+$/, '');
  try {
    const { manifest } = await preparePublication(
      { file, model: 'measured', version: '1', probeLimitMs: 0, engine: 'onnxruntime' },
      { step: () => undefined, note: () => undefined },
      inspector,
    );
    return [name, ...figures(manifest)];
  } catch (error) {
    return [name, error instanceof Error ? error.message : String(error), '', '', '', '', ''];
  }
}

function figures({ artifacts, runtime }: Manifest): string[] {
  const { lean, fast } = runtime.profiles;
  const heap = (profile: typeof lean) => (profile === undefined ? '' : sizeText(profile.heapBytes));
  // A Worker with room takes the fast profile.
  const best = fast !== undefined && fast.heapBytes <= defaultLimits.memoryBudgetMib * mebibyte ? fast : lean;
  const dollars = dollarsPerMillionRequests + (best?.runMs ?? 0) * dollarsPerMillionMs;
  return [
    sizeText(artifacts.model.bytes),
    heap(lean),
    heap(fast),
    best === undefined ? '' : best.createMs.toFixed(0),
    best === undefined ? '' : String(Number(best.runMs.toPrecision(2))),
    dollars.toFixed(2),
  ];
}

function sizeText(bytes: number): string {
  return (bytes / mebibyte).toPrecision(3);
}
