// Writes the notice of third parties: the licences of all code in the deployed bundle, found in what wrangler bundles.
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { bundleWorker } from '../bundle.ts';
import { projectRoot } from '../project.ts';
import { type CompiledIn, compiledIn, type Licence, listedFor, onnxruntime } from './compiled-in.ts';

export const noticesFile = join(projectRoot, 'THIRD_PARTY_NOTICES.md');

const metafileSchema = z.object({
  outputs: z.record(z.string(), z.object({ inputs: z.record(z.string(), z.unknown()) })),
});

const packageSchema = z.object({ name: z.string(), version: z.string(), license: z.string() });

const textFiles: Readonly<Record<Licence, readonly string[]>> = {
  MIT: ['MIT'],
  'BSD-3-Clause': ['BSD-3-Clause'],
  'Apache-2.0': ['Apache-2.0'],
  'Apache-2.0 WITH LLVM-exception': ['Apache-2.0', 'LLVM-exception'],
  'MPL-2.0': ['MPL-2.0'],
  'BSL-1.0': ['BSL-1.0'],
};

/**
 * @returns the page THIRD_PARTY_NOTICES.md
 * @throws Error if a bundled package has no licence text, or a bundled WASM module is not the one whose libraries are listed
 */
export async function writeNotices(): Promise<string> {
  const packages = await Promise.all((await bundledPackages()).map(readPackage));
  const wasm = packages.find(({ name }) => name === 'onnxruntime-web');
  if (wasm !== undefined && wasm.version !== listedFor) {
    throw new Error(
      `scripts/build/notices/compiled-in.ts lists the libraries in the WASM of onnxruntime-web ${listedFor}, and ${wasm.version} is installed: ` +
        "compare the list with onnxruntime's cmake/deps.txt of that release, then change 'listedFor'",
    );
  }
  const usedTexts = [...new Set([onnxruntime, ...compiledIn].flatMap(({ licence }) => textFiles[licence]))];
  return [
    '# Third-party notices',
    '',
    'Written by `npm run notices` from what wrangler bundles; do not edit. popserve itself is under [Apache-2.0](LICENSE).',
    '',
    '## Packages in the bundle',
    '',
    '| package | version | licence |',
    '|---|---|---|',
    ...packages.map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`),
    '',
    ...packages.flatMap(({ name, text }) => (text === null ? [] : [`### ${name}`, '', ...quoted(text)])),
    '## Compiled into the WASM of onnxruntime-web',
    '',
    'The texts of the licences follow the table. Eigen is used unchanged; its source is at the address in the table.',
    '',
    '| library | licence | copyright |',
    '|---|---|---|',
    ...[onnxruntime, ...compiledIn].map(row),
    '',
    ...(await Promise.all(usedTexts.map(licenceSection))).flat(),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

/** The package that a bundled file comes from; null for the project's own. */
function packageOf(path: string): string | null {
  if (path.includes('worker/runtime/ort/')) return 'onnxruntime-web';
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? null;
}

async function bundledPackages(): Promise<string[]> {
  const { modules, metafile: account } = await bundleWorker('index');
  const foreign = modules.find(
    ({ type, path }) => type === 'CompiledWasm' && !path.endsWith('-ort-wasm-simd-threaded.wasm'),
  );
  if (foreign !== undefined) {
    throw new Error(
      `${basename(foreign.path)} is in the bundle, and no licence is listed for it: add it to ${import.meta.filename}`,
    );
  }
  const metafile = metafileSchema.parse(JSON.parse(account));
  const names = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.keys(inputs).flatMap((path) => packageOf(path) ?? []),
  );
  return [...new Set(names)].sort();
}

interface Package extends z.infer<typeof packageSchema> {
  /** Null for onnxruntime-web, whose package has no licence file: its licence stands with what is compiled in. */
  readonly text: string | null;
}

async function readPackage(name: string): Promise<Package> {
  const folder = join(projectRoot, 'node_modules', name);
  const described = packageSchema.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')));
  const file = (await readdir(folder)).find((entry) => /^(licen[sc]e|copying)(\.\w+)?$/i.test(entry));
  if (file === undefined && name !== 'onnxruntime-web')
    throw new Error(`the package ${name} is bundled and has no licence file`);
  return { ...described, text: file === undefined ? null : await readFile(join(folder, file), 'utf8') };
}

function row({ name, source, licence, copyright }: CompiledIn): string {
  return `| [${name}](${source}) | ${licence} | ${copyright} |`;
}

async function licenceSection(name: string): Promise<string[]> {
  const text = await readFile(join(import.meta.dirname, 'licences', `${name}.txt`), 'utf8');
  return [`### ${name}`, '', ...quoted(text)];
}

function quoted(text: string): string[] {
  return ['```text', text.replace(/^\s*\n/, '').trimEnd(), '```', ''];
}
