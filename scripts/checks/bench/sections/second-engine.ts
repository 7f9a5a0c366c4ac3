// The cost of the second engine at the start: the serving Worker with and without it behind its binding, and the engine's Worker alone.
import { pairedRatio, summarise } from '../../summarise.ts';
import { startLiteRt, startPopserve } from '../contestants.ts';
import { httpRequest } from '../http-connection.ts';
import { interleave } from '../interleave.ts';
import type { MeasuredWorker } from '../measured-worker.ts';
import { processCpuMs } from '../process-cpu.ts';
import { spread } from '../report.ts';
import { binaryRequest, inferPath, sendOnce } from '../requests.ts';
import type { Section } from '../section.ts';
import { smallModel } from './small-model.ts';

interface Contestant {
  start(): Promise<MeasuredWorker>;
  /** The first request of the fresh process. */
  readonly request: Buffer;
}

export const secondEngine: Section = {
  name: 'second-engine',
  async run(context) {
    const { models, quick, note } = context;
    const rounds = quick ? 3 : 11;
    // Published for onnxruntime, as every model of a Worker that has no use for the second engine.
    const model = await smallModel(models);
    const request = binaryRequest(inferPath(model), model.inputs);
    const contestants: Record<string, Contestant> = {
      'without the binding': { start: () => startPopserve(context), request },
      'with the binding': { start: () => startPopserve(context, { litert: true }), request },
      'the engine’s Worker alone': { start: () => startLiteRt(context), request: httpRequest('GET', '/state') },
    };
    note('second-engine: measuring');
    const measured = await interleave(contestants, rounds, async ({ start, request: asked }) => {
      const server = await start();
      try {
        const startMs = await processCpuMs(server.pid);
        const { status, head } = await sendOnce(server.port, asked);
        if (status !== 200) throw new Error(`expected 200, got ${head}`);
        return { startMs, firstMs: (await processCpuMs(server.pid)) - startMs };
      } finally {
        await server.stop();
      }
    });
    const of = (name: string, phase: 'startMs' | 'firstMs') => (measured[name] ?? []).map((one) => one[phase]);
    const ratio = (name: string, phase: 'startMs' | 'firstMs') =>
      pairedRatio(of(name, phase), of('without the binding', phase));
    const first = ratio('with the binding', 'firstMs');
    return {
      title: 'The start of the second engine',
      how: [
        `Processor time of all threads of a fresh workerd, ${rounds} rounds in turns: until it listens, with workerd itself and the global scope of every Worker in it, and from then to its first answer, of ${model.name}, which onnxruntime runs; of the engine’s Worker alone: of its state.`,
        'On the platform the engine’s Worker is an isolate of its own, which starts when it is first called; here it starts in the same process.',
      ],
      tables: [
        {
          columns: ['serving Worker', 'until it listens, CPU ms', 'of without', 'first answer, CPU ms', 'of without'],
          rows: Object.keys(contestants).map((name) => [
            name,
            spread(summarise(of(name, 'startMs'))),
            spread(ratio(name, 'startMs')),
            spread(summarise(of(name, 'firstMs'))),
            name.startsWith('with') ? spread(ratio(name, 'firstMs')) : '',
          ]),
        },
      ],
      figures: [
        {
          what: 'cold first answer of a model without LiteRT: with the binding, of without',
          reach: '<= 1.02',
          measured: spread(first),
          met: first.median <= 1.02,
        },
      ],
    };
  },
};
