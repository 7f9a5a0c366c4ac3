// Bundles a Worker with wrangler, exactly as a deployment would: popserve's own, kept until its sources change, and a project's.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { unstable_getMiniflareWorkerOptions } from 'wrangler';
import * as z from 'zod';
import { mebibyte } from '../../registry/mebibytes.ts';
import { cachedBuild } from './build-cache.ts';
import { deriveCodecs } from './derive-codecs.ts';
import { deriveConsole } from './derive-console.ts';
import { deriveLiteRt, readLiteRt } from './derive-litert.ts';
import { deriveRuntime } from './derive-runtime.ts';
import { engineFile } from './environments.ts';
import { importWrangler, locateTool } from './operator-tools.ts';
import { onProcessEnd } from './process-end.ts';
import { commandFolder, isBuilt, projectRoot } from './project.ts';

const run = promisify(execFile);

/** For Workers that are never deployed. */
export const toolsConfig = 'wrangler.tools.toml';

const entries = {
  /** Serves. */
  index: 'worker/index.ts',
  /** Runs LiteRT behind the one that serves. */
  litert: 'worker/litert/index.ts',
  /** Examines models for `popserve publish`, conformance and benchmarks. */
  'inspection-worker': 'scripts/inspect/worker/inspection-worker.ts',
  /** The same with LiteRT beside onnxruntime. */
  'engines-inspection-worker': 'scripts/inspect/worker/engines-inspection-worker.ts',
} as const;

/** The wrangler file of each; of the two that are deployed, their own. */
const configs: Readonly<Record<keyof typeof entries, string>> = {
  index: 'wrangler.toml',
  litert: engineFile,
  'inspection-worker': toolsConfig,
  'engines-inspection-worker': toolsConfig,
};

/** wrangler's name for it. */
const metafileName = 'bundle-meta.json';
const metafileSchema = z.object({ outputs: z.record(z.string(), z.object({ entryPoint: z.string().optional() })) });
const optionsName = 'worker-options.json';

/** Bindings, compatibility date and the rest of a wrangler.toml's top level, as miniflare takes them. */
export type WorkerOptions = Omit<
  ReturnType<typeof unstable_getMiniflareWorkerOptions>['workerOptions'],
  'modulesRules'
>;

/**
 * What a file of a bundle is, by the end of its name.
 * @see https://developers.cloudflare.com/workers/wrangler/bundling/#files-which-will-not-be-bundled
 */
const moduleTypes: Readonly<Record<string, BundledModule['type']>> = {
  '.js': 'ESModule',
  '.mjs': 'ESModule',
  '.wasm': 'CompiledWasm',
  '.html': 'Text',
  '.txt': 'Text',
  '.sql': 'Text',
  '.bin': 'Data',
};

export type WorkerEntry = keyof typeof entries;

interface BundledModule {
  readonly type: 'ESModule' | 'CompiledWasm' | 'Text' | 'Data';
  readonly path: string;
  /** Miniflare takes them from here: the file at `path` may go before it is started again. */
  readonly contents: string | Uint8Array<ArrayBuffer>;
}

export interface Bundle {
  /** Folder with the modules. */
  readonly directory: string;
  /** The first is the entry. */
  readonly modules: readonly BundledModule[];
  /**
   * esbuild's account of the files that went into the bundle, as JSON.
   * @see https://esbuild.github.io/api/#metafile
   */
  readonly metafile: string;
  /** Without the bindings of other Workers, which are not there where this one runs alone. */
  readonly options: WorkerOptions;
  /** The names of those bindings. */
  readonly services: readonly string[];
}

/**
 * Bundles a Worker with popserve's own wrangler.toml, or a tool's with wrangler.tools.toml. The package has the inspection Workers
 * in their built form.
 * @throws Error with wrangler's output when it does not build
 */
export async function bundleWorker(entry: WorkerEntry): Promise<Bundle> {
  if (isBuilt) return await readBuiltInspector(entry);
  await deriveRuntime();
  await deriveCodecs();
  await deriveConsole();
  if (entry === 'litert' || entry === 'engines-inspection-worker') await deriveLiteRt();
  const config = configs[entry];
  const { directory, files } = await cachedBuild({
    cache: join(projectRoot, 'node_modules', '.cache', 'popserve'),
    name: entry,
    digest: await sourcesDigest(),
    build: async (folder) => {
      const project = { folder: projectRoot, config: join(projectRoot, config) };
      await dryRun(project, ['deploy', entries[entry]], folder);
      await writeFile(join(folder, optionsName), JSON.stringify(await workerOptions(project)));
    },
    keeps: (file) => file === metafileName || file === optionsName || isModule(file),
  });
  return bundleOf(directory, files, JSON.parse(textOf(files, optionsName)));
}

/** A Worker that somebody deploys: its wrangler file, and the folder that wrangler runs in. */
export interface WorkerProject {
  readonly folder: string;
  readonly config: string;
  /** One of the file's environments; undefined: the top level. */
  readonly environment?: string | undefined;
}

/**
 * Bundles the Worker of any project. Nothing is kept of it, because its sources may be anywhere.
 * @throws Error with wrangler's output when it does not build
 */
export async function bundleProject(project: WorkerProject): Promise<Bundle> {
  const directory = await mkdtemp(join(tmpdir(), 'popserve-bundle-'));
  try {
    const [options] = await Promise.all([workerOptions(project), dryRun(project, ['deploy'], directory)]);
    const files = new Map<string, Uint8Array>();
    for (const file of await readdir(directory)) {
      if (file === metafileName || isModule(file)) files.set(file, await readFile(join(directory, file)));
    }
    return bundleOf(directory, files, options);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function dryRun({ folder, config, environment }: WorkerProject, command: string[], outdir: string) {
  const named = environment === undefined ? [] : ['--env', environment];
  await wrangler([...command, '--config', config, ...named, '--dry-run', '--outdir', outdir, '--metafile'], folder);
}

/** wrangler takes a second to import, so this is done once per bundle. */
async function workerOptions({ config, environment }: WorkerProject): Promise<WorkerOptions> {
  const { unstable_getMiniflareWorkerOptions: read } = await importWrangler();
  const asked = process.env.WRANGLER_LOG;
  // Its warnings, and not its news, may come between what a command prints.
  process.env.WRANGLER_LOG ??= 'warn';
  try {
    const { modulesRules: _, ...options } = read(config, environment).workerOptions;
    return options;
  } finally {
    if (asked === undefined) delete process.env.WRANGLER_LOG;
  }
}

function bundleOf(directory: string, files: ReadonlyMap<string, Uint8Array>, configured: WorkerOptions): Bundle {
  const { serviceBindings = {}, ...options } = configured;
  const metafile = textOf(files, metafileName);
  const { outputs } = metafileSchema.parse(JSON.parse(metafile));
  const main = basename(Object.keys(outputs).find((path) => outputs[path]?.entryPoint !== undefined) ?? '');
  const modules = [...files.keys()].filter(isModule).map((file): BundledModule => {
    const type = moduleTypes[extname(file)] ?? 'Data';
    const isText = type === 'ESModule' || type === 'Text';
    return {
      type,
      path: join(directory, file),
      contents: isText ? textOf(files, file) : new Uint8Array(files.get(file) ?? []),
    };
  });
  const isMain = ({ path }: BundledModule) => basename(path) === main;
  return {
    directory,
    modules: [...modules.filter(isMain), ...modules.filter((module) => !isMain(module))],
    metafile,
    options,
    services: Object.keys(serviceBindings),
  };
}

function isModule(file: string): boolean {
  return extname(file) in moduleTypes;
}

function textOf(files: ReadonlyMap<string, Uint8Array>, file: string): string {
  return new TextDecoder().decode(files.get(file));
}

/** As scripts/build/package/command.ts has built it, beside the runtime that it shares with the serving Worker. */
async function readBuiltInspector(entry: WorkerEntry): Promise<Bundle> {
  const script = async (file: string): Promise<BundledModule> => ({
    type: 'ESModule',
    path: join(commandFolder, file),
    contents: await readFile(join(commandFolder, file), 'utf8'),
  });
  const runtime = join(projectRoot, 'dist', 'worker', 'ort-wasm-simd-threaded.wasm');
  return {
    directory: join(projectRoot, 'dist'),
    modules: [
      await script(`${entry}.js`),
      { type: 'CompiledWasm', path: runtime, contents: new Uint8Array(await readFile(runtime)) },
      ...(entry === 'engines-inspection-worker' ? await installedLiteRt() : []),
    ],
    metafile: '{}',
    options: {},
    services: [],
  };
}

/** The package does not carry LiteRT: it is derived from what the operator's project has installed. */
async function installedLiteRt(): Promise<BundledModule[]> {
  const { glue, wasm } = await readLiteRt(dirname(locateTool('@litertjs/core', 'package.json')));
  return [
    { type: 'ESModule', path: join(commandFolder, 'litert_wasm_internal.mjs'), contents: glue },
    { type: 'CompiledWasm', path: join(commandFolder, 'litert_wasm_internal.wasm'), contents: wasm },
  ];
}

/** Runs wrangler without metrics, prompts or colour; returns what it printed. */
export async function wrangler(args: readonly string[], cwd = projectRoot): Promise<string> {
  const running = run(process.execPath, [locateTool('wrangler', join('bin', 'wrangler.js')), ...args], {
    cwd,
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true', NO_COLOR: '1', FORCE_COLOR: '0' },
    maxBuffer: 64 * mebibyte,
  });
  // wrangler.js starts another Node and ends it on SIGTERM; SIGKILL would leave that one running.
  using _ = onProcessEnd(() => running.child.kill('SIGTERM'));
  const { stdout, stderr } = await running;
  return stdout + stderr;
}

/** Whether the folder is made of other sources: another process may be replacing it at this moment. */
function isDerived(folder: string): boolean {
  return relative(projectRoot, folder) === join('worker', 'console', 'derived');
}

/** The same in every checkout of the same sources: checkouts may share their node_modules. */
async function sourcesDigest(): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of ['worker', 'registry', 'scripts/inspect']) {
    const files = await readdir(join(projectRoot, folder), { recursive: true, withFileTypes: true });
    const paths = files
      .filter((file) => file.isFile() && !isDerived(file.parentPath))
      .map((file) => join(file.parentPath, file.name));
    for (const path of paths.sort()) hash.update(relative(projectRoot, path)).update(await readFile(path));
  }
  // wrangler adds the variables of `.dev.vars` and `.env` files to those of wrangler.toml.
  const local = (await readdir(projectRoot)).filter((file) => /^\.(dev\.vars|env)(\.|$)/.test(file)).sort();
  for (const file of [...new Set(Object.values(configs)), 'package-lock.json', import.meta.filename, ...local])
    hash.update(await readFile(resolve(projectRoot, file)));
  return hash.digest('hex').slice(0, 16);
}
