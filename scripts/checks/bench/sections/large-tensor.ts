// What the serving Worker adds to a request with a large tensor, and what JSON of that size costs to read.
import { decodeInferRequest } from '../../../../worker/protocol/decode-request.ts';
import { encodeInferRequest } from '../../../../worker/protocol/encode-request.ts';
import { decodeLimits } from '../../../../worker/protocol/infer-request.ts';
import { pairedRatio, quantile, summarise } from '../../summarise.ts';
import { loadQuery, startBare, startPopserve, stopAll } from '../contestants.ts';
import { httpRequest } from '../http-connection.ts';
import { interleave } from '../interleave.ts';
import { measureLatencies } from '../load.ts';
import { type BenchModel, inputFrame } from '../models.ts';
import { startNodePeer } from '../node-peer.ts';
import { number, spread } from '../report.ts';
import { binaryRequest, elementsRequest, inferPath, jsonRequest, measure, sendOnce } from '../requests.ts';
import type { Section } from '../section.ts';
import type { LoadReport, RunReport } from '../workers/bench-protocol.ts';

const elements = 150_000;

export const largeTensor: Section = {
  name: 'large-tensor',
  async run(context) {
    const { quick, note } = context;
    const [rounds, perRound] = quick ? [3, 30] : [15, 100];
    const model = await context.models.reduce(elements);
    const { inputs } = model;
    const running = {
      popserve: await startPopserve(context),
      bare: await startBare(context),
      native: await startNodePeer('native', model),
    };
    try {
      await sendOnce(running.popserve.port, httpRequest('GET', `/v2/models/${model.manifest.model}/ready`));
      await measure<LoadReport>(running.bare.port, '/measure/load', loadQuery(model, 'fast'), model.artifact);
      const contestants = {
        'popserve, no-op': { server: running.popserve, request: httpRequest('GET', '/v2/health/live') },
        'popserve, binary': { server: running.popserve, request: binaryRequest(inferPath(model), inputs) },
        'popserve, JSON': { server: running.popserve, request: jsonRequest(inferPath(model), inputs) },
        'bare, elements': { server: running.bare, request: elementsRequest('/infer', inputs) },
        'native, binary': { server: running.native, request: binaryRequest('/infer', inputs) },
        'native, JSON': { server: running.native, request: jsonRequest('/infer', inputs) },
      };
      note('large-tensor: warming up');
      for (const { server, request } of Object.values(contestants)) await measureLatencies(server.port, request, 200);
      const frame = inputFrame(inputs);
      const runs: number[] = [];
      note('large-tensor: measuring');
      const medians: Record<string, number[]> = await interleave(
        contestants,
        rounds,
        async ({ server, request }, name) => {
          if (name === 'bare, elements') {
            const report = await measure<RunReport>(running.bare.port, '/measure/run', { repeat: '100' }, frame);
            runs.push(report.totalMs / report.runs);
          }
          return quantile(await measureLatencies(server.port, request, perRound), 0.5);
        },
      );
      const run = summarise(runs);
      const noop = medians['popserve, no-op'] ?? [];
      const added = (name: string) =>
        summarise((medians[name] ?? []).map((median, round) => median - (noop[round] ?? 0) - run.median));
      const binary = added('popserve, binary');
      const reading = compareReading(model, rounds);
      return {
        title: 'Latency of a large tensor',
        how: [
          `The mean of ${elements.toLocaleString('en')} floats (600 KB), one keep-alive connection; p50 of ${perRound} requests, median of ${rounds} rounds. The run itself: ${spread(run)} ms.`,
          'Reading: `decodeInferRequest` on the JSON body against `JSON.parse` and `Float32Array.from`, which is what a Node server does, in one process in turns.',
        ],
        tables: [
          {
            columns: ['request', 'p50 ms', 'added ms'],
            rows: Object.entries(medians).map(([name, values]) => [
              name,
              spread(summarise(values)),
              name.startsWith('popserve, ') && !name.endsWith('no-op') ? spread(added(name)) : '',
            ]),
          },
          {
            columns: ['reading the JSON body', 'ms', 'of JSON.parse and Float32Array.from (paired)'],
            rows: [
              ['decodeInferRequest', spread(summarise(reading.own)), spread(pairedRatio(reading.own, reading.peer))],
              ['JSON.parse and Float32Array.from', spread(summarise(reading.peer)), '1'],
            ],
          },
        ],
        figures: [
          {
            what: '600 KB binary tensor, p50 over the no-op route plus the run itself',
            reach: '<= 1 ms',
            measured: `${number(binary.median)} ms`,
            met: binary.median <= 1,
          },
          {
            what: 'JSON path, 150,000 floats: reading against the native peer’s own parsing',
            reach: '<= 1',
            measured: number(pairedRatio(reading.own, reading.peer).median),
            met: pairedRatio(reading.own, reading.peer).median <= 1,
          },
        ],
      };
    } finally {
      await stopAll(running);
    }
  },
};

/** Milliseconds of each, round by round. */
function compareReading({ inputs, manifest }: BenchModel, rounds: number): { own: number[]; peer: number[] } {
  const body = Buffer.from(encodeInferRequest(inputs).body);
  const { signature } = manifest;
  const own = () => decodeInferRequest({ body, headerLength: null, signature, limits: decodeLimits });
  const peer = () => {
    const parsed = JSON.parse(body.toString()) as { inputs: { data: number[] }[] };
    return Float32Array.from(parsed.inputs[0]?.data ?? []);
  };
  const time = (action: () => unknown) => {
    const started = performance.now();
    for (let count = 0; count < 5; count++) action();
    return (performance.now() - started) / 5;
  };
  for (let count = 0; count < 5; count++) {
    time(own);
    time(peer);
  }
  const times = { own: [] as number[], peer: [] as number[] };
  for (let round = 0; round < rounds * 2; round++) {
    times.own.push(time(own));
    times.peer.push(time(peer));
  }
  return times;
}
