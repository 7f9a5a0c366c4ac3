// What calls of the registry say of the model that they are about.
import type { Context } from 'hono';
import { modelNameSchema } from '../../registry/names.ts';
import { parse } from '../../registry/parse.ts';
import type { AppContext } from './app-context.ts';

/** @throws PopserveError INVALID_ARGUMENT for what cannot be a model's name */
export function modelOf(c: Context<AppContext>): string {
  return parse(modelNameSchema, c.req.param('model'), 'model name');
}
