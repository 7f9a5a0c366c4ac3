// The API described: for programs at /openapi.json, for people at /docs. Nothing on the page comes from another origin.
import { Hono } from 'hono';
import type { OpenApiDocument } from '../../registry/api/server.ts';
import type { AppContext } from '../http/app-context.ts';
import { sessionOf } from '../http/session.ts';
import { declaredCalls } from '../middleware/declarations.ts';
import { open } from '../middleware/needs.ts';
import page from '../openapi/page.html';

/** @param routesOf what is mounted, this included: asked at the first request */
export function descriptionRoutes(routesOf: () => Parameters<typeof declaredCalls>[0]): Hono<AppContext> {
  let document: OpenApiDocument | undefined;
  return new Hono<AppContext>()
    .get('/openapi.json', open, async (c) => {
      // Imported at the first request that asks for it: an isolate that serves models does not build the schemas.
      const { describeApi } = await import('../openapi/document.ts');
      document ??= describeApi(declaredCalls(routesOf()));
      return c.json(document, 200, { 'cache-control': 'public, max-age=300' });
    })
    .get('/docs', open, async (c) => {
      // The nonce is good for one answer, so the page is not kept. With a session its script asks with the rights of that.
      const mark = (await sessionOf(c))?.csrf ?? '';
      const html = page.replaceAll('{{nonce}}', c.get('secureHeadersNonce') ?? '').replaceAll('{{mark}}', mark);
      return c.html(html, 200, { 'cache-control': 'no-store' });
    });
}
