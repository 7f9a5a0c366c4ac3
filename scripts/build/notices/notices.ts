// Writes the notice of third parties: the licences of all code in the deployed bundle, found in what wrangler bundles, and in the
// command of the npm package, found in what esbuild bundles.
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import * as z from 'zod';
import { bundleWorker } from '../bundle.ts';
import { commandBuilds, dependencyFiles } from '../package/build.ts';
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
  const known = new Set(packages.map(({ name }) => name));
  const inCommand = (await commandPackages()).filter((name) => !known.has(name));
  const morePackages = await Promise.all(inCommand.map(readPackage));
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
    'Written by `npm run notices` from what is bundled; do not edit. popserve itself is under [Apache-2.0](LICENSE). The JPEG decoder is',
    'based in part on the work of the Independent JPEG Group.',
    '',
    '## Packages in the bundle',
    '',
    ...packageTable(packages),
    '## More packages in the command',
    '',
    'The npm package holds the command, which has these beside those of the bundle.',
    '',
    ...packageTable(morePackages),
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

function packageTable(packages: readonly Package[]): string[] {
  return [
    '| package | version | licence |',
    '|---|---|---|',
    ...packages.map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`),
    '',
    ...packages.flatMap(({ name, texts }) => texts.flatMap((text) => [`### ${name}`, '', ...quoted(text)])),
  ];
}

/** Parts of the paths of files that are derived from packages, and those. */
const derivedFiles: Readonly<Record<string, string>> = {
  'ort-wasm-simd-threaded.': 'onnxruntime-web',
  'mozjpeg_dec.': '@jsquash/jpeg',
  'webp_dec.': '@jsquash/webp',
};

/** The package that a bundled file comes from; null for the project's own. */
function packageOf(path: string): string | null {
  const derived = Object.keys(derivedFiles).find((part) => path.includes(part));
  if (derived !== undefined) return derivedFiles[derived] ?? null;
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? null;
}

async function bundledPackages(): Promise<string[]> {
  const { modules, metafile: account } = await bundleWorker('index');
  const foreign = modules.find(
    ({ type, path }) => type === 'CompiledWasm' && !Object.keys(derivedFiles).some((part) => path.includes(part)),
  );
  if (foreign !== undefined) {
    throw new Error(
      `${basename(foreign.path)} is in the bundle, and no licence is listed for it: add it to ${import.meta.filename}`,
    );
  }
  return packagesIn(JSON.parse(account));
}

/** As the npm package has it, whose Worker is the bundle's. */
async function commandPackages(): Promise<string[]> {
  const builds = await Promise.all(commandBuilds.map((options) => build({ ...options, write: false })));
  const files = dependencyFiles.flatMap((file) => packageOf(`node_modules/${file}`) ?? []);
  return [...new Set([...builds.flatMap(({ metafile }) => packagesIn(metafile)), ...files])].sort();
}

function packagesIn(account: unknown): string[] {
  const names = Object.values(metafileSchema.parse(account).outputs).flatMap(({ inputs }) =>
    Object.keys(inputs).flatMap((path) => packageOf(path) ?? []),
  );
  return [...new Set(names)].sort();
}

/** Packages that have no file with their licence, whose text stands with what is compiled in. */
const withoutFile: ReadonlySet<string> = new Set(['onnxruntime-web', '@bufbuild/protobuf']);

interface Package extends z.infer<typeof packageSchema> {
  /** The package's own licence, and that of what is compiled into its WASM. */
  readonly texts: readonly string[];
}

async function readPackage(name: string): Promise<Package> {
  const folder = join(projectRoot, 'node_modules', name);
  const described = packageSchema.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')));
  const entries = await readdir(folder);
  const file = entries.find((entry) => /^(licen[sc]e|copying)(\.\w+)?$/i.test(entry));
  if (file === undefined && !withoutFile.has(name))
    throw new Error(`the package ${name} is bundled and has no licence file`);
  const codec = entries.includes('codec') ? [join('codec', 'LICENSE.codec.md')] : [];
  const files = [...(file === undefined ? [] : [file]), ...codec];
  return { ...described, texts: await Promise.all(files.map((each) => readFile(join(folder, each), 'utf8'))) };
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
