// Writes the id of a namespace into the wrangler file and leaves every other character as it is. The edit is one of text, because
// no TOML library of wrangler's keeps comments; what it made is read by wrangler before it replaces the file.
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { PopserveError } from '../../../registry/errors.ts';
import { readTarget, type Target } from '../target.ts';

/** @throws {PopserveError} UNPROCESSABLE with the line to write, if the file is not of the form that can be edited */
export async function writeNamespaceId(target: Target, binding: string, id: string): Promise<void> {
  const { config, environment } = target;
  const edited = editNamespaceId(await readFile(config, 'utf8'), environment, binding, id);
  const draft = join(dirname(config), `.popserve-${basename(config)}`);
  const draftOf =
    edited !== null && config.endsWith('.toml') ? await checked(draft, edited, target, binding, id) : null;
  if (draftOf === null) {
    throw new PopserveError(
      'UNPROCESSABLE',
      `${basename(config)} cannot be edited safely; write id = "${id}" beside binding = "${binding}" under ${tableOf(environment)} and run the command again`,
    );
  }
  await rename(draftOf, config);
}

/** Writes the draft and keeps it only if wrangler reads nothing else in it than the new id. */
async function checked(
  draft: string,
  text: string,
  target: Target,
  binding: string,
  id: string,
): Promise<string | null> {
  await writeFile(draft, text);
  const expected = target.namespaces.map((one) => (one.binding === binding ? { ...one, id } : one));
  const read = await readTarget(draft, target.environment).catch(() => null);
  if (read !== null && isDeepStrictEqual({ ...read, config: target.config }, { ...target, namespaces: expected }))
    return draft;
  await rm(draft, { force: true });
  return null;
}

/** @returns null if the table is not written as `[[kv_namespaces]]` with a line `binding = "…"` */
export function editNamespaceId(text: string, environment: string, binding: string, id: string): string | null {
  const lines = text.split('\n');
  for (const [start, line] of lines.entries()) {
    if (readHeader(line) !== tableOf(environment)) continue;
    const length = lines.slice(start + 1).findIndex((one) => /^\s*\[/.test(one));
    const end = length === -1 ? lines.length : start + 1 + length;
    const within = (key: string) =>
      lines.findIndex((one, index) => index > start && index < end && new RegExp(`^\\s*${key}\\s*=`).test(one));
    const bindingLine = within('binding');
    if (bindingLine === -1 || readText(lines[bindingLine] ?? '') !== binding) continue;
    const idLine = within('id');
    const old = lines[idLine];
    if (old === undefined) lines.splice(bindingLine + 1, 0, `id = "${id}"`);
    else lines[idLine] = old.replace(/=\s*(?:"[^"]*"|'[^']*')/, `= "${id}"`);
    return lines.join('\n');
  }
  return null;
}

function tableOf(environment: string): string {
  return environment === '' ? '[[kv_namespaces]]' : `[[env.${environment}.kv_namespaces]]`;
}

function readHeader(line: string): string | null {
  const header = /^\s*(\[\[[^\]]*\]\])\s*(?:#.*)?$/.exec(line.replace(/\r$/, ''));
  return header?.[1]?.replace(/\s/g, '') ?? null;
}

function readText(line: string): string | null {
  const value = /=\s*(?:"([^"]*)"|'([^']*)')/.exec(line);
  return value?.[1] ?? value?.[2] ?? null;
}
