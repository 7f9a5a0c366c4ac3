// `npm run shots`: makes a picture of every screen of the console, wide and narrow, light and dark, on three PoPs with the demo's model.
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { demoModel } from '../../demo/demo-model.ts';
import { type Network, startPops } from '../../local-pop/pop.ts';
import { releaseDemo } from '../../start/release-demo.ts';
import { chromiumPath, launchChromium } from './chromium.ts';
import { screensOf, views } from './screens.ts';

const { values } = parseArgs({ options: { out: { type: 'string', default: 'shots' } } });
const folder = resolve(values.out);
const record = {
  ...{ type: 'L', air_temperature: 298.9, process_temperature: 309.1 },
  ...{ rotational_speed: 1310, torque: 64.5, tool_wear: 198 },
};
/** Questions to each place, so that there is something to draw. */
const questions = 40;

if (chromiumPath === null) throw new Error('no Chromium was found: install it, or name it in POPSERVE_CHROMIUM');
await mkdir(folder, { recursive: true });
const network = await startPops(
  { directory: null, port: 0, settings: { TELEMETRY_FLUSH_SECONDS: '0', INFERENCE_ACCESS: 'open' } },
  [
    { pop: 'FRA', region: 'EU' },
    { pop: 'SIN', region: 'AS' },
    { pop: 'ORD', region: 'NA' },
  ],
);
try {
  await releaseDemo(network.url, network.token);
  await releaseCopy(network);
  await askAround(network);
  await takeShots(network, chromiumPath);
  process.stdout.write(`${folder}: ${views.length * screensOf(demoModel.name).length} pictures\n`);
} finally {
  await network.stop();
}

/** The same model once more as version 2, on a share of the traffic. */
async function releaseCopy({ url, token }: Network): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const versions = new URL(`registry/models/${demoModel.name}/versions/`, url);
  const manifest = (await (await fetch(new URL('1', versions), { headers })).json()) as object;
  const body = JSON.stringify({ ...manifest, version: '2' });
  await fetch(new URL('2', versions), { method: 'PUT', headers, body });
  const routes = new URL(`registry/models/${demoModel.name}/routes`, url);
  for (const action of [
    { action: 'canary', version: '2', percent: 20, limits: { errorShare: 0.05 }, reason: 'trained on the spring data' },
    { action: 'shadow', version: '2', percent: 100, reason: 'compare first' },
  ]) {
    await fetch(routes, { method: 'POST', headers, body: JSON.stringify(action) });
  }
}

async function askAround({ urls }: Network): Promise<void> {
  for (let count = 0; count < questions; count++) {
    for (const url of urls.values()) {
      await fetch(new URL(`v2/models/${demoModel.name}/infer`, url), {
        method: 'POST',
        headers: { 'popserve-key': `device-${count}` },
        body: JSON.stringify({ instances: [count % 9 === 0 ? { type: 'L' } : { ...record, torque: 30 + count }] }),
      }).then((answer) => answer.arrayBuffer());
    }
  }
}

async function takeShots({ url, token }: Network, executablePath: string): Promise<void> {
  const browser = await launchChromium(executablePath);
  try {
    for (const { name: view, width, scheme } of views) {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
      const page = await context.newPage();
      await page.goto(new URL('/console/sign-in', url).href);
      await page.getByLabel('Key or token').fill(token);
      await page.locator('main button[type=submit]').click();
      for (const [name, path] of screensOf(demoModel.name)) {
        await page.goto(new URL(path, url).href);
        if (name === 'model')
          for (const action of await page.locator('details.action > summary').all()) await action.click();
        if (name === 'try') await page.locator('main button.main').click();
        await page.screenshot({ path: join(folder, `${name}-${view}.png`), fullPage: true });
      }
      await context.close();
    }
  } finally {
    await browser.close();
  }
}
