// LiteRT.js as the platform allows it, derived from the installed @litertjs/core: an ES module whose memory is handed in, so that it can
// be bounded, emptied and used again, and no branch for pages or Node. The published files are checked by digest first.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { locateTool } from './operator-tools.ts';
import { isBuilt, projectRoot } from './project.ts';
import { importMemory } from './wasm-memory.ts';

/** The Workers import the derived files from here; git ignores them, and the package does not have them. */
const target = isBuilt
  ? join(projectRoot, 'dist', 'worker')
  : join(projectRoot, 'worker', 'runtime', 'litert', 'module');

/** With relaxed SIMD, without threads, without the suspending of promises. */
const name = 'litert_wasm_internal';

/** The version for which every replacement below was tried: the tests of worker/runtime/litert and `npm run engines`. */
const proven = {
  version: '2.5.3',
  glue: '68efb69f770e3f76aff36a377de629ca496c131b86ac0f0f4b592a1543a898eb',
  wasm: '7280cf4471774867e385e6c3cd53e2b45e2975b80fea338fff4ef359b0865614',
};

/** Under which names the module imports its memory: the one object of all imports, and a name that no function of the glue has. */
export const memoryImport = { module: 'a', name: 'memory' };

/** Why a piece of the glue goes, how it begins and ends, and what stands in its place. */
const replacements: readonly (readonly [why: string, from: string, to: string, derived: string])[] = [
  [
    'it is neither a page nor a worker of one, and Node is not looked for: with nodejs_compat an isolate looks like it',
    '// Attempt to auto-detect the environment\n',
    '&& globalThis.process?.type != "renderer";\n',
    'var ENVIRONMENT_IS_WORKER = false, ENVIRONMENT_IS_NODE = false;\n',
  ],
  [
    'there is no script to have a place',
    'if (typeof __filename != "undefined") {',
    '_scriptName = self.location.href;\n}\n',
    '',
  ],
  [
    'nothing is read: the module is handed in compiled',
    'if (ENVIRONMENT_IS_NODE) {\n  // These modules will usually be used on Node.js.',
    'throw new Error(response.status + " : " + response.url);\n    };\n  }\n} else {}\n',
    '',
  ],
  [
    'random numbers come from the platform',
    'if (ENVIRONMENT_IS_NODE) {\n    var nodeCrypto',
    'randomFillSync(view);\n  }\n',
    '',
  ],
  [
    'the memory grows as the heap allows: the own function takes a fifth more than asked and has no limit but 2 GiB',
    '  var oldSize = HEAPU8.length;\n  // With CAN_ADDRESS_2GB',
    '      return true;\n    }\n  }\n  return false;\n};\n',
    '  if (!Module["growMemory"](requestedSize >>> 0)) return false;\n  updateMemoryViews();\n  return true;\n};\n',
  ],
  [
    'what LiteRT refuses is told from the faults of JavaScript, and from traps',
    'function DefaultErrorReporter(message) {\n  throw new Error(UTF8ToString(message));',
    '\n',
    'function DefaultErrorReporter(message) {\n  Module["refuse"](UTF8ToString(message));\n',
  ],
  [
    'likewise',
    '  const error = Emval.toValue(val_handle);\n  throw error;',
    '\n',
    '  Module["refuse"](String(Emval.toValue(val_handle)));\n',
  ],
  [
    'a refusal leaves the functions of the module in the middle, so the caller puts back its stack',
    'Module["WebGPU"] = WebGPU;',
    '\n',
    'Module["stackSave"] = () => _emscripten_stack_get_current();\nModule["stackRestore"] = pointer => __emscripten_stack_restore(pointer);\n',
  ],
  [
    'it is an ES module',
    '// Export using a UMD style export, or ES6 exports if selected\n',
    'define([], () => ModuleFactory);\n',
    'export default ModuleFactory;\n',
  ],
];

/** The derived files by name. */
export interface DerivedLiteRt {
  readonly glue: string;
  readonly wasm: Uint8Array<ArrayBuffer>;
}

/**
 * Writes the glue and the module where the Workers import them from, unless they are there already.
 * @throws {PopserveError} INTERNAL if @litertjs/core is not installed
 * @throws {Error} if the installed package is not the one that the replacements are for
 */
export async function deriveLiteRt(): Promise<void> {
  const stamp = join(target, 'derived-from');
  const rules = createHash('sha256')
    .update(JSON.stringify([proven, replacements, memoryImport]))
    .digest('hex');
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === rules) return;
  const { glue, wasm } = await readLiteRt(dirname(locateTool('@litertjs/core', 'package.json')));
  await mkdir(target, { recursive: true });
  await write(`${name}.mjs`, glue);
  await write(`${name}.wasm`, wasm);
  await write('derived-from', rules);
}

/**
 * @param folder the installed package
 * @throws {Error} if it is not the one that the replacements are for
 */
export async function readLiteRt(folder: string): Promise<DerivedLiteRt> {
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
  const glue = await readPublished(folder, `${name}.js`, version, proven.glue);
  const wasm = await readPublished(folder, `${name}.wasm`, version, proven.wasm);
  return { glue: deriveLiteRtGlue(glue.toString('utf8')), wasm: importMemory(wasm, memoryImport) };
}

async function readPublished(folder: string, file: string, version: string, digest: string): Promise<Buffer> {
  const content = await readFile(join(folder, 'wasm', file));
  const found = createHash('sha256').update(content).digest('hex');
  if (found === digest) return content;
  throw new Error(
    `@litertjs/core ${version} is installed, whose ${file} has the digest ${found}; the engine is derived from ` +
      `${proven.version} (${digest}). Install that version, or look through scripts/build/derive-litert.ts: check each ` +
      'replacement against the new file, run the tests of worker/runtime/litert and worker/litert, then write its version and digests there.',
  );
}

/** In one step: another process may be bundling meanwhile. */
async function write(file: string, content: string | Uint8Array): Promise<void> {
  const fresh = join(target, `.${file}-${process.pid}`);
  await writeFile(fresh, content);
  await rename(fresh, join(target, file));
}

/** @throws {Error} unless each piece stands in the glue exactly once */
export function deriveLiteRtGlue(glue: string): string {
  let derived = glue;
  for (const [why, from, to, replacement] of replacements) {
    const start = derived.indexOf(from);
    const end = derived.indexOf(to, start);
    if (start === -1 || end === -1 || derived.includes(from, start + 1)) {
      throw new Error(
        `the glue of @litertjs/core has changed: expected once '${from.trim()}' up to '${to.trim()}': ${why}`,
      );
    }
    derived = derived.slice(0, start) + replacement + derived.slice(end + to.length);
  }
  return derived;
}
