// What the second engine's module costs a Worker that never uses it: processor time until it answers for the first time.
import { interleave } from '../bench/interleave.ts';
import { startMeasured } from '../bench/measured-worker.ts';
import { processCpuMs } from '../bench/process-cpu.ts';
import type { WorkerModules } from '../workerd/config.ts';

/** @returns milliseconds of processor time by the name of the Worker, one per round */
export function measureStartUp<Name extends string>(
  workers: Readonly<Record<Name, WorkerModules>>,
  rounds: number,
): Promise<Record<string, number[]>> {
  return interleave(workers, rounds, async (worker: WorkerModules) => {
    const running = await startMeasured({ worker });
    try {
      await fetch(`http://127.0.0.1:${running.port}/live`);
      return await processCpuMs(running.pid);
    } finally {
      await running.stop();
    }
  });
}
