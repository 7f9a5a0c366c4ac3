// The commands for API keys: keys create, keys list, keys revoke.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type KeyRequest, keyIdSchema, type Scope, scopeSchema } from '../../../registry/api-key.ts';
import { PopserveError } from '../../../registry/errors.ts';
import { nearest } from '../../../registry/nearest.ts';
import { parseModel, parseReason } from '../arguments.ts';
import type { Context, Execute } from '../context.ts';
import { type Report, table } from '../report.ts';

interface CreateOptions {
  scope?: Scope[];
  model?: string[];
  expires?: string;
  json?: boolean;
}

export function addKeyCommands(program: Command, execute: Execute): void {
  const keys = program.command('keys').description('API keys: who may ask and who may change');

  keys
    .command('create')
    .description('make a key; it is shown once and kept nowhere')
    .argument('<name>', 'who or what will hold it')
    .addOption(
      new Option('--scope <scope>', 'infer, read, release or admin; may be given more than once (default: infer)')
        .choices(scopeSchema.options)
        .argParser((text, collected: Scope[] | undefined) => [...(collected ?? []), parseScope(text)]),
    )
    .option('--model <model>', 'only for this model; may be given more than once', collectModel)
    .option('--expires <days>', 'ends after so many days', parseDays)
    .option('--json', 'machine-readable output')
    .action((name: string, options: CreateOptions) => execute(options, (context) => create(context, name, options)));

  keys
    .command('list')
    .description('all keys, the newest first; revoked ones too')
    .option('--json', 'machine-readable output')
    .action((options: { json?: boolean }) => execute(options, list));

  keys
    .command('revoke')
    .description('end a key')
    .argument('<id>', 'its id, as keys list shows it', parseKeyId)
    .option('--reason <text>', 'for the audit', parseReason)
    .option('--json', 'machine-readable output')
    .action((id: string, options: { reason?: string; json?: boolean }) =>
      execute(options, (context) => revoke(context, id, options.reason ?? null)),
    );
}

async function create({ registry, host }: Context, name: string, options: CreateOptions): Promise<Report> {
  const days = options.expires === undefined ? null : Number(options.expires);
  const request: KeyRequest = {
    name,
    scopes: options.scope ?? ['infer'],
    models: options.model ?? null,
    expiresAt: days === null ? null : new Date(host.now().getTime() + days * 86_400_000).toISOString(),
  };
  const created = await registry.createKey(request);
  const { id, scopes, models } = created.key;
  return {
    lines: [
      created.token,
      `key ${id} '${name}' for ${scopes.join(', ')}${models === null ? '' : ` of ${models.join(', ')}`}; it is not shown again`,
    ],
    value: created,
  };
}

async function list({ registry }: Context): Promise<Report> {
  const { keys, damaged } = await registry.listKeys();
  const rows = keys.map(({ id, name, scopes, models, createdAt, createdBy, expiresAt, revokedAt }) => [
    id,
    name,
    scopes.join(','),
    models?.join(',') ?? 'all',
    day(createdAt),
    createdBy,
    day(expiresAt),
    day(revokedAt),
  ]);
  const header = ['ID', 'NAME', 'SCOPES', 'MODELS', 'CREATED', 'BY', 'EXPIRES', 'REVOKED'];
  const unread = damaged.map((id) => `key ${id}: its record in storage cannot be read`);
  return {
    lines: [...(rows.length === 0 ? ['no keys yet'] : table([header, ...rows])), ...unread],
    value: { keys, damaged },
  };
}

async function revoke({ registry }: Context, id: string, reason: string | null): Promise<Report> {
  const revoked = await registry.revokeKey(id, reason).catch(async (error) => {
    throw await withKeys(error, registry, id);
  });
  return {
    lines: [`key ${id} '${revoked.key.name}' is revoked; no PoP takes it after ${revoked.everywhereWithinSeconds} s`],
    value: revoked,
  };
}

/** The same error, with the keys that exist if it says that one does not. */
async function withKeys(error: unknown, registry: Context['registry'], id: string): Promise<unknown> {
  if (!(error instanceof PopserveError) || error.code !== 'NOT_FOUND') return error;
  const { keys } = await registry.listKeys();
  const told =
    keys.length === 0
      ? 'there are no keys'
      : `there is ${nearest(
          id,
          keys.map((key) => key.id),
        )}`;
  return new PopserveError('NOT_FOUND', `${error.message}; ${told}`, { cause: error });
}

function day(time: string | null): string {
  return time?.slice(0, 10) ?? '';
}

function parseScope(text: string): Scope {
  const scope = scopeSchema.safeParse(text);
  if (scope.success) return scope.data;
  throw new InvalidArgumentError(`expected one of ${scopeSchema.options.join(', ')}.`);
}

function collectModel(text: string, collected: readonly string[] = []): string[] {
  return [...collected, parseModel(text)];
}

function parseDays(text: string): string {
  if (/^[1-9]\d{0,4}$/.test(text)) return text;
  throw new InvalidArgumentError('expected a whole number of days from 1 to 99999.');
}

function parseKeyId(text: string): string {
  if (keyIdSchema.safeParse(text).success) return text;
  throw new InvalidArgumentError("a key id is 16 hex digits, as 'npx popserve keys list' shows it.");
}
