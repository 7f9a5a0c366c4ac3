// The API described: for programs at /openapi.json, for people at /docs. Nothing on the page comes from another origin.
import { Hono } from 'hono';
import type { AppContext } from '../http/app-context.ts';
import { open } from '../middleware/needs.ts';
import { describeApi, type OpenApiDocument } from '../openapi/document.ts';
import page from '../openapi/page.html';

/** @param routesOf what is mounted, this included: asked at the first request */
export function descriptionRoutes(routesOf: () => readonly { method: string; path: string }[]): Hono<AppContext> {
  let document: OpenApiDocument | undefined;
  return new Hono<AppContext>()
    .get('/openapi.json', open, (c) => {
      document ??= describeApi(routesOf());
      return c.json(document, 200, { 'cache-control': 'public, max-age=300' });
    })
    .get('/docs', open, (c) => {
      // The nonce is good for one answer, so the page is not kept.
      const html = page.replaceAll('{{nonce}}', c.get('secureHeadersNonce') ?? '');
      return c.html(html, 200, { 'cache-control': 'no-store' });
    });
}
