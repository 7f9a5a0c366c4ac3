// Packages that only an operator's machine needs, and that are too large for everybody else: optional peers of popserve, so that
// a project installs them itself. Each is found when it is used, and a missing one is named with the line that installs it.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import packageJson from '../../package.json' with { type: 'json' };
import { PopserveError } from '../../registry/errors.ts';
import { loadWithLargerSteps } from './quick-config.ts';

/** The versions with which popserve is tested. */
export const operatorTools = {
  /** Converts models and gives reference answers. */
  'onnxruntime-node': packageJson.devDependencies['onnxruntime-node'],
  /** Bundles and deploys the Worker; brings miniflare and workerd, which run it here. */
  wrangler: packageJson.devDependencies.wrangler,
  /** Runs convolution nets at publishing, and in the second Worker that is deployed for them. */
  '@litertjs/core': packageJson.devDependencies['@litertjs/core'],
} as const;

export type OperatorTool = keyof typeof operatorTools;

/**
 * @param file a file of the tool, or nothing for its entry
 * @returns path of the tool beside popserve, else in the project of the current folder, as with `npx --package`
 * @throws {PopserveError} INTERNAL with the line that installs it
 */
export function locateTool(tool: OperatorTool, file?: string): string {
  for (const from of [import.meta.filename, join(process.cwd(), 'package.json')]) {
    try {
      const root = createRequire(from);
      return file === undefined ? root.resolve(tool) : join(dirname(root.resolve(`${tool}/package.json`)), file);
    } catch {}
  }
  throw new PopserveError(
    'INTERNAL',
    `the package ${tool} is not installed; run 'npm install --save-dev --ignore-scripts ${tool}@${operatorTools[tool]}'`,
  );
}

export async function importOnnxruntime(): Promise<typeof import('onnxruntime-node')> {
  return await importFrom(locateTool('onnxruntime-node'));
}

export async function importWrangler(): Promise<typeof import('wrangler')> {
  return await importFrom(locateTool('wrangler'));
}

/** The one that wrangler depends on: both must be of one release. */
export async function importMiniflare(): Promise<typeof import('miniflare')> {
  const path = createRequire(locateTool('wrangler', 'package.json')).resolve('miniflare');
  return await loadWithLargerSteps(pathToFileURL(path).href, () => importFrom(path));
}

async function importFrom<T>(path: string): Promise<T> {
  return (await import(pathToFileURL(path).href)) as T;
}
