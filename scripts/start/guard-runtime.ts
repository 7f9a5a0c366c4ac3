// Ends the workerd of a PoP whose own process is killed: left alone it would go on listening on the port and writing to the data.
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * A shell waits for a line from this process. If the process ends without one, whichever way, the shell ends workerd. Where the system
 * has no `ps` or no `sh`, nothing is guarded.
 * @returns lets workerd end by itself
 */
export async function guardRuntime(): Promise<Disposable> {
  const pid = await runtimeBelow(process.pid);
  if (pid === null) return { [Symbol.dispose]: () => {} };
  const guard = spawn('sh', ['-c', 'read -r _ || kill "$0"', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A Ctrl-C is for the PoP alone.
    detached: true,
  });
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  guard.unref();
  return { [Symbol.dispose]: () => void guard.stdin.end('\n') };
}

async function runtimeBelow(parent: number): Promise<number | null> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,comm=']);
    const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/));
    const row = rows.find(([, ppid, command = '']) => Number(ppid) === parent && /(^|\/)workerd$/.test(command));
    return row === undefined ? null : Number(row[0]);
  } catch {
    return null;
  }
}
