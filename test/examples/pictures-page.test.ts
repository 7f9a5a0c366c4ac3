// The example page of pictures in Chromium: a camera, files that are chosen and dropped, labels and boxes, and a cut network.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { servePage } from '../../examples/browser/serve.mjs';
import { buildClient } from '../../scripts/build/client.ts';
import { chromiumPath, launchChromium } from '../../scripts/checks/console/chromium.ts';
import { colourModel } from '../harness/pictures/colour-model.ts';
import { png } from '../harness/pictures/encoders.ts';
import { type Colour, film } from '../harness/pictures/film.ts';
import { spotModel } from '../harness/pictures/spot-model.ts';
import { TestPop } from '../harness/pop.ts';

/** Grey with a red square at the top right. */
const scene = (x: number, y: number): Colour => (x >= 560 && y < 60 ? [255, 0, 0] : [90, 90 + y / 8, 90 + x / 8]);

describe.skipIf(chromiumPath === null)('in Chromium (skipped where there is none)', () => {
  let folder: string;
  let pop: TestPop;
  let site: Awaited<ReturnType<typeof servePage>>;
  let browser: Browser;
  let context: BrowserContext;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'popserve-camera-'));
    await writeFile(join(folder, 'camera.y4m'), film(640, 480, scene));
    await writeFile(
      join(folder, 'spot.png'),
      png(320, 240, (x, y) => [...scene(x * 2, y * 2)]),
    );
    await writeFile(join(folder, 'notes.txt'), 'no picture');
    await buildClient({ declarations: false });
    site = await servePage(0);
    pop = await TestPop.start({ CORS_ORIGINS: new URL(site.url).origin });
    await pop.release(colourModel('pictures', '1'));
    await pop.release(spotModel('spots', '1'));
    browser = await launchChromium(chromiumPath ?? '', join(folder, 'camera.y4m'));
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.allSettled([site?.stop(), pop?.stop(), rm(folder, { recursive: true, force: true })]);
  });

  /** The page, once it knows its model; faults of its scripts are the test's. */
  async function open(model: string): Promise<{ page: Page; faults: string[] }> {
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    await page.goto(`${site.url}pictures?pop=${pop.pop.url.origin}&model=${model}`);
    await page.locator('#ready', { hasText: 'ready with version 1' }).waitFor();
    return { page, faults };
  }

  /** How red the layer with the boxes is at a point of the picture. */
  const drawnAt = (page: Page, x: number, y: number) =>
    page.evaluate<number[]>(
      `Array.from(document.querySelector('canvas').getContext('2d').getImageData(${x}, ${y}, 1, 1).data)`,
    );

  test('a chosen file is told with labels, the best first', async () => {
    const { page, faults } = await open('pictures');
    await page.locator('input[type=file]').setInputFiles(join(folder, 'spot.png'));
    await page.locator('#seen li').nth(2).waitFor();
    expect(await page.locator('#seen li span').allTextContents()).toEqual(['blue', 'green', 'red']);
    expect(await page.locator('#ran').textContent()).toBe('at the PoP local');
    expect(await page.locator('#version').textContent()).toBe('1 (epoch 1)');
    expect(await page.locator('img').isVisible()).toBe(true);
    expect(faults).toEqual([]);
    await page.close();
  });

  test('a dropped file gets boxes where things are; with the network cut the page finds them itself', async () => {
    const { page, faults } = await open('spots');
    const drop = () =>
      page.evaluate(`(async () => {
        const [width, height] = [320, 240];
        const canvas = new OffscreenCanvas(width, height);
        const context = canvas.getContext('2d');
        context.fillStyle = '#5a6f80';
        context.fillRect(0, 0, width, height);
        context.fillStyle = '#f00';
        context.fillRect(280, 0, 40, 30);
        const transfer = new DataTransfer();
        transfer.items.add(new File([await canvas.convertToBlob({ type: 'image/jpeg' })], 'spot.jpg'));
        document.querySelector('#seen').replaceChildren();
        document.querySelector('#stage').dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
      })()`);
    await drop();
    await page.locator('#seen li', { hasText: 'spot' }).waitFor();
    expect(await page.locator('#ran').textContent()).toBe('at the PoP local');
    // The left edge of the box is drawn, and the middle of the picture is not.
    expect((await drawnAt(page, 280, 15))[3]).toBeGreaterThan(100);
    expect((await drawnAt(page, 100, 100))[3]).toBe(0);
    await context.setOffline(true);
    await drop();
    await page.locator('#ran', { hasText: 'in this page' }).waitFor();
    await page.locator('#seen li', { hasText: 'spot' }).waitFor();
    expect((await drawnAt(page, 280, 15))[3]).toBeGreaterThan(100);
    await context.setOffline(false);
    expect(faults).toEqual([]);
    await page.close();
  });

  test('a camera is watched until it is stopped', async () => {
    const { page, faults } = await open('spots');
    await page.getByRole('button', { name: 'Start the camera' }).click();
    await page.locator('#seen li', { hasText: 'spot' }).waitFor();
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST') asked.push(request.url());
    });
    await expect.poll(() => asked.length, { timeout: 10_000 }).toBeGreaterThan(2);
    expect((await drawnAt(page, 560, 30))[3]).toBeGreaterThan(100);
    await page.getByRole('button', { name: 'Stop the camera' }).click();
    await page.getByRole('button', { name: 'Start the camera' }).waitFor();
    expect(await page.evaluate(`document.querySelector('video').srcObject`)).toBe(null);
    expect(await page.locator('#error').textContent()).toBe('');
    expect(faults).toEqual([]);
    await page.close();
  });

  test('says what is wrong with a file or a model', async () => {
    const { page, faults } = await open('pictures');
    await page.locator('input[type=file]').setInputFiles(join(folder, 'notes.txt'));
    await page.locator('#error', { hasText: 'this browser does not show notes.txt' }).waitFor();
    await page.locator('input[type=file]').setInputFiles(join(folder, 'spot.png'));
    await page.locator('#seen li').first().waitFor();
    await page.locator('input[name=model]').fill('nothing');
    await page.locator('input[name=model]').press('Enter');
    await page.locator('#error', { hasText: /^NOT_FOUND: / }).waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });

  test.each([1280, 390])('fits on %i pixels', async (width) => {
    const { page } = await open('spots');
    await page.setViewportSize({ width, height: 844 });
    await page.getByRole('button', { name: 'Start the camera' }).click();
    await page.locator('#seen li', { hasText: 'spot' }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    await page.close();
  });
});
