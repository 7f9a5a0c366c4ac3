// The time that the serving Worker adds to a request with a large tensor, and the cost of reading JSON of that size.
import { decodeInferRequest } from '../../../../worker/protocol/decode-request.ts';
import { encodeInferRequest } from '../../../../worker/protocol/encode-request.ts';
import { decodeLimits } from '../../../../worker/protocol/infer-request.ts';
import { pairedRatio, summarise } from '../../summarise.ts';
import { measureAdded, noop } from '../added-latency.ts';
import { inferences, loadQuery, startBare, startPopserve, stopAll } from '../contestants.ts';
import { httpRequest } from '../http-connection.ts';
import { measureLatencies } from '../load.ts';
import { type BenchModel, inputFrame } from '../models.ts';
import { startNodePeer } from '../node-peer.ts';
import { number, spread } from '../report.ts';
import { measure, sendOnce } from '../requests.ts';
import type { Section } from '../section.ts';
import type { LoadReport } from '../workers/bench-protocol.ts';

const elements = 150_000;

export const largeTensor: Section = {
  name: 'large-tensor',
  async run(context) {
    const { quick, note } = context;
    const [rounds, perRound] = quick ? [3, 30] : [15, 100];
    const model = await context.models.reduce(elements);
    const running = {
      popserve: await startPopserve(context),
      bare: await startBare(context),
      native: await startNodePeer('native', model),
    };
    try {
      await sendOnce(running.popserve.port, httpRequest('GET', `/v2/models/${model.manifest.model}/ready`));
      await measure<LoadReport>(running.bare.port, '/measure/load', loadQuery(model, 'fast'), model.artifact);
      const contestants = {
        [noop]: { server: running.popserve, request: httpRequest('GET', '/v2/health/live') },
        ...inferences(running, model),
      };
      note('large-tensor: warming up');
      for (const { server, request } of Object.values(contestants)) await measureLatencies(server.port, request, 200);
      note('large-tensor: measuring');
      const timing = { rounds, perRound, runs: 100 };
      const { run, added, table, series } = await measureAdded(
        contestants,
        running.bare,
        inputFrame(model.inputs),
        timing,
      );
      const binary = added('popserve, binary');
      const reading = compareReading(model, rounds);
      return {
        series: [series],
        title: 'Latency of a large tensor',
        how: [
          `The mean of ${elements.toLocaleString('en')} floats (600 KB), one keep-alive connection; p50 of ${perRound} requests, median of ${rounds} rounds. The run itself: ${spread(run)} ms.`,
          'Reading: `decodeInferRequest` on the JSON body against `JSON.parse` and `Float32Array.from`, which is what a Node server does, in one process in turns.',
        ],
        tables: [
          table,
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
            reach: '<= 0.2 ms',
            measured: `${number(binary.median)} ms`,
            met: binary.median <= 0.2,
            reason: 'ten reads of 64 KiB and two copies of 600 KB, into the body and into the heap',
          },
          {
            what: 'JSON path, 150,000 floats: reading against the native peer’s own parsing',
            reach: '<= 0.6',
            measured: number(pairedRatio(reading.own, reading.peer).median),
            met: pairedRatio(reading.own, reading.peer).median <= 0.6,
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
