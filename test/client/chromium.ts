// Real Chromium for tests, as the system has it; null where it has none.
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const paths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export const chromiumPath = process.env.POPSERVE_CHROMIUM ?? paths.find((path) => existsSync(path)) ?? null;

/** Quiet: nothing but what a test asks goes out to a network. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @param camera a film in YUV4MPEG2 that every page may see as its camera */
export function launchChromium(executablePath: string, camera?: string): Promise<Browser> {
  const fake = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
  const more = camera === undefined ? [] : [...fake, `--use-file-for-fake-video-capture=${camera}`];
  return chromium.launch({ executablePath, headless: true, args: [...args, ...more] });
}
