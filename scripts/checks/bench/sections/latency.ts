// The time that the serving Worker adds to a warm run, against a route of its own that does nothing.

import { measureAdded, noop } from '../added-latency.ts';
import { inferences, loadQuery, startAll, stopAll } from '../contestants.ts';
import { httpRequest } from '../http-connection.ts';
import { measureLatencies } from '../load.ts';
import { inputFrame } from '../models.ts';
import { number, spread } from '../report.ts';
import { measure, sendOnce } from '../requests.ts';
import type { Section } from '../section.ts';
import type { LoadReport } from '../workers/bench-protocol.ts';
import { smallModel } from './small-model.ts';

export const latency: Section = {
  name: 'latency',
  async run(context) {
    const { quick, note } = context;
    const [rounds, perRound, warmUp] = quick ? [5, 200, 1000] : [15, 400, 2500];
    const model = await smallModel(context.models);
    const running = await startAll(context, model);
    try {
      const { profile } = await loadAndAsk(running.popserve.port, model.manifest.model);
      await measure<LoadReport>(running.bare.port, '/measure/load', loadQuery(model, profile), model.artifact);
      const { inputs } = model;
      const contestants = {
        [noop]: { server: running.popserve, request: httpRequest('GET', '/v2/health/live') },
        'bare, no-op': { server: running.bare, request: httpRequest('GET', '/live') },
        ...inferences(running, model),
      };
      note('latency: warming up');
      for (const { server, request } of Object.values(contestants)) {
        await measureLatencies(server.port, request, warmUp);
      }
      note('latency: measuring');
      const frame = inputFrame(inputs);
      const timing = { rounds, perRound, runs: perRound };
      const { run, added, table, series } = await measureAdded(contestants, running.bare, frame, timing);
      const binary = added('popserve, binary');
      const bytes = inputs.reduce((sum, { data }) => sum + data.length, 0);
      return {
        series: [series],
        title: 'Latency of a warm request',
        how: [
          `${model.name}, ${number(bytes)} bytes of input; one keep-alive connection, no inspector, profile ${profile}; p50 of ${perRound} requests, median of ${rounds} rounds.`,
          `The run itself, in popserve’s session layer in workerd, of ${perRound} runs in one request: ${spread(run)} ms.`,
          'The no-op route is `GET /v2/health/live`. "Added" is what a request takes beyond it and the run itself.',
        ],
        tables: [table],
        figures: [
          {
            what: 'warm request, 3 KB binary tensor, p50 over the no-op route plus the run itself',
            reach: '<= 0.15 ms',
            measured: `${number(binary.median)} ms`,
            met: binary.median <= 0.15,
            reason: 'reading the body takes a turn of the event loop that the no-op route does not need',
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
