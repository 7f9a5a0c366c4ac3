// The time that counting live values for drift, and sampling inputs, add to a request of the demo model: the same model with and without,
// in turns.

import { readFile } from 'node:fs/promises';
import { takeBaseline } from '../../../../registry/baseline.ts';
import type { Signature } from '../../../../registry/signature.ts';
import type { Tensor } from '../../../../worker/protocol/tensor.ts';
import { CountingPlan } from '../../../../worker/telemetry/drift/counting-plan.ts';
import { InputSampler } from '../../../../worker/telemetry/sample/input-sampler.ts';
import { demoModel } from '../../../demo/demo-model.ts';
import { featureColumns } from '../../../demo/failure-model.ts';
import { type FleetRecord, generateFleet } from '../../../demo/fleet-data.ts';
import { predictFailures } from '../../../demo/predict.ts';
import { pairedRatio, quantile, summarise } from '../../summarise.ts';
import { startPopserve } from '../contestants.ts';
import { interleave } from '../interleave.ts';
import { measureLatencies } from '../load.ts';
import { number, spread } from '../report.ts';
import { binaryRequest, inferPath, jsonRequest } from '../requests.ts';
import type { Section } from '../section.ts';

const referenceRows = 5000;
const counted = 200_000;
const sampledRows = 200;
const drawn = 20_000;

export const drift: Section = {
  name: 'drift',
  async run(context) {
    const { quick, note, models } = context;
    const [rounds, perRound, warmUp] = quick ? [5, 200, 1000] : [25, 400, 2500];
    const fleet = generateFleet({ seed: 2026, rows: referenceRows });
    const inputs = rowTensors(fleet[0] as FleetRecord);
    const plain = await models.demo('demo-plain', inputs);
    const watched = await models.demo('demo-watched', inputs, await fleetBaseline(plain.manifest.signature, fleet));
    const sampled = await models.demo('demo-sampled', inputs);
    const settings = { INPUT_SAMPLE: `${sampled.manifest.model}=${sampledRows}` };
    const server = await startPopserve(context, { settings });
    try {
      const contestants = {
        'binary, not counted': binaryRequest(inferPath(plain), inputs),
        'binary, counted': binaryRequest(inferPath(watched), inputs),
        'binary, sampled': binaryRequest(inferPath(sampled), inputs),
        'JSON, not counted': jsonRequest(inferPath(plain), inputs),
        'JSON, counted': jsonRequest(inferPath(watched), inputs),
      };
      note('drift: warming up');
      for (const request of Object.values(contestants)) await measureLatencies(server.port, request, warmUp);
      note('drift: measuring');
      const medians = await interleave(contestants, rounds, async (request) =>
        quantile(await measureLatencies(server.port, request, perRound), 0.5),
      );
      const of = (name: keyof typeof contestants) => medians[name] ?? [];
      const added = pairedRatio(of('binary, counted'), of('binary, not counted'));
      const addedJson = pairedRatio(of('JSON, counted'), of('JSON, not counted'));
      const alone = summarise(Array.from({ length: 11 }, () => countingUs(watched.manifest, inputs)));
      const addedSample = pairedRatio(of('binary, sampled'), of('binary, not counted'));
      const drawing = summarise(Array.from({ length: 11 }, () => drawingUs(sampled.manifest, inputs)));
      const p50 = summarise(of('binary, not counted'));
      const share = alone.median / 1000 / p50.median;
      return {
        title: 'Counting for drift',
        how: [
          `${demoModel.name}, one row of six inputs, ${watched.manifest.baseline?.inputs.length} inputs and ${watched.manifest.baseline?.outputs.length} outputs counted; with and without a baseline in the same isolate, in turns; p50 of ${perRound} requests, ${rounds} rounds.`,
          `Counting alone, in Node: ${spread(alone)} us a request, mean of ${number(counted)} requests.`,
          `Sampled: ${settings.INPUT_SAMPLE}, neither counted; its window is full after the warm-up, so few rows are drawn. Drawing one row, in Node: ${spread(drawing)} us, mean of ${number(drawn)} rows; a row that is not drawn costs a random number.`,
        ],
        tables: [
          {
            columns: ['request', 'p50 ms'],
            rows: Object.entries(medians).map(([name, values]) => [name, spread(summarise(values))]),
          },
          {
            columns: ['form', 'p50, by rounds'],
            rows: [
              ['binary, counted / not counted', spread(added)],
              ['JSON, counted / not counted', spread(addedJson)],
              ['binary, sampled / not sampled', spread(addedSample)],
              ['counting alone / p50, binary', number(share)],
            ],
          },
        ],
        figures: [
          {
            what: 'counting for drift, on the p50 of the demo model’s request',
            reach: '<= 2 %',
            measured: `${number(share * 100)} % by counting alone, ${number((added.median - 1) * 100)} % by paired rounds`,
            met: share <= 0.02,
          },
        ],
      };
    } finally {
      await server.stop();
    }
  },
};

const sender = { id: '192.0.2.1', known: false };
const outputs: Tensor[] = [
  { name: 'failure', datatype: 'INT64', shape: [1], data: new Uint8Array(8) },
  { name: 'probability', datatype: 'FP32', shape: [1, 2], data: new Uint8Array(Float32Array.of(0.9, 0.1).buffer) },
];

/** Microseconds that counting takes of one request. */
function countingUs(manifest: Parameters<typeof planOf>[0], inputs: readonly Tensor[]): number {
  const plan = planOf(manifest);
  for (let request = 0; request < counted / 4; request++) plan.count(sender, inputs, outputs);
  const started = performance.now();
  for (let request = 0; request < counted; request++) plan.count(sender, inputs, outputs);
  return ((performance.now() - started) * 1000) / counted;
}

/** Microseconds that drawing takes of one row: every row is drawn, since each has a smaller tag than those before. */
function drawingUs(manifest: Parameters<typeof planOf>[0], inputs: readonly Tensor[]): number {
  const models = new Map([[manifest.model, sampledRows]]);
  let tag = 1;
  const random = () => {
    tag -= 1e-9;
    return tag;
  };
  const sampler = new InputSampler({ models, windowSeconds: 86_400, keptSeconds: 86_400 }, random);
  for (let row = 0; row < drawn / 4; row++) sampler.sample(manifest, inputs, outputs);
  const started = performance.now();
  for (let row = 0; row < drawn; row++) sampler.sample(manifest, inputs, outputs);
  return ((performance.now() - started) * 1000) / drawn;
}

function planOf(manifest: ConstructorParameters<typeof CountingPlan>[0]): CountingPlan {
  if (!manifest.baseline) throw new Error('expected a manifest with a baseline');
  return new CountingPlan(manifest, manifest.baseline);
}

/** One machine as a device sends it. */
function rowTensors(record: FleetRecord): Tensor[] {
  return Object.entries(featureColumns([record])).map(([name, [value = 0]]) =>
    name === 'type'
      ? { name, datatype: 'BYTES', shape: [1, 1], data: [new TextEncoder().encode(record.type)] }
      : { name, datatype: 'FP32', shape: [1, 1], data: new Uint8Array(Float32Array.of(value).buffer) },
  );
}

async function fleetBaseline(signature: Signature, fleet: readonly FleetRecord[]) {
  const predictions = await predictFailures(await readFile(demoModel.file), fleet);
  const { type: _, ...numeric } = featureColumns(fleet);
  const column = (elements: number[] | string[]) => [{ shape: [elements.length, 1], elements }];
  const probabilities = predictions.flatMap(({ probability }) => [1 - probability, probability]);
  const tensors = new Map([
    ['type', column(fleet.map(({ type }) => type))],
    ...Object.entries(numeric).map(([name, values]) => [name, column(values)] as const),
    ['failure', [{ shape: [fleet.length], elements: predictions.map(({ failure }) => failure) }]],
    ['probability', [{ shape: [fleet.length, 2], elements: probabilities }]],
  ]);
  const digest = `sha256:${'0'.repeat(64)}`;
  return takeBaseline(signature, { tensors }, { file: 'fleet', digest, rows: fleet.length });
}
