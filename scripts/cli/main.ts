// The `popserve` command in its process: connects the program to the real streams and sets the exit status.
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { dieOfSignals, endProcess } from '../build/process-end.ts';
import type { Host } from './host.ts';
import { run } from './program.ts';

export async function main(): Promise<void> {
  // `popserve list | head` is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  dieOfSignals();
  await endProcess(await run(process.argv.slice(2), processHost()));
}

function processHost(): Host {
  return {
    env: process.env,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    terminalColumns: process.stderr.isTTY ? process.stderr.columns : null,
    slowStepMs: 5000,
    screenColumns: process.stdout.isTTY ? process.stdout.columns : null,
    readStdin: () => buffer(process.stdin),
    wait: (ms) => delay(ms),
    now: () => new Date(),
    prepare: async (options, progress) => {
      // Loaded when it is needed: it brings native code that no other command uses.
      const { preparePublication } = await import('../validation/prepare-publication.ts');
      return preparePublication(options, progress);
    },
  };
}
