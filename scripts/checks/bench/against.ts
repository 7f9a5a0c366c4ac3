// The serving Worker of this checkout against that of another one, in turns on the same requests and by processor time: the price
// of a change, on a machine that does other work as well.
import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { projectRoot } from '../../build/project.ts';
import { pairedRatio, summarise } from '../summarise.ts';
import type { WorkerModules } from '../workerd/config.ts';
import { loadQuery, startBare, startPopserve, startStock, stopAll } from './contestants.ts';
import { costOf, type RequestCost } from './cpu-per-request.ts';
import { httpRequest } from './http-connection.ts';
import { interleave } from './interleave.ts';
import type { MeasuredWorker } from './measured-worker.ts';
import type { BenchModel } from './models.ts';
import { processCpuMs } from './process-cpu.ts';
import { spread } from './report.ts';
import { binaryRequest, elementsRequest, inferPath, jsonRequest, measure, sendOnce } from './requests.ts';
import type { BenchContext, Figure, SectionResult, Series, Table } from './section.ts';
import { smallModel } from './sections/small-model.ts';
import type { LoadReport } from './workers/bench-protocol.ts';

const largeElements = 150_000;

interface Question {
  readonly server: MeasuredWorker;
  readonly request: Buffer;
}

interface Group {
  readonly title: string;
  readonly connections: number;
  readonly requests: number;
  readonly contestants: Readonly<Record<string, Question>>;
}

/**
 * @param directory another checkout, with its dependencies installed; null: only this one and its peers
 * @throws Error if there is none, or its Worker does not build
 */
export async function compareCheckouts(context: BenchContext, directory: string | null): Promise<SectionResult> {
  const { models, quick, note } = context;
  const rounds = quick ? 5 : 15;
  const scale = quick && directory === null ? 0.5 : 1;
  const small = await smallModel(models);
  const large = await models.reduce(largeElements);
  const commit = directory === null ? null : await commitOf(directory);
  const other = directory === null ? null : await workerOf(directory, context.bundles.popserve.compatibilityDate);
  const running = {
    this: await startPopserve(context),
    ...(other === null
      ? {}
      : { other: await startPopserve({ ...context, bundles: { ...context.bundles, popserve: other } }) }),
    bare: await startBare(context),
    bareLarge: await startBare(context),
    stock: await startStock(context, small),
  };
  try {
    await measure<LoadReport>(running.bare.port, '/measure/load', loadQuery(small, 'fast'), small.artifact);
    await measure<LoadReport>(running.bareLarge.port, '/measure/load', loadQuery(large, 'fast'), large.artifact);
    for (const model of other === null ? [] : [small, large]) {
      await sendOnce(running.other?.port ?? 0, httpRequest('GET', `/v2/models/${model.manifest.model}/ready`)).catch(
        (cause) => {
          throw new Error(`--against: the Worker of '${directory}' does not serve what this checkout publishes`, {
            cause,
          });
        },
      );
    }
    const both = (request: Buffer): Record<string, Question> => ({
      this: { server: running.this, request },
      ...(running.other ? { other: { server: running.other, request } } : {}),
    });
    const bare = { server: running.bare, request: elementsRequest('/infer', small.inputs) };
    const bareLarge = { server: running.bareLarge, request: elementsRequest('/infer', large.inputs) };
    const stock = { server: running.stock, request: jsonRequest('/infer', small.inputs) };
    const groups: Group[] = [
      {
        ...{ title: 'GET /v2/health/live', connections: 16, requests: 1000 * scale },
        contestants: both(httpRequest('GET', '/v2/health/live')),
      },
      {
        ...{ title: `${small.name}, binary`, connections: 16, requests: 1000 * scale },
        contestants: { ...both(binaryRequest(inferPath(small), small.inputs)), bare, 'stock, JSON': stock },
      },
      {
        ...{ title: `${small.name}, JSON`, connections: 16, requests: 1000 * scale },
        contestants: { ...both(jsonRequest(inferPath(small), small.inputs)), bare, 'stock, JSON': stock },
      },
      {
        ...{ title: `${largeElements} floats, binary`, connections: 1, requests: 200 * scale },
        contestants: { ...both(binaryRequest(inferPath(large), large.inputs)), bare: bareLarge },
      },
      {
        ...{ title: `${largeElements} floats, JSON`, connections: 1, requests: 20 * scale },
        contestants: { ...both(jsonRequest(inferPath(large), large.inputs)), bare: bareLarge },
      },
    ];
    const tables: Table[] = [];
    const series: Series[] = [];
    const figures: Figure[] = [];
    for (const { title, contestants, ...load } of groups) {
      note(`against: ${title}`);
      const round = ({ server, request }: Question) => costOf(server, request, load);
      await interleave(contestants, quick ? 2 : 4, round);
      const costs = await interleave(contestants, rounds, round);
      tables.push(costTable(title, costs));
      const cpu = mapValues(costs, (all) => all.map(({ cpuUs }) => cpuUs));
      if ('other' in cpu) figures.push(priceFigure(title, cpu));
      if ('bare' in contestants)
        series.push({
          name: title,
          reference: 'bare',
          values: cpu,
        });
    }
    if (running.other && other !== null) {
      note('against: starts');
      const starts = await measureStarts(context, other, small, quick ? 3 : 9);
      tables.push(startTable(starts));
      for (const [title, values] of Object.entries(starts)) figures.push(priceFigure(title, values));
    }
    return {
      title: directory === null ? 'The price of a request' : `Against ${commit}`,
      how: [
        `Processor time of the whole process, all threads, for a fixed number of requests; ${rounds} rounds in turns, on 16 connections for small requests and 1 for large ones.`,
        directory === null
          ? '`this` is the serving Worker. A ratio below 1 says that it takes less than the peer.'
          : '`this` is the serving Worker of this checkout, `other` that of the other one, both with the settings of this one and the same models, which onnxruntime runs. A ratio below 1 says that `this` takes less.',
      ],
      tables,
      figures,
      series,
    };
  } finally {
    await stopAll(running);
  }
}

function costTable(title: string, costs: Readonly<Record<string, readonly RequestCost[]>>): Table {
  const cpu = (name: string) => (costs[name] ?? []).map(({ cpuUs }) => cpuUs);
  const wall = (name: string) => (costs[name] ?? []).map(({ wallUs }) => wallUs);
  return {
    columns: [
      title,
      'CPU us a request',
      '`this` of it, CPU (paired)',
      'wall us a request',
      '`this` of it, wall (paired)',
    ],
    rows: Object.keys(costs).map((name) => [
      name,
      spread(summarise(cpu(name))),
      name === 'this' ? '' : spread(pairedRatio(cpu('this'), cpu(name))),
      spread(summarise(wall(name))),
      name === 'this' ? '' : spread(pairedRatio(wall('this'), wall(name))),
    ]),
  };
}

/** A change may cost those who have no use for it at most this. */
const mostOfBefore = 1.02;

function priceFigure(title: string, { this: own = [], other = [] }: Readonly<Record<string, number[]>>): Figure {
  const ratio = pairedRatio(own, other);
  return {
    what: `${title}, CPU of the other checkout’s`,
    reach: `<= ${mostOfBefore}`,
    measured: spread(ratio),
    met: ratio.median <= mostOfBefore,
    reason: 'the change costs those who have no use for it, or the machine was busy: quartiles in brackets',
  };
}

type Starts = Readonly<Record<'start until it listens' | 'first answer of a cold isolate', Record<string, number[]>>>;

/** Milliseconds of processor time of fresh processes, in turns. */
async function measureStarts(
  context: BenchContext,
  other: WorkerModules,
  model: BenchModel,
  rounds: number,
): Promise<Starts> {
  const bundles = { this: context.bundles, other: { ...context.bundles, popserve: other } };
  const request = binaryRequest(inferPath(model), model.inputs);
  const measured = await interleave(bundles, rounds, async (each) => {
    const server = await startPopserve({ ...context, bundles: each });
    try {
      const listening = await processCpuMs(server.pid);
      const { status } = await sendOnce(server.port, request);
      if (status !== 200) throw new Error(`expected 200, got ${status}`);
      return { listening, first: (await processCpuMs(server.pid)) - listening };
    } finally {
      await server.stop();
    }
  });
  return {
    'start until it listens': mapValues(measured, (all) => all.map(({ listening }) => listening)),
    'first answer of a cold isolate': mapValues(measured, (all) => all.map(({ first }) => first)),
  };
}

function startTable(starts: Starts): Table {
  return {
    columns: ['fresh process', '`this`, CPU ms', '`other`, CPU ms', '`this` of it (paired)'],
    rows: Object.entries(starts).map(([title, { this: own = [], other = [] }]) => [
      title,
      spread(summarise(own)),
      spread(summarise(other)),
      spread(pairedRatio(own, other)),
    ]),
  };
}

/** The page that tells the result names no folder of this machine. */
async function commitOf(directory: string): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['-C', directory, 'log', '-1', '--format=%h of %cs']).catch(
    () => {
      throw new Error(`--against: '${directory}' is no git checkout`);
    },
  );
  return stdout.trim();
}

function mapValues<T, V>(record: Readonly<Record<string, T>>, map: (value: T) => V): Record<string, V> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

/** Built by the other checkout's own scripts. @param date its compatibility date, where it does not tell */
async function workerOf(directory: string, date: string): Promise<WorkerModules> {
  const root = await realpath(directory).catch(() => {
    throw new Error(`--against: there is no folder '${directory}'`);
  });
  if (root === (await realpath(projectRoot))) throw new Error(`--against: '${directory}' is this checkout itself`);
  const { bundleWorker } = (await import(pathToFileURL(join(root, 'scripts', 'build', 'bundle.ts')).href)) as {
    bundleWorker(
      entry: 'index',
    ): Promise<Pick<WorkerModules, 'modules'> & { readonly options?: { readonly compatibilityDate?: string } }>;
  };
  const { modules, options } = await bundleWorker('index');
  return { modules, compatibilityDate: options?.compatibilityDate ?? date };
}
