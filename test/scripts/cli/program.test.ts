import { describe, expect, it } from 'vitest';
import { commandFor, runCommand } from './captured-host.ts';
import { ScriptedPop } from './scripted-pop.ts';

const pop = ScriptedPop.perCase();
const popserve = commandFor(pop);

const commands = [
  ...['publish', 'activate', 'rollback', 'canary', 'promote', 'abort', 'shadow', 'alias', 'unalias'],
  ...['list', 'show', 'history', 'infer', 'retire', 'retry', 'gc', 'doctor'],
];

describe('popserve', () => {
  it('lists every command in its help', async () => {
    const { status, out, err } = await popserve('--help');
    expect(status).toBe(0);
    for (const command of commands) expect(out).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    expect(out).toContain('POPSERVE_URL');
    expect(err).toBe('');
  });

  it.each(commands)('explains %s', async (command) => {
    const { status, out } = await popserve(command, '--help');
    expect(status).toBe(0);
    expect(out).toContain(`Usage: popserve ${command}`);
    expect(out).toContain('--json');
  });

  it.each([[], ...commands.map((command) => [command]), ['verify'], ['copy'], ['drift'], ['keys'], ['keys', 'create']])(
    'fits the help of %s into 80 columns where there is no terminal',
    async (...command) => {
      const { out } = await popserve(...command, '--help');
      expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    },
  );

  it('fits its help into the terminal that there is', async () => {
    const { out } = await runCommand(['publish', '--help'], pop.url, { screenColumns: 120 });
    const longest = Math.max(...out.split('\n').map((line) => line.length));
    expect(longest).toBeGreaterThan(100);
    expect(longest).toBeLessThanOrEqual(120);
  });

  it('says which options must be given', async () => {
    const { out } = await popserve('canary', '--help');
    expect(out).toMatch(/--percent <number> .*\n? *\(required\)/);
  });

  it('shows its help and fails when it is called with nothing', async () => {
    const { status, out, err } = await popserve();
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(err).toContain('Usage: popserve');
  });

  it.each([
    [['publsh', 'x'], "unknown command 'publsh'"],
    [['publish', '--name', 'm'], "missing required argument 'model'"],
    [['publish', 'x'], "required option '--name <model>' not specified"],
    [['publish', 'x', '--nmae', 'm'], "unknown option '--nmae' (Did you mean --name?)"],
    [['canary', 'm', '2', '--percnt=5'], "unknown option '--percnt' (Did you mean --percent?)"],
    [['publish', 'x', '--name', 'Upper'], 'a model name is 1 to 64 of a-z'],
    [['publish', 'x', '--name', 'm', '--version', 'stable'], "a version is like '1'"],
    [['publish', 'x', '--name', 'm', '--metadata', 'novalue'], 'expected key=value'],
    [['publish', 'x', '--name', 'm', '--tolerance-abs', ''], 'expected a number'],
    [['publish', 'x', '--name', 'm', '--timeout', '0'], 'expected a number above 0'],
    [['publish', 'x', '--name', 'm', '--format', 'tf'], 'Allowed choices are auto, onnx, ort'],
    [['activate', 'm'], "missing required argument 'version'"],
    [['canary', 'm', 'v2'], "required option '--percent <number>' not specified"],
    [['canary', 'm', 'v2', '--percent', '101'], 'expected a number from 0 to 100'],
    [['canary', 'm', 'v2', '--percent', 'half'], 'expected a number from 0 to 100'],
    [['start', '--port', 'abc'], 'expected a whole number from 0 to 65535'],
    [['alias', 'm', 'v1', 'v2'], 'an alias must not be shaped like a version'],
    [['list', 'm'], "too many arguments for 'list'"],
    [['list', '--yaml'], "unknown option '--yaml'"],
    [
      ['infer', 'm'],
      'expected one question: --input FILE, --record NAME=VALUE, --csv FILE, --image FILE or --text TEXT; --example prints a request to begin with',
    ],
  ])('ends %j with status 2 and one line', async (args, message) => {
    const { status, out, err } = await popserve(...args);
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(/^popserve: [^\n]*; see 'npx popserve help[^\n]*'\n$/);
    expect(err).toContain(message);
    expect(pop.calls).toEqual([]);
  });

  it('leads to the help of a command of two words', async () => {
    const { status, err } = await popserve('keys', 'create', 'press', '--expires', '0');
    expect(status).toBe(2);
    expect(err).toMatch(/; see 'npx popserve keys create --help'\n$/);
  });

  it('reports a wrong call as JSON when JSON was asked for', async () => {
    const { status, out, err } = await popserve('activate', 'm', '--json');
    expect(status).toBe(2);
    expect(JSON.parse(out)).toEqual({ error: "missing required argument 'version'", code: 'USAGE' });
    expect(err).toBe('');
  });

  it('reports a refusal of the server on one line of standard error', async () => {
    pop.intercept = () => ({ status: 409, body: { error: 'lost to epoch 4,\n  which was first' } });
    const { status, out, err } = await popserve('activate', 'm', 'v1');
    expect([status, out, err]).toEqual([1, '', 'popserve: lost to epoch 4, which was first\n']);
  });

  it('reports a refusal of the server as JSON when JSON was asked for', async () => {
    pop.intercept = () => ({ status: 409, body: { error: 'lost to epoch 4' } });
    const { status, out, err } = await popserve('activate', 'm', 'v1', '--json');
    expect([status, err]).toEqual([1, '']);
    expect(JSON.parse(out)).toEqual({ error: 'lost to epoch 4', code: 'CONFLICT' });
  });

  it('shows where an error came from only with POPSERVE_DEBUG=1', async () => {
    pop.intercept = () => ({ status: 409, body: { error: 'lost' } });
    expect((await popserve('list')).err).not.toContain('connection.ts');
    const env = { POPSERVE_URL: pop.url, POPSERVE_TOKEN: 'x', POPSERVE_DEBUG: '1' };
    expect((await runCommand(['list'], pop.url, { env })).err).toContain('connection.ts');
  });

  it('takes a POPSERVE_URL that is none for wrong usage', async () => {
    expect(await runCommand(['list'], 'not a url')).toMatchObject({ status: 2 });
  });

  it('lets nothing that others wrote steer the terminal', async () => {
    pop.intercept = () => ({ status: 409, body: { error: 'red \x1b[31m bell \x07' } });
    expect((await popserve('list')).err).toBe('popserve: red �[31m bell �\n');
  });

  it('says so when an answer is not what a registry gives', async () => {
    pop.intercept = () => ({ status: 200, body: { models: 'many' } });
    const { status, err } = await popserve('list');
    expect(status).toBe(1);
    expect(err).toMatch(/^popserve: the answer of http:.*: models: Invalid input: expected array/);
  });
});
