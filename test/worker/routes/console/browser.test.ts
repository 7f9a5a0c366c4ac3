// The console in Chromium, on three PoPs: what every screen is like for whoever uses it without a mouse, without eyes or on a phone,
// and the way from a sign-in to a release by its buttons.
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, launchChromium } from '../../../../scripts/checks/console/chromium.ts';
import { screensOf, views } from '../../../../scripts/checks/console/screens.ts';
import { type Network, startPops } from '../../../../scripts/local-pop/pop.ts';
import { eventually } from '../../../harness/eventually.ts';
import { TestPop } from '../../../harness/pop.ts';
import { adder } from '../../../harness/small-models.ts';

const model = 'adder';
let network: Network;
let pop: TestPop;
let browser: Browser;

beforeAll(async () => {
  if (chromiumPath === null) return;
  network = await startPops(
    { directory: null, port: 0, settings: { TELEMETRY_FLUSH_SECONDS: '0', INFERENCE_ACCESS: 'open' } },
    [
      { pop: 'FRA', region: 'EU' },
      { pop: 'SIN', region: 'AS' },
      { pop: 'ORD', region: 'NA' },
    ],
  );
  pop = TestPop.of(network);
  await pop.release(adder(model, '1', 1));
  await pop.release(adder(model, '2', 2), false);
  const body = JSON.stringify({ inputs: [{ name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] }] });
  for (const url of network.urls.values()) {
    await fetch(new URL(`/v2/models/${model}/infer`, url), { method: 'POST', body });
  }
  browser = await launchChromium(chromiumPath);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await network?.stop();
});

async function signedIn(
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<{ page: Page; context: BrowserContext }> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(new URL('/console/sign-in', network.url).href);
  await page.getByLabel('Key or token').fill(network.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/console');
  return { page, context };
}

const open = (page: Page, path: string) => page.goto(new URL(path, network.url).href);

describe.skipIf(chromiumPath === null)('every screen', () => {
  test.each([views[0], views[3]])(
    'has nothing that axe objects to: $name',
    async ({ width, scheme }) => {
      const { page, context } = await signedIn({
        viewport: { width, height: 900 },
        colorScheme: scheme,
        bypassCSP: true,
      });
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
      for (const [name, path] of screensOf(model)) {
        await open(page, path);
        await page.addScriptTag({ content: axe.source });
        const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
        for (const { id, nodes } of violations)
          faults.push(
            `${name}: ${id}: ${nodes
              .map(({ html }) => html)
              .join(' | ')
              .slice(0, 300)}`,
          );
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        if (overflow > 0) faults.push(`${name}: ${overflow} pixels wider than the screen`);
      }
      await context.close();
      expect(faults).toEqual([]);
    },
    120_000,
  );

  test('asks nothing of another origin, and breaks no rule of its own policy', async () => {
    const { page, context } = await signedIn();
    const foreign: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(network.url.origin) && !request.url().startsWith('data:'))
        foreign.push(request.url());
    });
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) foreign.push(message.text());
    });
    for (const [, path] of screensOf(model)) await open(page, path);
    await context.close();
    expect(foreign).toEqual([]);
  }, 60_000);
});

describe.skipIf(chromiumPath === null)('on a phone', () => {
  test('who changed what is served, and why, is seen without moving the table', async () => {
    const { page, context } = await signedIn({ viewport: { width: 360, height: 800 } });
    for (const [path, column] of [
      [`/console/models/${model}`, 'Why'],
      ['/console/access/audit', 'Details'],
    ] as const) {
      await open(page, path);
      const { x = -1, width = 0 } = (await page.locator(`td[data-name=${column}]`).first().boundingBox()) ?? {};
      expect([column, x >= 0 && x + width <= 360]).toEqual([column, true]);
    }
    await context.close();
  }, 60_000);
});

describe.skipIf(chromiumPath === null)('by its buttons', () => {
  test('a release is made, seen arriving, and taken back', async () => {
    const { page, context } = await signedIn();
    await open(page, `/console/models/${model}`);
    await page.getByText('Activate a version').click();
    await page.locator('details[open]').getByLabel('Version').selectOption('2');
    await page.locator('details[open]').getByRole('button', { name: 'See the change' }).click();
    await page.getByText('All traffic gets 2, at once.').waitFor();
    await page.getByLabel('Reason, kept in the history').fill('tried on the spring data');
    await page.getByRole('button', { name: 'Do it: activate' }).click();
    await page.getByText('Done: epoch 2 is released.').waitFor();
    await page.getByText('tried on the spring data').waitFor();
    await page.getByRole('link', { name: 'Release' }).click();
    await eventually(async () => {
      const body = JSON.stringify({ inputs: [{ name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] }] });
      const headers = { 'popserve-min-epoch': '2' };
      for (const url of network.urls.values())
        await fetch(new URL(`/v2/models/${model}/infer`, url), { method: 'POST', body, headers });
      // The page asks again by itself.
      expect(await page.locator('#live').textContent()).toContain('3 of 3 points of presence serve it');
    });
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByText('Roll back to 1').click();
    await page.locator('details[open]').getByRole('button').click();
    await page.getByLabel('Reason, kept in the history').fill('no better');
    await page.getByRole('button', { name: 'Do it: rollback' }).click();
    await page.getByText('Done: epoch 3 is released.').waitFor();
    await context.close();
  }, 60_000);

  test('a question is asked and answered, and the session ends', async () => {
    const { page, context } = await signedIn();
    await open(page, `/console/models/${model}/try`);
    await page.getByRole('button', { name: `Ask ${model}` }).click();
    await page.locator('.mark.good', { hasText: '200' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await open(page, '/console');
    expect(page.url()).toContain('/console/sign-in');
    await context.close();
  }, 60_000);
});
