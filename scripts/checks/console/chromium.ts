// Chromium for screenshots and tests of pages, as the system has it.
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const paths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Null where the system has none. */
export const chromiumPath = process.env.POPSERVE_CHROMIUM ?? paths.find((path) => existsSync(path)) ?? null;

/** Quiet: nothing but what a test asks goes out to a network. */
const quiet = [
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
  return chromium.launch({ executablePath, headless: true, args: [...quiet, ...more] });
}
