// The frame of a page of the console for the request that asks for it, and the page as an answer.
import type { Context } from 'hono';
import type { HtmlEscapedString } from 'hono/utils/html';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { PopserveError } from '../../../registry/errors.ts';
import type { Frame, Viewer } from '../../console/page.tsx';
import type { AppContext } from '../../http/app-context.ts';
import { popOf } from '../../http/pop.ts';
import { sessionOf } from '../../http/session.ts';
import { requireRight } from '../../security/caller.ts';
import { serverVersion } from '../../server-identity.ts';

type Screen = HtmlEscapedString | Promise<HtmlEscapedString>;

export async function frameOf(c: Context<AppContext>, notice: Frame['notice'] = null): Promise<Frame> {
  const { consoleAssets } = await import('../../console/assets.ts');
  const { paths } = await consoleAssets();
  return {
    viewer: await viewerOf(c),
    nonce: c.get('secureHeadersNonce') ?? '',
    pop: popOf(c.var.isolate),
    version: serverVersion,
    path: c.req.path,
    assets: paths,
    notice,
  };
}

async function viewerOf(c: Context<AppContext>): Promise<Viewer | null> {
  const caller = c.get('caller');
  const session = await sessionOf(c);
  if (caller === undefined || session === null) return null;
  return {
    id: caller.id,
    name: caller.name,
    csrf: session.csrf,
    may: (scope, model) => {
      try {
        requireRight(caller, { scopes: [scope], model: model ?? null, open: model === undefined });
        return true;
      } catch (error) {
        if (error instanceof PopserveError) return false;
        throw error;
      }
    },
  };
}

/** Pages hold what only their viewer may see, and a nonce that is good once: nothing keeps them. */
export async function answerPage(c: Context<AppContext>, screen: Screen, status = 200) {
  return c.html(`<!doctype html>${await screen}`, status as ContentfulStatusCode, { 'cache-control': 'no-store' });
}
