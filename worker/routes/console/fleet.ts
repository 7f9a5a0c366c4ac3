// The page of the fleet.
import type { Context } from 'hono';
import type { AppContext } from '../../http/app-context.ts';
import { visibleModels } from '../../http/caller.ts';
import { spendOf } from '../../http/spend.ts';
import { fleetOf } from '../../models/fleet.ts';
import { answerPage, frameOf } from './answer-page.ts';

export async function showFleet(c: Context<AppContext>) {
  const fleet = await fleetOf(c.var.isolate, visibleModels(c), spendOf(c));
  const { fleetScreen } = await import('../../console/screens/fleet.tsx');
  return answerPage(c, fleetScreen(await frameOf(c), fleet));
}
