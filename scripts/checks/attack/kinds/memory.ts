import { startFuzzPop } from '../../fuzz/fuzz-pop.ts';
import type { Scenario } from '../kind.ts';
import { faultsOf } from '../measure.ts';
import { attackMemory, totalOf } from '../memory.ts';

export const memory: Scenario = {
  name: 'memory',
  about: 'sixteen connections at a time that hold all they can, beside a small heap and a full one',
  async run({ seconds }) {
    const pop = await startFuzzPop();
    try {
      const { held, seen, byStatus, victimsRefused } = await attackMemory(pop, { seconds });
      const told = {
        name: 'memory',
        quiet: null,
        during: null,
        victimErrors: victimsRefused === 0 ? {} : { 'refused a small request': victimsRefused },
        fired: Object.values(byStatus).reduce((sum, times) => sum + times, 0),
        got: byStatus,
        cpuMs: null,
        heldBytes: totalOf(held),
        seenBytes: totalOf(seen),
      };
      return { ...told, faults: faultsOf(told) };
    } finally {
      await pop.stop();
    }
  },
};
