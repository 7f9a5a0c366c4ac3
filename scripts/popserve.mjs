#!/usr/bin/env node
// The `popserve` command as npm starts it, on whatever Node is installed: plain JavaScript for Node 18 and newer, which does nothing
// but get to the command. In the npm package that was built for Node 22. In a checkout it is TypeScript, which needs Node 24; the
// checkout brings that as the npm package `node`.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
// Node 18 has no enableCompileCache to import by name.
import * as nodeModule from 'node:module';
import { constants } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Set for the Node that this file starts, so that a wrong one among the dependencies is an error and not a loop. */
const restarted = 'POPSERVE_RESTARTED';
const script = fileURLToPath(import.meta.url);
const { createRequire, enableCompileCache } = nodeModule;
const require = createRequire(script);
const root = dirname(dirname(script));
const isCheckout = existsSync(join(root, 'scripts', 'cli', 'main.ts'));
const neededMajor = isCheckout ? 24 : 22;
const built = '../dist/cli/main.js';

if (Number.parseInt(process.versions.node, 10) >= neededMajor) {
  // The mark is not for what the command itself may start.
  delete process.env[restarted];
  keepCompiled();
  if (isCheckout) requireDependency('commander');
  const { main } = isCheckout ? await import('./cli/main.ts') : await import(built);
  await main();
} else if (!isCheckout) {
  fail(`expected Node ${neededMajor} or newer, got ${process.version}; install a newer one from https://nodejs.org`);
} else if (process.env[restarted] === undefined) {
  runOn(ownNode());
} else {
  fail(`expected Node ${neededMajor} in the npm package 'node', got ${process.version}`);
}

/**
 * Keeps compiled modules, and TypeScript without its types, from one call to the next: half of the time of a small command. They lie
 * beside the code, where nobody writes who may not change it; where nothing can be written, nothing is kept.
 */
function keepCompiled() {
  const modules = isCheckout ? join(root, 'node_modules') : dirname(root);
  if (basename(modules) === 'node_modules') enableCompileCache?.(join(modules, '.cache', 'popserve', 'compiled'));
}

/** @param {string} node path of the executable that takes over; its exit status or signal becomes this process's */
function runOn(node) {
  const child = spawn(node, [script, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, [restarted]: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    // Die of the same signal, as a shell expects; the listener above would swallow it.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // Signals that do not end this process (or that Windows does not know) still end it, with the shell's status for them.
    setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 1000);
  });
}

/** @returns {string} path of the Node that the project depends on */
function ownNode() {
  const bin = join(dirname(requireDependency('node/package.json')), 'bin');
  const node = ['node', 'node.exe'].map((name) => join(bin, name)).find((path) => existsSync(path));
  // Installed with --ignore-scripts: the package is there, its executable is not.
  return node ?? fail(`${bin} holds no Node; run 'npm rebuild node' first`);
}

/**
 * @param {string} name
 * @returns {string} where it is
 */
function requireDependency(name) {
  try {
    return require.resolve(name);
  } catch {
    return fail(`its dependencies are not installed; run 'npm ci' in ${root} first`);
  }
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  process.stderr.write(`popserve: ${message}\n`);
  process.exit(1);
}
