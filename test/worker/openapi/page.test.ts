// The page that reads the description and tries it: it works in a browser, and loads nothing from elsewhere.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chromiumPath, launchChromium } from '../../../scripts/checks/console/chromium.ts';
import { eventually } from '../../harness/eventually.ts';
import { sha256, TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start();
  await pop.release(adder('adder', '1', 10));
});
afterAll(() => pop.stop());

test.skipIf(chromiumPath === null)('stores a file as a blob, and sends headers', async () => {
  const browser = await launchChromium(chromiumPath ?? '');
  try {
    const page = await browser.newPage();
    await page.goto(new URL('/docs', pop.pop.url).href);
    await page.locator('body[data-ready]').waitFor();
    await page.locator('#token').fill(pop.pop.token);
    const open = async (verb: string, path: string) => {
      const call = page.locator('details', { has: page.locator(`b[data-verb=${verb}] + code`, { hasText: path }) });
      await call.first().locator('summary').click();
      return call.first();
    };
    const bytes = Buffer.from('any bytes');
    const blob = await open('PUT', '/registry/blobs/{digest}');
    await blob.locator('[name=digest]').fill(sha256(bytes));
    await blob.locator('[name=body]').setInputFiles({ name: 'any', mimeType: 'text/plain', buffer: bytes });
    await blob.getByRole('button', { name: 'Send' }).click();
    await blob.locator('pre', { hasText: /^201 in/ }).waitFor();
    const infer = await open('POST', '/v2/models/{model}/infer');
    await eventually(async () => expect(await infer.locator('textarea').inputValue()).toContain('"x"'));
    await infer.getByRole('button', { name: 'Send' }).click();
    await infer.locator('pre', { hasText: /^200 in/ }).waitFor();
    const metadata = await open('GET', '/v2/models/{model}');
    await metadata.locator('[name=popserve-min-epoch]').fill('99');
    await metadata.getByRole('button', { name: 'Send' }).click();
    await metadata.locator('pre', { hasText: /^503 in/ }).waitFor();
  } finally {
    await browser.close();
  }
});

test('asks nothing of another origin and lets only its own script run', async () => {
  const [first, second] = [await pop.send('GET', '/docs'), await pop.send('GET', '/docs')];
  expect(first.headers.get('content-type')).toContain('text/html');
  const policy = first.headers.get('content-security-policy') ?? '';
  const html = new TextDecoder().decode(first.bytes);
  expect(html).not.toMatch(/(src|href)=["']?(https?:)?\/\//);
  const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
  expect(nonce).toMatch(/^[A-Za-z0-9+/]{22}==$/);
  expect(policy.split('; ')).toEqual([
    ...["default-src 'none'", `script-src 'nonce-${nonce}'`, `style-src 'nonce-${nonce}'`, "connect-src 'self'"],
    ...["base-uri 'none'", "img-src 'self' data: blob:", "form-action 'self'", "frame-ancestors 'none'"],
  ]);
  expect(html).toContain(`<script nonce="${nonce}">`);
  expect(html).not.toContain('{{nonce}}');
  expect(new TextDecoder().decode(second.bytes)).not.toContain(nonce);
});

test.each([
  ['the page', 'GET', '/docs', 200],
  ['an error in its place', 'GET', '/docs/nothing', 404],
  ['a wrong method', 'POST', '/docs', 405],
])('%s has every header that keeps a browser from more', async (_, method, path, status) => {
  const answer = await pop.send(method, path);
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'nonce-");
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'strict-transport-security': 'max-age=31536000',
  });
});
