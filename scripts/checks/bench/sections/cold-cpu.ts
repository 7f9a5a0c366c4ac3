// The processor time of a cold isolate, phase by phase: what the platform starts before a request is there, and what the request pays.
import { mebibyte } from '../../../../registry/mebibytes.ts';
import { pairedRatio, summarise } from '../../summarise.ts';
import { startPopserve, startStock } from '../contestants.ts';
import { HttpConnection, httpRequest } from '../http-connection.ts';
import { interleave } from '../interleave.ts';
import { processCpuMs } from '../process-cpu.ts';
import { number, spread } from '../report.ts';
import { binaryRequest, elementsRequest, inferPath } from '../requests.ts';
import type { Section } from '../section.ts';
import { hasZoo } from '../zoo.ts';

const phases = ['start', 'script', 'first', 'second'] as const;
type Phase = (typeof phases)[number];

interface Measured {
  readonly cpuMs: Readonly<Record<Phase, number>>;
  /** The steps of the first answer that its Server-Timing names, milliseconds of the isolate's own clock. */
  readonly steps: Readonly<Record<string, number>>;
}

export const coldCpu: Section = {
  name: 'cold-cpu',
  async run(context) {
    const { models, quick, note } = context;
    const rounds = quick ? 3 : 11;
    const model = hasZoo ? await models.zoo('mobilenetv2-fp32', 'elephants') : await models.matmul(13);
    const contestants = {
      popserve: {
        start: () => startPopserve(context),
        live: httpRequest('GET', '/v2/health/live', {}, ''),
        request: binaryRequest(inferPath(model), model.inputs),
      },
      stock: {
        start: () => startStock(context, model),
        live: httpRequest('GET', '/live', {}, ''),
        request: elementsRequest('/infer', model.inputs),
      },
    };
    note('cold-cpu: measuring');
    const measured = await interleave(contestants, rounds, async ({ start, live, request }): Promise<Measured> => {
      const process = await start();
      try {
        const at = [await processCpuMs(process.pid)];
        let steps: Measured['steps'] = {};
        for (const each of [live, request, request]) {
          using connection = await HttpConnection.open(process.port);
          const { status, head } = await connection.send(each);
          if (status !== 200) throw new Error(`expected 200, got ${status}`);
          at.push(await processCpuMs(process.pid));
          if (at.length === 3) steps = readServerTiming(head);
        }
        const cpuMs = Object.fromEntries(
          phases.map((phase, index) => [phase, (at[index] ?? 0) - (at[index - 1] ?? 0)]),
        );
        return { cpuMs: cpuMs as Record<Phase, number>, steps };
      } finally {
        await process.stop();
      }
    });
    const times = (name: string, of: (one: Measured) => number) => (measured[name] ?? []).map(of);
    const fromRequest = ({ cpuMs }: Measured) => cpuMs.script + cpuMs.first;
    const ratio = pairedRatio(times('popserve', fromRequest), times('stock', fromRequest));
    const startMs = summarise(times('popserve', ({ cpuMs }) => cpuMs.start));
    const stepNames = [
      ...new Set(Object.values(measured).flatMap((all) => all.flatMap(({ steps }) => Object.keys(steps)))),
    ];
    return {
      title: 'Cold start, processor time',
      how: [
        `${model.name} (${number(model.onnx.length / mebibyte)} MiB); a fresh workerd each time, ${rounds} rounds in turns. Processor time of all its threads, so compilation in the background counts; of a pair each was measured right after the other.`,
        'start: until it listens, workerd itself and the global scope of the script, which the platform runs before a request is there. script: the first request, which asks nothing of a model. first and second: the first two inferences.',
      ],
      tables: [
        {
          columns: ['contestant', ...phases.map((phase) => `${phase} ms`), 'script + first, of stock (paired)'],
          rows: Object.keys(contestants).map((name) => [
            name,
            ...phases.map((phase) => spread(summarise(times(name, ({ cpuMs }) => cpuMs[phase])))),
            spread(pairedRatio(times(name, fromRequest), times('stock', fromRequest))),
          ]),
        },
        {
          columns: ['steps of the first inference, wall ms', ...stepNames],
          rows: Object.keys(contestants).map((name) => [
            name,
            ...stepNames.map((step) => {
              const own = times(name, ({ steps }) => steps[step] ?? Number.NaN).filter((ms) => !Number.isNaN(ms));
              return own.length === 0 ? '' : spread(summarise(own));
            }),
          ]),
        },
      ],
      series: [
        {
          ...{ name: 'script + first, CPU ms', reference: 'stock' },
          values: Object.fromEntries(Object.keys(contestants).map((name) => [name, times(name, fromRequest)])),
        },
      ],
      figures: [
        {
          what: 'processor time of a cold isolate from the arrival of its first request, against stock',
          reach: '<= 0.7',
          measured: number(ratio.median),
          met: ratio.median <= 0.7,
        },
        {
          what: 'processor time until it listens, workerd included, ms (the platform allows 1000)',
          reach: '<= 400',
          measured: number(startMs.median),
          met: startMs.median <= 400,
        },
      ],
    };
  },
};

/** @see https://www.w3.org/TR/server-timing/ */
function readServerTiming(head: string): Record<string, number> {
  const [, list = ''] = /^server-timing: (.*)$/im.exec(head) ?? [];
  return Object.fromEntries(
    list.split(',').flatMap((entry) => {
      const [, name, ms] = /^\s*([a-z-]+);dur=([\d.]+)/.exec(entry) ?? [];
      return name === undefined ? [] : [[name, Number(ms)]];
    }),
  );
}
