// One net in every engine: what starting it costs, and a warm run.
import { interleave } from '../bench/interleave.ts';
import { startMeasured } from '../bench/measured-worker.ts';
import { inputFrame } from '../bench/models.ts';
import { processCpuMs } from '../bench/process-cpu.ts';
import type { EngineRun } from '../bench/workers/bench-protocol.ts';
import { pairedRatio, type Summary, summarise } from '../summarise.ts';
import type { WorkerModules } from '../workerd/config.ts';
import { answer, call, type EngineName, engines } from './calls.ts';
import type { AnswerCount } from './compare-answers.ts';
import type { ConvertedNet } from './convert-nets.ts';

export interface Effort {
  /** Each starts anew: what V8 makes of a module differs from one process to the next. */
  readonly processes: number;
  /** Of each process. */
  readonly rounds: number;
  /** Processor time of one block of runs. */
  readonly blockMs: number;
  /** Processor time of the runs before anything is measured. */
  readonly warmUpMs: number;
}

export interface EngineCost {
  /** Starting the engine, loading the model and its first answer, in processes that have done nothing else. */
  readonly coldCpuMs: Summary;
  readonly runCpuMs: Summary;
  /** After the warm runs. */
  readonly heapBytes: number;
}

export interface NetCost {
  readonly costs: Readonly<Record<EngineName, EngineCost>>;
  /** The processor time of other engines in a block over LiteRT's in the same round. */
  readonly overLiteRt: Readonly<Record<Exclude<EngineName, 'litert'>, Summary>>;
  /** The same over the thin layer's. */
  readonly overThin: Readonly<Record<Exclude<EngineName, 'litert' | 'thin'>, Summary>>;
  /** Stock over LiteRT: the medians of the processes. */
  readonly eachProcess: readonly number[];
}

export interface Verdict extends NetCost {
  readonly net: string;
  /** Operators of the converted model. */
  readonly operators: Readonly<Record<string, number>>;
  /** Size of the converted model. */
  readonly bytes: number;
  readonly answers: AnswerCount;
}

interface Measured {
  /** Processor time of a run, one for each round. */
  readonly cpuMs: number[];
  readonly coldCpuMs: number[];
  heapBytes: number;
}

export async function measureNet(
  { net, models }: ConvertedNet,
  worker: WorkerModules,
  effort: Effort,
): Promise<NetCost> {
  const frame = inputFrame(net.first);
  const measured = { stock: nothing(), litert: nothing(), thin: nothing(), fast: nothing(), lean: nothing() };
  const eachProcess: number[] = [];
  for (let process = 0; process < effort.processes; process++) {
    for (const engine of engines) {
      measured[engine].coldCpuMs.push(await coldCpu(worker, engine, models[engine], frame));
    }
    eachProcess.push(await measureProcess(worker, models, frame, effort, measured));
  }
  const costOf = ({ cpuMs, coldCpuMs, heapBytes }: Measured): EngineCost => ({
    coldCpuMs: summarise(coldCpuMs),
    runCpuMs: summarise(cpuMs),
    heapBytes,
  });
  const over = (one: EngineName, other: EngineName) => pairedRatio(measured[one].cpuMs, measured[other].cpuMs);
  return {
    costs: {
      stock: costOf(measured.stock),
      litert: costOf(measured.litert),
      thin: costOf(measured.thin),
      fast: costOf(measured.fast),
      lean: costOf(measured.lean),
    },
    overLiteRt: {
      stock: over('stock', 'litert'),
      fast: over('fast', 'litert'),
      lean: over('lean', 'litert'),
      thin: over('thin', 'litert'),
    },
    overThin: { stock: over('stock', 'thin'), fast: over('fast', 'thin'), lean: over('lean', 'thin') },
    eachProcess,
  };
}

function nothing(): Measured {
  return { cpuMs: [], coldCpuMs: [], heapBytes: 0 };
}

/** Every engine in one isolate, warm, in turns. @returns how many times faster LiteRT is than stock in this process */
async function measureProcess(
  worker: WorkerModules,
  models: ConvertedNet['models'],
  frame: Uint8Array,
  effort: Effort,
  measured: Readonly<Record<EngineName, Measured>>,
): Promise<number> {
  const running = await startMeasured({ worker });
  try {
    const runs = async (engine: EngineName, repeat: number) => {
      const before = await processCpuMs(running.pid);
      const report = JSON.parse(String(await call(running, '/run', engine, frame, repeat))) as EngineRun;
      measured[engine].heapBytes = report.heapBytes;
      return ((await processCpuMs(running.pid)) - before) / repeat;
    };
    const repeats = { stock: 1, litert: 1, thin: 1, fast: 1, lean: 1 };
    for (const engine of engines) {
      await call(running, '/load', engine, models[engine]);
      // The first runs are slower: how many fit is found out in steps.
      const about = await runs(engine, 5);
      const warm = await runs(engine, atLeastOne(effort.warmUpMs / about));
      const settled = await runs(engine, atLeastOne(effort.warmUpMs / warm));
      repeats[engine] = atLeastOne(effort.blockMs / settled);
    }
    const contestants = Object.fromEntries(engines.map((engine) => [engine, engine]));
    const rounds = await interleave(contestants, effort.rounds, (engine) => runs(engine, repeats[engine]));
    for (const engine of engines) {
      for (const cpuMs of rounds[engine] ?? []) measured[engine].cpuMs.push(cpuMs);
    }
    return pairedRatio(rounds.stock ?? [], rounds.litert ?? []).median;
  } finally {
    await running.stop();
  }
}

async function coldCpu(
  worker: WorkerModules,
  engine: EngineName,
  model: Uint8Array,
  frame: Uint8Array,
): Promise<number> {
  const running = await startMeasured({ worker });
  try {
    await fetch(`http://127.0.0.1:${running.port}/live`);
    const before = await processCpuMs(running.pid);
    await call(running, '/load', engine, model);
    await answer(running, engine, frame);
    return (await processCpuMs(running.pid)) - before;
  } finally {
    await running.stop();
  }
}

function atLeastOne(count: number): number {
  return Math.max(Math.ceil(count), 1);
}
