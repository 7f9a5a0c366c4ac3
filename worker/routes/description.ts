// The API described: for programs at /openapi.json, for people at /docs. Nothing on the page comes from another origin.

import { Hono } from 'hono';
import { encodeBase64 } from '../../registry/bytes.ts';
import type { AppContext } from '../http/app-context.ts';
import { describeApi, type OpenApiDocument } from '../openapi/document.ts';
import page from '../openapi/page.html';

/** @param routesOf what is mounted, this included: asked at the first request */
export function descriptionRoutes(routesOf: () => readonly { method: string; path: string }[]): Hono<AppContext> {
  let document: OpenApiDocument | undefined;
  return new Hono<AppContext>()
    .get('/openapi.json', (c) => {
      document ??= describeApi(routesOf());
      return c.json(document, 200, { 'cache-control': 'public, max-age=300' });
    })
    .get('/docs', (c) => {
      const nonce = encodeBase64(crypto.getRandomValues(new Uint8Array(16)));
      return c.html(page.replaceAll('{{nonce}}', nonce), 200, {
        'content-security-policy': [
          ...["default-src 'none'", `script-src 'nonce-${nonce}'`, `style-src 'nonce-${nonce}'`, "connect-src 'self'"],
          ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
        ].join('; '),
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        // The nonce is good for one answer.
        'cache-control': 'no-store',
      });
    });
}
