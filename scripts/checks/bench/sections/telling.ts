// The time that a request of the demo model takes longer because its caller tells of the last one, brings a trace, or wants an id for
// feedback: the same request with and without, in turns.
import type { Manifest } from '../../../../registry/manifest.ts';
import { encodeInferRequest } from '../../../../worker/protocol/encode-request.ts';
import type { Tensor } from '../../../../worker/protocol/tensor.ts';
import { LatencyCounter } from '../../../../worker/telemetry/latency/latency-counter.ts';
import { demoModel } from '../../../demo/demo-model.ts';
import { pairedRatio, quantile, summarise } from '../../summarise.ts';
import { startPopserve } from '../contestants.ts';
import { httpRequest } from '../http-connection.ts';
import { interleave } from '../interleave.ts';
import { measureLatencies } from '../load.ts';
import { number, spread } from '../report.ts';
import { inferPath } from '../requests.ts';
import type { Section } from '../section.ts';

const counted = 200_000;
const lastCall = 'ms=41.3, status=200, bytes=812, version="1", pop="local"';
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';

const row: readonly Tensor[] = [
  { name: 'type', datatype: 'BYTES', shape: [1, 1], data: [new TextEncoder().encode('L')] },
  ...Object.entries({
    ...{ air_temperature: 298.9, process_temperature: 309.1, rotational_speed: 1310, torque: 64.5, tool_wear: 198 },
  }).map(([name, value]): Tensor => {
    return { name, datatype: 'FP32', shape: [1, 1], data: new Uint8Array(Float32Array.of(value).buffer) };
  }),
];

export const telling: Section = {
  name: 'telling',
  async run(context) {
    const { quick, note, models } = context;
    const [rounds, perRound, warmUp] = quick ? [5, 200, 1000] : [25, 400, 2500];
    const model = await models.demo('demo-told', row);
    const { headers, body } = encodeInferRequest(row, { binary: true, binaryOutputs: true });
    const withHeaders = (more: Readonly<Record<string, string>>) =>
      httpRequest('POST', inferPath(model), { ...headers, ...more }, body);
    const settings = { FEEDBACK_SECRET: 'a secret of some length', POP_NAME: 'local' };
    const server = await startPopserve(context, { settings });
    try {
      const contestants = {
        plain: withHeaders({}),
        'tells of its last call': withHeaders({ 'popserve-last-call': lastCall }),
        'brings a trace': withHeaders({ traceparent }),
        'wants an id': withHeaders({ 'popserve-feedback': '1' }),
      };
      note('telling: warming up');
      for (const request of Object.values(contestants)) await measureLatencies(server.port, request, warmUp);
      note('telling: measuring');
      const medians = await interleave(contestants, rounds, async (request) =>
        quantile(await measureLatencies(server.port, request, perRound), 0.5),
      );
      const of = (name: keyof typeof contestants) => medians[name] ?? [];
      const ratio = (name: keyof typeof contestants) => pairedRatio(of(name), of('plain'));
      const alone = summarise(Array.from({ length: 11 }, () => countingUs(model.manifest)));
      const share = alone.median / 1000 / summarise(of('plain')).median;
      return {
        title: 'Telling of calls',
        how: [
          `${demoModel.name}, one row of six inputs, binary; the same request with one header more, in turns; p50 of ${perRound} requests, ${rounds} rounds.`,
          `Reading and counting a last call alone, in Node: ${spread(alone)} us, mean of ${number(counted)} calls.`,
        ],
        tables: [
          {
            columns: ['request', 'p50 ms', 'p50, by rounds'],
            rows: Object.entries(medians).map(([name, values]) => [
              name,
              spread(summarise(values)),
              name === 'plain' ? '' : spread(ratio(name as keyof typeof contestants)),
            ]),
          },
        ],
        figures: [
          {
            what: 'counting a last call, on the p50 of the demo model’s request',
            reach: '<= 1 %',
            measured: `${number(share * 100)} % by counting alone, ${number((ratio('tells of its last call').median - 1) * 100)} % by paired rounds`,
            met: share <= 0.01,
          },
        ],
      };
    } finally {
      await server.stop();
    }
  },
};

/** Microseconds that one header takes to be read and counted. */
function countingUs(manifest: Manifest): number {
  const counter = new LatencyCounter();
  const asked = { manifest, epoch: 1, route: null, routed: true };
  const sender = { id: '192.0.2.1', known: false };
  for (let call = 0; call < counted / 4; call++) counter.count(lastCall, asked, sender, 'local');
  const started = performance.now();
  for (let call = 0; call < counted; call++) counter.count(lastCall, asked, sender, 'local');
  return ((performance.now() - started) * 1000) / counted;
}
