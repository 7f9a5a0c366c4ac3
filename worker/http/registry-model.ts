// What calls of the registry say of the model that they are about.
import type { Context } from 'hono';
import * as z from 'zod';
import { modelNameSchema, versionSchema } from '../../registry/names.ts';
import { parse } from '../../registry/parse.ts';
import type { AppContext } from './app-context.ts';

/** Which part of what is collected of a model: of one version, of one PoP. */
export const partSchema = z.strictObject({
  version: versionSchema.exactOptional(),
  pop: z.string().max(64).exactOptional(),
});

/** @throws PopserveError INVALID_ARGUMENT for what cannot be a model's name */
export function modelOf(c: Context<AppContext>): string {
  return parse(modelNameSchema, c.req.param('model'), 'model name');
}
