// The findings of `popserve doctor --probe` as lines, and what is remarkable about them.
import type { PlatformProbe } from '../../../registry/api/platform.ts';
import { type Line, table } from '../report.ts';

/** What popserve relies on, and what becomes of it otherwise. */
const relied: Readonly<Record<string, { value: PlatformProbe['value']; otherwise: string }>> = {
  'wasm.simd': { value: true, otherwise: 'the runtime does not load' },
  'wasm.bulkMemory': { value: true, otherwise: 'the runtime does not load' },
  'memory.unshared': { value: true, otherwise: 'the runtime does not start' },
  'memory.maximumIsKept': { value: true, otherwise: 'MEMORY_BUDGET_MIB holds nothing back' },
  'cache.keeps': { value: true, otherwise: 'every load of a model reads R2; is the host on workers.dev?' },
  'r2.createOnly': { value: true, otherwise: 'nothing can be released' },
  'r2.createOnlyOfWhatIsThere': { value: 'not stored', otherwise: 'two operators may both win; unless it was refused' },
};

export function describePlatform(probes: readonly PlatformProbe[]): Line[] {
  const rows = probes.map(({ name, value, error }) => [
    name,
    value === null ? '-' : String(value),
    remark(name, value, error),
  ]);
  return table([['PROBE', 'FOUND', 'REMARK'], ...rows]);
}

function remark(name: string, value: PlatformProbe['value'], error: string | null): string {
  if (error !== null) return error;
  const expected = relied[name];
  if (expected === undefined || expected.value === value) return '';
  if (typeof value === 'string' && value.startsWith('refused')) return '';
  return `expected ${expected.value}: ${expected.otherwise}`;
}
