// A change of the route from the console: shown first, then made as the registry's own call makes it.
import type { Context } from 'hono';
import { adviceToBreak } from '../../../registry/contract/require-contract.ts';
import { PopserveError } from '../../../registry/errors.ts';
import type { AppContext } from '../../http/app-context.ts';
import { modelOf } from '../../http/registry-request.ts';
import { operatorOf } from '../../middleware/audit.ts';
import { release } from '../../models/release.ts';
import { answerPage, frameOf } from './answer-page.ts';

export async function showChange(c: Context<AppContext>) {
  return await plan(c, c.req.query(), null);
}

export async function changeModel(c: Context<AppContext>) {
  const fields = await c.req.parseBody();
  const { readChange } = await import('../../console/change.ts');
  const { action, epoch } = readChange(fields);
  const model = modelOf(c);
  try {
    const { route } = await release(
      c.var.isolate,
      { model, action, ifMatchEpoch: epoch },
      operatorOf(c),
      c.executionCtx,
    );
    return c.redirect(`/console/models/${model}?done=${route.epoch}`, 303);
  } catch (error) {
    // A conflict is told beside the form, which then asks whether it is meant.
    if (!(error instanceof PopserveError) || error.code !== 'CONFLICT') throw error;
    const message = error.message.replace(adviceToBreak, 'to do it all the same, tick the box below and give a reason');
    return await plan(c, fields, { message, breaking: error.contract !== undefined });
  }
}

async function plan(
  c: Context<AppContext>,
  fields: Readonly<Record<string, unknown>>,
  refusal: { message: string; breaking: boolean } | null,
) {
  const [{ commandOf, describeChange, readChange }, { changeScreen }] = await Promise.all([
    import('../../console/change.ts'),
    import('../../console/screens/change.tsx'),
  ]);
  // The command that does the same has to say that callers may break, too.
  const change = readChange(refusal?.breaking ? { ...fields, breaking: 'yes' } : fields);
  const model = modelOf(c);
  const { route, versions } = await c.var.isolate.registry.showModel(model);
  const back = route?.previous.find((each) => versions.some(({ version }) => version === each)) ?? null;
  const planned = {
    ...{ model, change, refusal },
    sentences: describeChange(change, route, back),
    command: commandOf(model, change),
  };
  return await answerPage(c, changeScreen(await frameOf(c), planned), refusal === null ? 200 : 409);
}
