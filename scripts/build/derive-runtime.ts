// The WASM runtime as the platform allows it, derived from the installed onnxruntime-web: a linear memory that is not shared, and
// no branch for Node. The published files are checked by digest first, so that another version of the package fails here, with a
// message, and not in production.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from './project.ts';

/** The Worker imports the derived files from here; git ignores them. */
const target = join(projectRoot, 'worker', 'runtime', 'ort');

/** The version for which every replacement below was proven: equal answers to the published files' on all conformance cases. */
const proven = {
  version: '1.30.0',
  glue: 'e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b',
  wasm: '3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2',
};

/** Why each piece of the glue goes, and what stands in its place. */
const replacements: readonly (readonly [why: string, published: string, derived: string])[] = [
  [
    'Node is not looked for: with nodejs_compat an isolate looks like it, and the branch for Node fails there',
    'm=globalThis.process?.versions?.node&&"renderer"!=globalThis.process?.type,',
    'm=!1,',
  ],
  [
    'the modules of Node are not imported',
    'if(m){const {createRequire:a}=await import("module");var require=a(import.meta.url),ba=require("worker_threads");global.Worker=ba.Worker;n=(k=!ba.jc)&&"em-pthread"==ba.workerData}',
    '',
  ],
  [
    "nothing is read from Node's files",
    'if(m){var fs=require("fs");ea.startsWith("file:")&&(fa=require("path").dirname(require("url").fileURLToPath(ea))+"/");ia=a=>{a=ja(a)?new URL(a):a;return fs.readFileSync(a)};ha=async a=>{a=ja(a)?new URL(a):a;return fs.readFileSync(a,void 0)};1<process.argv.length&&(ca=process.argv[1].replace(/\\\\/g,"/"));process.argv.slice(2);da=(a,b)=>{process.exitCode=a;throw b;}}else ',
    '',
  ],
  [
    'nothing is printed through Node',
    'if(m){var ma=require("util"),na=a=>"object"==typeof a?ma.inspect(a):a;ka=(...a)=>fs.writeSync(1,a.map(na).join(" ")+"\\n");la=(...a)=>fs.writeSync(2,a.map(na).join(" ")+"\\n")}',
    '',
  ],
  [
    'threads of Node are not listened to',
    'if(m&&n){var ta=ba.parentPort;ta.on("message",a=>global.onmessage?.({data:a}));Object.assign(globalThis,{self:global,postMessage:a=>ta.postMessage(a)});process.on("uncaughtException",a=>{postMessage({Rb:"uncaughtException",error:a});process.exit(1)})}',
    '',
  ],
  ['one processor, since one thread runs', 'm?require("os").cpus().length:navigator.hardwareConcurrency', '1'],
  [
    'no class of shared buffers is looked for, nor a shared memory made to find it',
    'var SharedArrayBuffer=globalThis.SharedArrayBuffer??(new WebAssembly.Memory({initial:0,maximum:0,shared:!0})).buffer.constructor,ca=',
    'var ca=',
  ],
  [
    'the memory is not shared, and V8 keeps it below the maximum that the caller gives',
    'new WebAssembly.Memory({initial:256,maximum:65536,shared:!0})',
    'new WebAssembly.Memory({initial:256,maximum:h.memoryMaximumPages})',
  ],
  [
    'the file is never started as a thread',
    'var isPthread=globalThis.self?.name?.startsWith("em-pthread");var isNode=globalThis.process?.versions?.node&&globalThis.process?.type!="renderer";if(isNode)isPthread=(await import("worker_threads")).workerData==="em-pthread";isPthread&&ortWasmThreaded();',
    '',
  ],
  ['threads are refused whatever the platform has', 'if(!globalThis.SharedArrayBuffer)return 6;', 'return 6;'],
];

/** Release of onnxruntime-web that serves; onnxruntime-node is the same release. */
export const runtimeVersion = proven.version;

/** Flags of a memory's limits: a maximum is given (1), the memory is shared (2). */
const sharedLimits = 0x03;
const unsharedLimits = 0x01;
const importSection = 2;
const externalMemory = 2;

/**
 * Writes the glue and the module into worker/runtime/ort, unless they are there already.
 * @throws {Error} if the installed package is not the one that the replacements are for
 */
export async function deriveRuntime(): Promise<void> {
  const source = join(projectRoot, 'node_modules', 'onnxruntime-web');
  const stamp = join(target, 'derived-from');
  const rules = createHash('sha256')
    .update(JSON.stringify([proven, replacements]))
    .digest('hex');
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === rules) return;
  const { version } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as { version: string };
  const glue = await readPublished(source, 'ort-wasm-simd-threaded.mjs', version, proven.glue);
  const wasm = await readPublished(source, 'ort-wasm-simd-threaded.wasm', version, proven.wasm);
  await mkdir(target, { recursive: true });
  await write('ort-wasm-simd-threaded.mjs', deriveGlue(glue.toString('utf8')));
  await write('ort-wasm-simd-threaded.wasm', unshareMemory(wasm));
  await write('derived-from', rules);
}

async function readPublished(source: string, file: string, version: string, digest: string): Promise<Buffer> {
  const content = await readFile(join(source, 'dist', file));
  const found = createHash('sha256').update(content).digest('hex');
  if (found === digest) return content;
  throw new Error(
    `onnxruntime-web ${version} is installed, whose ${file} has the digest ${found}; the runtime is derived from ` +
      `${proven.version} (${digest}). Install that version, or look through scripts/build/derive-runtime.ts: check each ` +
      'replacement against the new file, run the conformance suite, then write its version and digests there.',
  );
}

/** In one step: another process may be bundling meanwhile. */
async function write(file: string, content: string | Uint8Array): Promise<void> {
  const fresh = join(target, `.${file}-${process.pid}`);
  await writeFile(fresh, content);
  await rename(fresh, join(target, file));
}

/** @throws {Error} unless each piece stands in the glue exactly once */
export function deriveGlue(glue: string): string {
  let derived = glue;
  for (const [why, published, replacement] of replacements) {
    const found = derived.split(published).length - 1;
    if (found !== 1)
      throw new Error(`the glue of onnxruntime-web has changed: expected once, found ${found} times: ${why}`);
    derived = derived.replace(published, () => replacement);
  }
  return derived;
}

/**
 * The module with its memory import no longer shared: one byte of the import section differs.
 * @throws {Error} if the module imports no shared memory
 * @see https://webassembly.github.io/spec/core/binary/modules.html#import-section
 */
export function unshareMemory(wasm: Uint8Array): Uint8Array {
  const at = memoryLimitsAt(wasm);
  if (wasm[at] !== sharedLimits)
    throw new Error(`the module's memory has the limits flag ${wasm[at]}, expected ${sharedLimits}`);
  const derived = Uint8Array.from(wasm);
  derived[at] = unsharedLimits;
  return derived;
}

/** Position of the flag before the limits of the imported memory. */
function memoryLimitsAt(wasm: Uint8Array): number {
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  const skipName = () => {
    const bytes = number();
    at += bytes;
  };
  const skipLimits = () => {
    const flag = wasm[at++] ?? 0;
    number();
    if (flag & 1) number();
  };
  while (at < wasm.length) {
    const section = wasm[at++];
    const bytes = number();
    if (section !== importSection) {
      at += bytes;
      continue;
    }
    for (let left = number(); left > 0; left--) {
      skipName();
      skipName();
      const kind = wasm[at++];
      if (kind === externalMemory) return at;
      if (kind === 0) number();
      else if (kind === 1) {
        at++;
        skipLimits();
      } else if (kind === 3) at += 2;
      else throw new Error(`the module has an import of kind ${kind}, expected a function, table, memory or global`);
    }
  }
  throw new Error('the module imports no memory');
}
