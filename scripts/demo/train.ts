// npm run demo:train [failure|gauge]: trains the demo models and writes them with their figures to scripts/demo/model/.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Random } from '../random.ts';
import { demoModel, demoPictureModel } from './demo-model.ts';
import { drawPlainGauge } from './gauge/draw-gauge.ts';
import { pngOf, releaseGaugeModel } from './gauge/release.ts';
import { gaugePlan, testGauges, trainGaugeModel } from './gauge/training.ts';
import { demoPlan, releaseTestData, trainDemoModel } from './training.ts';

const trainings = { failure: trainFailure, gauge: trainGauge };
const [named] = process.argv.slice(2);
const chosen = Object.entries(trainings).filter(([name]) => named === undefined || name === named);
if (chosen.length === 0) throw new Error(`expected one of ${Object.keys(trainings).join(', ')}, got '${named}'`);
for (const [, training] of chosen) await training();

async function trainFailure(): Promise<void> {
  const folder = dirname(demoModel.file);
  const { onnx, metrics } = await trainDemoModel(demoPlan);
  await mkdir(folder, { recursive: true });
  await writeFile(demoModel.file, onnx);
  await writeFile(demoModel.testData, releaseTestData(demoPlan));
  await writeFile(join(folder, 'metrics.json'), `${JSON.stringify(metrics, null, 2)}\n`);
  const { accuracy, precision, recall, f1, rocAuc } = metrics.test;
  console.log(`machine-failure.onnx: ${metrics.trees} trees, ${onnx.length} bytes`);
  console.log(`held-out: ROC AUC ${rocAuc}, F1 ${f1}, precision ${precision}, recall ${recall}, accuracy ${accuracy}`);
}

async function trainGauge(): Promise<void> {
  const { file, manifest: manifestFile, golden: goldenFile, picture } = demoPictureModel;
  const onnx = trainGaugeModel(gaugePlan, (epoch, loss) => {
    console.log(`epoch ${epoch + 1} of ${gaugePlan.epochs}: loss ${loss.toFixed(4)}`);
  });
  const { manifest, golden } = await releaseGaugeModel(demoPictureModel, onnx, testGauges(gaugePlan));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, onnx);
  await writeFile(goldenFile, golden);
  await writeFile(manifestFile, `${JSON.stringify(manifest, null, 2)}\n`);
  await writeFile(picture, pngOf(drawPlainGauge(0.86, 192, new Random(gaugePlan.seed))));
}
