// The page that compares two versions.
import type { Context } from 'hono';
import * as z from 'zod';
import { versionSchema } from '../../../registry/names.ts';
import { parse } from '../../../registry/parse.ts';
import type { AppContext } from '../../http/app-context.ts';
import { modelOf } from '../../http/registry-request.ts';
import { comparisonOf } from '../../models/comparison.ts';
import { answerPage, frameOf } from './answer-page.ts';

const pairSchema = z.object({ left: versionSchema.exactOptional(), right: versionSchema.exactOptional() });

export async function showComparison(c: Context<AppContext>) {
  const comparison = await comparisonOf(c.var.isolate, modelOf(c), parse(pairSchema, c.req.query(), 'query'));
  const { compareScreen } = await import('../../console/screens/compare.tsx');
  return answerPage(c, compareScreen(await frameOf(c), comparison));
}
