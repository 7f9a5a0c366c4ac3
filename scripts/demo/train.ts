// npm run demo:train: trains the demo model and writes it with its figures and test data to scripts/demo/model/.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { demoPlan, releaseTestData, trainDemoModel } from './training.ts';

const folder = join(import.meta.dirname, 'model');
const { onnx, metrics } = await trainDemoModel(demoPlan);
await mkdir(folder, { recursive: true });
await writeFile(join(folder, 'machine-failure.onnx'), onnx);
await writeFile(join(folder, 'test.csv'), releaseTestData(demoPlan));
await writeFile(join(folder, 'metrics.json'), `${JSON.stringify(metrics, null, 2)}\n`);
const { accuracy, precision, recall, f1, rocAuc } = metrics.test;
console.log(`machine-failure.onnx: ${metrics.trees} trees, ${onnx.length} bytes`);
console.log(`held-out: ROC AUC ${rocAuc}, F1 ${f1}, precision ${precision}, recall ${recall}, accuracy ${accuracy}`);
