// The machine on which the numbers were taken.
import { readFile } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../build/project.ts';
import { workerdVersion } from '../workerd/process.ts';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  readonly load: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly date: string;
}

export async function describeMachine(): Promise<Machine> {
  return {
    processor: cpus()[0]?.model ?? 'unknown processor',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release().split('-')[0]}`,
    load: (loadavg()[0] ?? 0).toFixed(1),
    versions: {
      Node: process.versions.node,
      workerd: workerdVersion,
      'onnxruntime-web': await versionOf('onnxruntime-web'),
      'onnxruntime-node': await versionOf('onnxruntime-node'),
    },
    date: new Date().toISOString().slice(0, 10),
  };
}

async function versionOf(name: string): Promise<string> {
  const file = join(projectRoot, 'node_modules', name, 'package.json');
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
}
