// What the second engine's module costs a Worker that never uses it: processor time until it answers for the first time.
import { bundleWorker } from '../../build/bundle.ts';
import { interleave } from '../bench/interleave.ts';
import { type MeasuredOptions, startMeasured } from '../bench/measured-worker.ts';
import { processCpuMs } from '../bench/process-cpu.ts';
import type { WorkerModules } from '../workerd/config.ts';

/** Milliseconds of processor time until a Worker answers, one per round. */
export type StartUp = Readonly<Record<'with' | 'without' | 'serving' | 'servingWith', readonly number[]>>;

/** The serving Worker as it is deployed, and the same with the second engine's module among its modules. */
export async function servingWorkers(
  engines: WorkerModules,
): Promise<Record<'serving' | 'servingWith', MeasuredOptions>> {
  const { modules, options } = await bundleWorker('index');
  const { compatibilityDate = '', bindings = {} } = options;
  const settings = Object.fromEntries(Object.entries(bindings).map(([name, value]) => [name, String(value)]));
  const second = engines.modules.filter(({ path }) => path.includes('litert') && path.endsWith('.wasm'));
  const served = { worker: { modules, compatibilityDate }, settings, telemetry: true };
  return {
    serving: served,
    servingWith: { ...served, worker: { modules: [...modules, ...second], compatibilityDate } },
  };
}

/** @returns milliseconds of processor time by the name of the Worker, one per round */
export async function measureStartUp<Name extends string>(
  workers: Readonly<Record<Name, MeasuredOptions>>,
  rounds: number,
): Promise<Record<Name, number[]>> {
  const values = await interleave(workers, rounds, async (options: MeasuredOptions) => {
    const running = await startMeasured(options);
    try {
      await fetch(`http://127.0.0.1:${running.port}/live`);
      return await processCpuMs(running.pid);
    } finally {
      await running.stop();
    }
  });
  return values as Record<Name, number[]>;
}
