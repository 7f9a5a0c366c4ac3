// Rules that give rights to tokens by what they say of their holder: a workflow of a build service cannot put popserve's scopes into
// its token, but the service says which repository, branch and environment it runs for.
import * as z from 'zod';
import { type Scope, scopeSchema } from '../../registry/api-key.ts';
import { PopserveError } from '../../registry/errors.ts';
import { modelNameSchema } from '../../registry/names.ts';
import { check, tellFaults } from '../../registry/parse.ts';

const text = z.string().min(1).max(1024);

const ruleSchema = z
  .strictObject({
    /** Each claim must be a text, equal to this one or to one of these. */
    claims: z
      .record(text, z.union([text, z.array(text).min(1).max(100)]))
      .refine((claims) => Object.keys(claims).length > 0, 'a rule without claims would match every token'),
    scopes: z.array(scopeSchema).min(1),
    /** Names of models, or `*` for all. Without a default: a forgotten member must not mean all. */
    models: z.union([z.literal('*'), z.array(modelNameSchema).min(1).max(100)]),
  })
  .refine(({ scopes, models }) => models === '*' || !scopes.includes('admin'), {
    path: ['models'],
    error: 'scope admin is never for some models only',
  });

const rulesSchema = z.array(ruleSchema).min(1).max(100);

/** The first rule that matches decides. */
export type ClaimRules = z.output<typeof rulesSchema>;

export interface Grant {
  readonly scopes: ReadonlySet<Scope>;
  /** Null for all models. */
  readonly models: ReadonlySet<string> | null;
}

/** Issuers that sign for everybody who has an account there, and the claims of which one must say whose token it is. */
const sharedIssuers: Readonly<Record<string, readonly string[]>> = {
  /** @see https://docs.github.com/en/actions/reference/security/oidc */
  'https://token.actions.githubusercontent.com': [
    ...['sub', 'repository', 'repository_id', 'repository_owner', 'repository_owner_id'],
  ],
  /** @see https://docs.gitlab.com/ci/secrets/id_token_authentication/ */
  'https://gitlab.com': ['sub', 'project_id', 'project_path', 'namespace_id', 'namespace_path'],
};

/**
 * The rules of the setting JWT_CLAIM_RULES.
 * @returns null for the empty text: tokens name their scopes themselves
 * @throws {PopserveError} INTERNAL that names each fault
 */
export function readClaimRules(setting: string, issuer: string): ClaimRules | null {
  if (setting === '') return null;
  const result = check(rulesSchema, parsedJson(setting));
  if ('faults' in result) throw wrong(tellFaults(result.faults));
  const owners = Object.hasOwn(sharedIssuers, issuer) ? sharedIssuers[issuer] : undefined;
  for (const [index, { claims }] of result.data.entries()) {
    if (owners !== undefined && !owners.some((name) => Object.hasOwn(claims, name)))
      throw wrong(`${index}.claims: ${issuer} signs for everybody; expected one of ${owners.join(', ')}`);
  }
  return result.data;
}

/** What the rules give to a token with these claims; a token that matches none has no scope and no model. */
export function grantOf(rules: ClaimRules, claims: Readonly<Record<string, unknown>>): Grant {
  const rule = rules.find((one) => Object.entries(one.claims).every(([name, wanted]) => matches(claims, name, wanted)));
  if (rule === undefined) return { scopes: new Set(), models: new Set() };
  return { scopes: new Set(rule.scopes), models: rule.models === '*' ? null : new Set(rule.models) };
}

/** Only a claim of the token's own, and only a text: of a list nobody knows which entry is meant. */
function matches(claims: Readonly<Record<string, unknown>>, name: string, wanted: string | readonly string[]): boolean {
  const claim = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof claim === 'string' && (typeof wanted === 'string' ? claim === wanted : wanted.includes(claim));
}

function parsedJson(setting: string): unknown {
  try {
    return JSON.parse(setting);
  } catch (error) {
    throw wrong(`expected JSON, a list of rules: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function wrong(fault: string): PopserveError {
  return new PopserveError('INTERNAL', `wrong settings: JWT_CLAIM_RULES: ${fault}`);
}
