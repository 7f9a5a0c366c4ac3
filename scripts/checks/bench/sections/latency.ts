// What the serving Worker adds to a warm run: against a route of its own that does nothing.

import { quantile, summarise } from '../../summarise.ts';
import { loadQuery, startBare, startPopserve, startStock, stopAll } from '../contestants.ts';
import { httpRequest } from '../http-connection.ts';
import { interleave } from '../interleave.ts';
import { measureLatencies } from '../load.ts';
import { inputFrame } from '../models.ts';
import { startNodePeer } from '../node-peer.ts';
import { number, spread } from '../report.ts';
import { binaryRequest, elementsRequest, inferPath, jsonRequest, measure, sendOnce } from '../requests.ts';
import type { Section } from '../section.ts';
import type { LoadReport, RunReport } from '../workers/bench-protocol.ts';
import { smallModel } from './small-model.ts';

export const latency: Section = {
  name: 'latency',
  async run(context) {
    const { quick, note } = context;
    const [rounds, perRound, warmUp] = quick ? [5, 200, 1000] : [21, 500, 5000];
    const model = await smallModel(context.models);
    const running = {
      popserve: await startPopserve(context),
      stock: await startStock(context, model),
      bare: await startBare(context),
      native: await startNodePeer('native', model),
      'node-wasm': await startNodePeer('wasm', model),
    };
    try {
      const { profile } = await loadAndAsk(running.popserve.port, model.manifest.model);
      await measure<LoadReport>(running.bare.port, '/measure/load', loadQuery(model, profile), model.artifact);
      const { inputs } = model;
      const contestants = {
        'popserve, no-op': { server: running.popserve, request: httpRequest('GET', '/v2/health/live') },
        'popserve, binary': { server: running.popserve, request: binaryRequest(inferPath(model), inputs) },
        'popserve, JSON': { server: running.popserve, request: jsonRequest(inferPath(model), inputs) },
        'bare, no-op': { server: running.bare, request: httpRequest('GET', '/live') },
        'bare, elements': { server: running.bare, request: elementsRequest('/infer', inputs) },
        'stock, JSON': { server: running.stock, request: jsonRequest('/infer', inputs) },
        'native, binary': { server: running.native, request: binaryRequest('/infer', inputs) },
        'native, JSON': { server: running.native, request: jsonRequest('/infer', inputs) },
        'node-wasm, binary': { server: running['node-wasm'], request: binaryRequest('/infer', inputs) },
        'node-wasm, JSON': { server: running['node-wasm'], request: jsonRequest('/infer', inputs) },
      };
      note('latency: warming up');
      for (const { server, request } of Object.values(contestants)) {
        await measureLatencies(server.port, request, warmUp);
      }
      const frame = inputFrame(inputs);
      const measureRuns = async () => {
        const report = await measure<RunReport>(running.bare.port, '/measure/run', { repeat: String(perRound) }, frame);
        return report.totalMs / report.runs;
      };
      await measureRuns();
      note('latency: measuring');
      const runs: number[] = [];
      const medians: Record<string, number[]> = await interleave(
        contestants,
        rounds,
        async ({ server, request }, name) => {
          if (name === 'bare, no-op') runs.push(await measureRuns());
          return quantile(await measureLatencies(server.port, request, perRound), 0.5);
        },
      );
      const noop = medians['popserve, no-op'] ?? [];
      const run = summarise(runs);
      const added = (name: string) =>
        summarise((medians[name] ?? []).map((median, round) => median - (noop[round] ?? 0) - run.median));
      const binary = added('popserve, binary');
      const bytes = inputs.reduce((sum, { data }) => sum + data.length, 0);
      return {
        title: 'Latency of a warm request',
        how: [
          `${model.name}, ${number(bytes)} bytes of input; one keep-alive connection, no inspector, profile ${profile}; p50 of ${perRound} requests, median of ${rounds} rounds.`,
          `The run itself, in popserve’s session layer in workerd, of ${perRound} runs in one request: ${spread(run)} ms.`,
          'The no-op route is `GET /v2/health/live`. "Added" is what a request takes beyond it and the run itself.',
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
        ],
        figures: [
          {
            what: 'warm request, 3 KB binary tensor, p50 over the no-op route plus the run itself',
            reach: '<= 0.3 ms',
            measured: `${number(binary.median)} ms`,
            met: binary.median <= 0.3,
          },
        ],
      };
    } finally {
      await stopAll(running);
    }
  },
};

/** Loads the model in the serving Worker and asks with which profile it did. */
async function loadAndAsk(port: number, model: string): Promise<{ profile: 'fast' | 'lean' }> {
  await sendOnce(port, httpRequest('GET', `/v2/models/${model}/ready`));
  const { body } = await sendOnce(port, httpRequest('GET', `/v2/models/${model}/versions/1`));
  return (JSON.parse(body.toString()) as { properties: { profile: 'fast' | 'lean' } }).properties;
}
