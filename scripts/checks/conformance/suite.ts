// The ONNX backend test suite on disk: where it is, what the stock runtimes make of it, and its cases unpacked to a temporary folder.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { PopserveError } from '../../../registry/errors.ts';
import { projectRoot } from '../../build/project.ts';
import { categories } from './category.ts';

const run = promisify(execFile);
const archiveName = 'onnx-backend-test-data.tar.gz';
const dataFolder = 'onnx/backend/test/data';

const expectationSchema = z.object({
  /** onnxruntime-web through its own JS API. */
  wasm: z.enum(categories),
  /** onnxruntime-node through its own JS API. */
  native: z.enum(categories),
  opset: z.record(z.string(), z.number()),
});

/** The results of the stock runtimes for a case. */
export type Expectation = z.infer<typeof expectationSchema>;

export interface SuiteCase {
  /** `node/test_abs` */
  readonly name: string;
  /** Holds model.onnx and a folder of inputs and outputs per data set. */
  readonly directory: string;
  readonly expected: Expectation;
}

export interface Suite extends AsyncDisposable {
  readonly cases: readonly SuiteCase[];
}

/** The folder with the archive: POPSERVE_CONFORMANCE, or beside the project. */
export function suiteFolder(): string {
  return process.env.POPSERVE_CONFORMANCE ?? resolve(projectRoot, '..', 'shared', 'conformance');
}

export function suiteIsPresent(folder = suiteFolder()): boolean {
  return existsSync(join(folder, archiveName));
}

/**
 * Unpacks the suite with the system's tar; disposing of it removes the temporary folder.
 * @throws NOT_FOUND where there is no archive, UNPROCESSABLE where archive and expected.json name different cases
 */
export async function openSuite(folder = suiteFolder()): Promise<Suite> {
  if (!suiteIsPresent(folder)) {
    throw new PopserveError(
      'NOT_FOUND',
      `expected the ONNX suite in ${folder} (POPSERVE_CONFORMANCE), got no ${archiveName}`,
    );
  }
  const temporary = await mkdtemp(join(tmpdir(), 'popserve-conformance-'));
  const dispose = () => rm(temporary, { recursive: true, force: true });
  try {
    await run('tar', ['-xzf', join(folder, archiveName), '-C', temporary]);
    const expected = z
      .record(z.string(), expectationSchema)
      .parse(JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8')));
    const cases = await listCases(join(temporary, dataFolder), new Map(Object.entries(expected)));
    return { cases, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function listCases(root: string, expected: ReadonlyMap<string, Expectation>): Promise<SuiteCase[]> {
  const cases: SuiteCase[] = [];
  for (const group of (await readdir(root)).sort()) {
    for (const test of (await readdir(join(root, group))).sort()) {
      const name = `${group}/${test}`;
      const expectation = expected.get(name);
      if (!expectation) throw new PopserveError('UNPROCESSABLE', `expected.json says nothing of ${name}`);
      cases.push({ name, directory: join(root, group, test), expected: expectation });
    }
  }
  if (cases.length !== expected.size) {
    const held = new Set(cases.map(({ name }) => name));
    const missing = [...expected.keys()].find((name) => !held.has(name));
    throw new PopserveError('UNPROCESSABLE', `expected.json names ${missing}, which the archive does not hold`);
  }
  return cases;
}
