// A Worker's variables as its settings, for the serving Worker and for the second engine's.
import type * as z from 'zod';
import { PopserveError } from '../registry/errors.ts';

/**
 * @param env the Worker's variables; its bindings are passed over
 * @throws PopserveError INTERNAL that names each setting at fault
 */
export function parseSettings<S extends z.ZodType>(schema: S, env: object): z.output<S> {
  const parsed = schema.safeParse(env);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new PopserveError('INTERNAL', `wrong settings: ${faults.join('; ')}`);
}
