// The paths, queries and headers of calls of the registry, checked.
import type { Context } from 'hono';
import type * as z from 'zod';
import { pageQuerySchema, partQuerySchema } from '../../registry/api/queries.ts';
import { PopserveError } from '../../registry/errors.ts';
import { type Digest, digestSchema, modelNameSchema, versionSchema } from '../../registry/names.ts';
import { parse } from '../../registry/parse.ts';
import type { AppContext } from './app-context.ts';

/** The part of what is collected of a model that is asked for: of one version, of one PoP. @throws PopserveError INVALID_ARGUMENT */
export function partOf(c: Context<AppContext>): z.output<typeof partQuerySchema> {
  return parse(partQuerySchema, c.req.query(), 'query');
}

/** The page of a list that is asked for. @throws PopserveError INVALID_ARGUMENT */
export function pageOf(c: Context<AppContext>): z.output<typeof pageQuerySchema> {
  return parse(pageQuerySchema, c.req.query(), 'query');
}

/** @throws PopserveError INVALID_ARGUMENT for what cannot be a model's name */
export function modelOf(c: Context<AppContext>): string {
  return parse(modelNameSchema, c.req.param('model'), 'model name');
}

/** @throws PopserveError INVALID_ARGUMENT for what cannot be a version */
export function versionOf(c: Context<AppContext>): string {
  return parse(versionSchema, c.req.param('version'), 'version');
}

/** @throws PopserveError INVALID_ARGUMENT for what is not `sha256:<hex>` */
export function digestOf(c: Context<AppContext>): Digest {
  return parse(digestSchema, c.req.param('digest'), 'digest') as Digest;
}

/**
 * The epoch in the If-Match header, `"7"`; 0 stands for a model without a route.
 * @returns undefined without the header
 * @throws PopserveError INVALID_ARGUMENT for anything else
 */
export function ifMatchEpochOf(c: Context<AppContext>): number | undefined {
  const header = c.req.header('If-Match');
  if (header === undefined) return undefined;
  const [, digits] = /^"?(\d{1,12})"?$/.exec(header) ?? [];
  if (digits !== undefined) return Number(digits);
  throw new PopserveError('INVALID_ARGUMENT', `If-Match: expected an epoch like "7", got ${header.slice(0, 40)}`);
}
