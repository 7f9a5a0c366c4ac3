// The workflows of examples/ and the action that they use: they parse, what they call exists with its options, and the action's script
// does what docs/ci.md says, with a build service of this test's own.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { projectRoot } from '../../scripts/build/project.ts';
import { commandTable } from '../../scripts/cli/command-table.ts';
import type { Host } from '../../scripts/cli/host.ts';
import { buildProgram } from '../../scripts/cli/program.ts';
import { close, listen } from '../harness/http-server.ts';

const stepSchema = z.looseObject({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
});
const workflowSchema = z.looseObject({
  name: z.string(),
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(z.string(), z.looseObject({ steps: z.array(stepSchema) })),
});
const actionSchema = z.looseObject({
  inputs: z.record(z.string(), z.looseObject({ required: z.boolean().optional() })),
  runs: z.looseObject({ using: z.literal('composite'), steps: z.array(stepSchema) }),
});

const folder = join(projectRoot, 'examples', 'workflows');
const action = actionSchema.parse(parse(readFileSync(join(projectRoot, 'action.yml'), 'utf8')));
const workflows = readdirSync(folder).map((file) => ({
  file,
  workflow: workflowSchema.parse(parse(readFileSync(join(folder, file), 'utf8'))),
}));
const steps = workflows.flatMap(({ file, workflow }) =>
  Object.entries(workflow.jobs).flatMap(([job, one]) => one.steps.map((step) => ({ file, job, step }))),
);

/** A command line as xargs splits it, with a word in place of each expression. */
function wordsOf(text: string): string[] {
  const plain = text.replaceAll(/\$\{\{[^}]*\}\}/g, 'v1');
  return [...plain.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? '',
  );
}

const commands = steps.flatMap(({ file, job, step }) => {
  const given = step.with.command;
  const texts = [
    ...(typeof given === 'string' ? [given] : []),
    ...[...(step.run ?? '').matchAll(/npx popserve (.*)/g)].map(([, text = '']) => text),
  ];
  return texts.map((text) => ({ file, job, text, words: wordsOf(text) }));
});

describe('the workflows', () => {
  it('run one thing a step, with the least permissions unless a job says more', () => {
    for (const { step } of steps) expect([step.uses, step.run].filter((one) => one !== undefined)).toHaveLength(1);
    for (const { workflow } of workflows) expect(workflow.permissions).toEqual({ contents: 'read' });
  });

  it('give the action what it takes', () => {
    const uses = steps.filter(({ step }) => step.uses?.includes('/popserve@'));
    expect(uses.length).toBeGreaterThan(0);
    for (const { step } of uses) {
      expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(Object.keys(step.with)));
      expect(step.with.command).toBeTypeOf('string');
    }
  });

  it('ask for an identity in every job that names places, and in no other', () => {
    for (const { workflow } of workflows) {
      for (const job of Object.values(workflow.jobs)) {
        const named = job.steps.some((step) => step.with.places !== undefined);
        const permissions = z.record(z.string(), z.string()).default({}).parse(job.permissions);
        expect(permissions['id-token']).toBe(named ? 'write' : undefined);
      }
    }
  });

  it.each(commands)('$file, $job: popserve $text', async ({ words: [name = '', ...rest] }) => {
    const host = { out: () => {}, err: () => {}, env: {}, terminalColumns: null };
    const program = await buildProgram(host as unknown as Host, { status: 0 }, [], commandTable);
    const command = program.commands.find((one) => one.name() === name);
    expect(command?.name()).toBe(name);
    const { operands, unknown } = command?.parseOptions(rest) ?? { operands: [], unknown: ['no command'] };
    expect(unknown).toEqual([]);
    const taken = command?.registeredArguments ?? [];
    expect(operands.length).toBeGreaterThanOrEqual(taken.filter(({ required }) => required).length);
    expect(operands.length).toBeLessThanOrEqual(taken.length);
    for (const option of command?.options.filter(({ mandatory }) => mandatory) ?? [])
      expect(rest).toContain(option.long);
  });
});

describe('the action', () => {
  let scratch: string;
  let service: Server;
  let serviceUrl: string;

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'popserve-action-'));
    // In npx's place: says with what it was called.
    writeFileSync(
      join(scratch, 'npx'),
      `#!/bin/sh\nprintf '<%s>' "$@"; echo\nenv | grep ^POPSERVE_ | sort\nexit "\${NPX_STATUS:-0}"\n`,
    );
    chmodSync(join(scratch, 'npx'), 0o755);
    service = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '/', 'http://service');
      const known = request.headers.authorization === 'bearer asked-by-the-job' && searchParams.get('api') === '1';
      response
        .writeHead(known ? 200 : 401, { 'content-type': 'application/json' })
        .end(JSON.stringify({ value: `token-for-${searchParams.get('audience')}` }));
    });
    serviceUrl = `${await listen(service)}/token?api=1`;
  });

  afterAll(async () => {
    await close(service);
    rmSync(scratch, { recursive: true, force: true });
  });

  async function runAction(env: Record<string, string>) {
    const summary = join(scratch, 'summary.md');
    writeFileSync(summary, '');
    const script = action.runs.steps[0]?.run ?? '';
    const child = spawn('bash', ['-c', script], {
      env: {
        PATH: `${scratch}:${process.env.PATH}`,
        PLACES: '',
        RUNNER_TEMP: scratch,
        GITHUB_STEP_SUMMARY: summary,
        ACTIONS_ID_TOKEN_REQUEST_URL: serviceUrl,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'asked-by-the-job',
        ...env,
      },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()));
    const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { status, output, summary: readFileSync(summary, 'utf8') };
  }

  const production = 'https://production.example.com';
  const staging = 'https://staging.example.com/models';

  it('asks for a token for each place, hides it, and names the places to the command', async () => {
    const places = `production=${production}\neu-staging=${staging}\n`;
    const { status, output, summary } = await runAction({ PLACES: places, COMMAND: "copy m v1 --reason 'run 7'" });
    expect([status, output]).toEqual([0, expect.stringContaining('<--no><popserve><copy><m><v1><--reason><run 7>')]);
    for (const line of [
      `::add-mask::token-for-${production}`,
      `::add-mask::token-for-${staging}`,
      `POPSERVE_URL=${production}`,
      `POPSERVE_TOKEN=token-for-${production}`,
      `POPSERVE_EU_STAGING_URL=${staging}`,
      `POPSERVE_EU_STAGING_TOKEN=token-for-${staging}`,
    ])
      expect(output.split('\n')).toContain(line);
    expect(summary).toContain('<copy><m><v1>');
  });

  it('executes nothing that stands in the command', async () => {
    const { output } = await runAction({ POPSERVE_URL: production, COMMAND: 'show "$(touch x)" `id` ; $HOME' });
    expect(output).toContain('<show><$(touch x)><`id`><;><$HOME>');
  });

  it('fails as the command fails, and keeps what it said', async () => {
    const { status, summary } = await runAction({ POPSERVE_URL: production, COMMAND: 'list', NPX_STATUS: '3' });
    expect(status).toBe(3);
    expect(summary).toMatch(/```\n<--no><popserve><list>[\s\S]*```\n$/);
  });

  it('says what is missing where the job has no identity', async () => {
    const { status, output } = await runAction({
      PLACES: `production=${production}`,
      COMMAND: 'list',
      ACTIONS_ID_TOKEN_REQUEST_URL: '',
    });
    expect(status).not.toBe(0);
    expect(output).toContain("::error::the job has no identity; give it 'permissions: id-token: write'");
    expect(output).not.toContain('<list>');
  });

  it('takes no place that is not a name and an https address', async () => {
    const { status, output } = await runAction({ PLACES: 'production=http://example.com', COMMAND: 'list' });
    expect(status).toBe(1);
    expect(output).toContain('::error::places: expected lines like');
  });
});
