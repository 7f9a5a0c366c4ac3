// Requests per second of a small model on many connections.

import { pairedRatio, summarise } from '../../summarise.ts';
import { type Contestant, inferences, loadQuery, startAll, stopAll } from '../contestants.ts';
import { interleave } from '../interleave.ts';
import { measureThroughput, type Throughput } from '../load.ts';
import { number, spread } from '../report.ts';
import { measure } from '../requests.ts';
import type { Section } from '../section.ts';
import type { LoadReport } from '../workers/bench-protocol.ts';
import { smallModel } from './small-model.ts';

const connections = 16;

const wayIn =
  'what the peer does not do takes the rest: limits, the ledger, counters, a dozen headers read and seven written';

/** The faster form of each peer, in words for somebody who has read nothing else. */
const charted = {
  'popserve, binary': 'popserve, binary tensors',
  'popserve, JSON': 'popserve, JSON',
  'stock, JSON': 'plain Worker with onnxruntime-web, JSON',
  'bare, elements': 'Worker that does only the run (the limit)',
  'native, binary': 'Node server with native onnxruntime',
  'node-wasm, binary': 'Node server with onnxruntime-web',
};

export const throughput: Section = {
  name: 'throughput',
  async run(context) {
    const { quick, note } = context;
    const [rounds, durationMs] = quick ? [3, 500] : [13, 1000];
    const model = await smallModel(context.models);
    const running = await startAll(context, model);
    try {
      await measure<LoadReport>(running.bare.port, '/measure/load', loadQuery(model, 'fast'), model.artifact);
      const contestants = inferences(running, model);
      const round = ({ server, request }: Contestant) =>
        measureThroughput(server.port, request, { connections, durationMs });
      note('throughput: warming up');
      await interleave(contestants, quick ? 2 : 3, round);
      note('throughput: measuring');
      const measured: Record<string, Throughput[]> = await interleave(contestants, rounds, round);
      const rates = (name: string) => (measured[name] ?? []).map(({ perSecond }) => perSecond);
      const overStock = pairedRatio(rates('popserve, binary'), rates('stock, JSON'));
      const jsonOverStock = pairedRatio(rates('popserve, JSON'), rates('stock, JSON'));
      const overBare = pairedRatio(rates('popserve, binary'), rates('bare, elements'));
      const values = Object.fromEntries(Object.keys(measured).map((name) => [name, rates(name)]));
      return {
        chart: {
          title: 'What one process answers in a second',
          unit: 'requests a second',
          better: 'more',
          note: `A small model (${model.name}), ${connections} connections, server and clients on one machine; the median of ${rounds} rounds.`,
          bars: Object.entries(charted).map(([contestant, told]) => ({
            name: told,
            value: summarise(rates(contestant)),
            isOwn: contestant.startsWith('popserve'),
          })),
        },
        series: [{ name: 'requests/s', reference: 'stock, JSON', values }],
        title: `Throughput of a small model, ${connections} connections`,
        how: [
          `${model.name}; each connection sends its next request when it has its answer; ${rounds} rounds of ${durationMs / 1000} s each, contestants in turns, the load generator on the same machine.`,
        ],
        tables: [
          {
            columns: ['contestant', 'requests/s', 'of stock JSON (paired)', 'p50 ms', 'p99 ms'],
            rows: Object.entries(measured).map(([name, values]) => [
              name,
              spread(summarise(rates(name))),
              spread(pairedRatio(rates(name), rates('stock, JSON'))),
              number(summarise(values.map(({ p50Ms }) => p50Ms)).median),
              number(summarise(values.map(({ p99Ms }) => p99Ms)).median),
            ]),
          },
        ],
        figures: [
          {
            what: 'throughput, small model, binary, 16 connections, against stock with JSON',
            reach: '>= 1.1 times',
            measured: `${number(overStock.median)} times`,
            met: overStock.median >= 1.1,
            reason: wayIn,
          },
          {
            what: 'the same with JSON both ways',
            reach: '>= 1.05 times',
            measured: `${number(jsonOverStock.median)} times`,
            met: jsonOverStock.median >= 1.05,
            reason: `${wayIn}; both print the same numbers as JSON`,
          },
          {
            what: 'the same against a bare Worker that does only the run',
            reach: '>= 0.92',
            measured: number(overBare.median),
            met: overBare.median >= 0.92,
            reason: wayIn,
          },
        ],
      };
    } finally {
      await stopAll(running);
    }
  },
};
