// The engine Worker's settings: those of the serving Worker that say how much memory there is and how large a body may be.
import * as z from 'zod';
import { defaultLimits, isolateMemory } from '../../registry/default-limits.ts';
import { mebibyte } from '../../registry/mebibytes.ts';
import { parseSettings } from '../parse-settings.ts';
import { liteRtFirstBytes } from '../runtime/litert/litert-module.ts';

export interface EngineConfig {
  /** LiteRT's memory grows to at most this. */
  readonly memoryBudgetBytes: number;
  /** Of one request: its tensors. */
  readonly maxBodyBytes: number;
  readonly maxBodySeconds: number;
}

const leastBudgetMib = Math.ceil(liteRtFirstBytes / mebibyte);
const mostBudgetMib = isolateMemory.totalMib - isolateMemory.baseMib;

const settingsSchema = z.object({
  MEMORY_BUDGET_MIB: z.coerce.number().min(leastBudgetMib).max(mostBudgetMib).default(defaultLimits.memoryBudgetMib),
  MAX_BODY_MIB: z.coerce.number().min(0.001).max(64).default(defaultLimits.bodyMib),
  MAX_BODY_SECONDS: z.coerce.number().min(0.1).max(300).default(defaultLimits.bodySeconds),
});

/**
 * @param env the Worker's variables; its bindings are passed over
 * @throws PopserveError INTERNAL that names each setting at fault
 */
export function parseEngineConfig(env: object): EngineConfig {
  const settings = parseSettings(settingsSchema, env);
  return {
    memoryBudgetBytes: settings.MEMORY_BUDGET_MIB * mebibyte,
    maxBodyBytes: settings.MAX_BODY_MIB * mebibyte,
    maxBodySeconds: settings.MAX_BODY_SECONDS,
  };
}
