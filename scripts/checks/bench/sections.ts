// The sections of the benchmark, in the order of the page.
import type { Section } from './section.ts';
import { churn } from './sections/churn.ts';
import { coldCpu } from './sections/cold-cpu.ts';
import { coldStart } from './sections/cold-start.ts';
import { concatenation } from './sections/concatenation.ts';
import { cost } from './sections/cost.ts';
import { drift } from './sections/drift.ts';
import { jsMemory } from './sections/js-memory.ts';
import { label } from './sections/label.ts';
import { largeTensor } from './sections/large-tensor.ts';
import { latency } from './sections/latency.ts';
import { loading } from './sections/loading.ts';
import { pictures } from './sections/pictures.ts';
import { resident } from './sections/resident.ts';
import { secondEngine } from './sections/second-engine.ts';
import { telling } from './sections/telling.ts';
import { throughput } from './sections/throughput.ts';
import { tokens } from './sections/tokens.ts';
import { warmRun } from './sections/warm-run.ts';

export const sections: readonly Section[] = [
  loading,
  jsMemory,
  coldStart,
  coldCpu,
  secondEngine,
  latency,
  largeTensor,
  drift,
  telling,
  tokens,
  pictures,
  label,
  throughput,
  cost,
  concatenation,
  warmRun,
  resident,
  churn,
];
