// The client in real Chromium, on a page of another origin than the PoP's, over HTTPS, with the network cut in the middle.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { servePage } from '../../examples/browser/serve.mjs';
import { buildClient } from '../../scripts/build/client.ts';
import { chromiumPath, launchChromium } from '../../scripts/checks/console/chromium.ts';
import { demoRelease } from '../examples/demo-release.ts';
import { TestPop } from '../harness/pop.ts';
import { echo } from './echo-model.ts';

interface PageCache {
  keys(): Promise<{ url: string }[]>;
  put(url: string, response: Response): Promise<void>;
}

describe.skipIf(chromiumPath === null)('in Chromium (skipped where there is none)', () => {
  let pop: TestPop;
  let page: Page;
  let context: BrowserContext;
  let browser: Browser;
  let site: Awaited<ReturnType<typeof servePage>>;
  let other: typeof site;
  let digest: string;

  beforeAll(async () => {
    // For the harness' own calls: the local PoP's certificate is signed by nobody.
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    await buildClient({ declarations: false });
    site = await servePage(0);
    other = await servePage(0);
    pop = await TestPop.start({ CORS_ORIGINS: new URL(site.url).origin }, { https: true });
    expect(pop.pop.url.protocol).toBe('https:');
    const release = await demoRelease();
    digest = release.manifest.artifacts.model.digest;
    await pop.release(release);
    await pop.release(echo('1'));
    browser = await launchChromium(chromiumPath ?? '');
    context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 900, height: 900 } });
    page = await context.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.allSettled([site?.stop(), other?.stop(), pop?.stop()]);
  });

  /** The text that the example page shows after its button. */
  const ask = async () => {
    await page.locator('#ran, #risk, #error').evaluateAll((elements) => {
      for (const element of elements) element.textContent = '';
    });
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.locator('#ran:not(:empty), #error:not(:empty)').first().waitFor();
    expect(await page.locator('#error').textContent()).toBe('');
    const risk = page.locator('#risk');
    return {
      ran: await page.locator('#ran').textContent(),
      risk: await risk.textContent(),
      probability: Number(await risk.getAttribute('title')),
    };
  };

  test('the example page asks the PoP of another origin', async () => {
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    await page.goto(`${site.url}?pop=${pop.pop.url.origin}`);
    await page.locator('#ready', { hasText: 'ready with version 1' }).waitFor();
    expect(await ask()).toMatchObject({ ran: 'at the PoP local', risk: '99.9 %' });
    expect(await page.locator('#version').textContent()).toBe(`1 (epoch 1, ${digest.slice(0, 19)}…)`);
    expect(faults).toEqual([]);
  });

  test('with the network cut the page goes on by itself, and back to the PoP when it can', async () => {
    const atPop = await ask();
    await context.setOffline(true);
    const { ran, probability } = await ask();
    expect(ran).toBe('in this page');
    expect(probability).toBeCloseTo(atPop.probability, 6);
    await context.setOffline(false);
    expect(await ask()).toEqual(atPop);
    await page.getByLabel('run it in this page').check();
    expect((await ask()).ran).toBe('in this page');
    await page.getByLabel('run it in this page').uncheck();
  });

  test('tensors of every datatype come back the same from the PoP and from the page', async () => {
    const content = await readFile(join(import.meta.dirname, 'echo-in-page.js'), 'utf8');
    await page.addScriptTag({ type: 'module', content });
    await page.waitForFunction('globalThis.echoDifferences');
    const differences = await page.evaluate(`echoDifferences(${JSON.stringify(pop.pop.url.href)})`);
    expect(differences).toEqual([]);
  });

  test('what is kept is checked: spoilt bytes in Cache Storage are fetched again', async () => {
    const kept = await page.evaluate(async () => {
      const { caches } = globalThis as unknown as { caches: { open(name: string): Promise<PageCache> } };
      const cache = await caches.open('popserve');
      const urls = (await cache.keys()).map((request) => request.url).filter((url) => url.includes('/artifact?'));
      for (const url of urls) await cache.put(url, new Response('spoilt'));
      return urls.map((url) => new URL(url).pathname);
    });
    expect(kept.toSorted()).toEqual([
      '/v2/models/echo/versions/1/artifact',
      '/v2/models/machine-failure/versions/1/artifact',
    ]);
    await page.reload();
    await page.locator('#ready', { hasText: 'ready with version 1' }).waitFor();
    await page.getByLabel('run it in this page').check();
    expect(await ask()).toMatchObject({ ran: 'in this page', risk: '99.9 %' });
  });

  test('a page of an origin that is not allowed gets nothing', async () => {
    const stranger = await context.newPage();
    await stranger.goto(`${other.url}?pop=${pop.pop.url.origin}`);
    await stranger.getByRole('button', { name: 'Ask' }).click();
    await stranger.locator('#error', { hasText: 'UNREACHABLE: cannot reach https://127.0.0.1' }).waitFor();
    await stranger.close();
  });

  test('with PoP and page server gone, a new visit opens the page and answers', async () => {
    await page.evaluate('navigator.serviceWorker.ready.then(() => true)');
    await Promise.all([pop.stop(), site.stop()]);
    await page.reload();
    await page.locator('#ready', { hasText: 'ready with version 1' }).waitFor();
    expect(await ask()).toMatchObject({ ran: 'in this page', risk: '99.9 %' });
  });
});
