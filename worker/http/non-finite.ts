// How an answer is to write NaN and infinities, as its caller asks by a header or, where only the URL can be chosen, in the query.
import type { Context } from 'hono';
import { nonFiniteSchema } from '../../registry/api/queries.ts';
import { parse } from '../../registry/parse.ts';
import type { NonFinite } from '../protocol/non-finite.ts';
import type { AppContext } from './app-context.ts';

const header = 'popserve-non-finite';

/**
 * @param inQuery false where the query's names are a model's features
 * @throws {PopserveError} INVALID_ARGUMENT for any other word
 */
export function readNonFinite(c: Context<AppContext>, { inQuery }: { readonly inQuery: boolean }): NonFinite {
  const given = c.req.header(header);
  if (given !== undefined) return parse(nonFiniteSchema, given, header);
  const asked = inQuery ? c.req.query('non_finite') : undefined;
  return asked === undefined ? 'null' : parse(nonFiniteSchema, asked, 'query: non_finite');
}
