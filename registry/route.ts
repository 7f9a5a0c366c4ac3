// The route: which versions of a model are served, at one epoch. Pure data; transition.ts changes it, route-log.ts stores it.
import * as z from 'zod';
import { mostRemarks, nameText, plainText } from './bounds.ts';
import { manifestSchema } from './manifest.ts';
import { aliasSchema, modelNameSchema, versionSchema } from './names.ts';
import { rolloutLimitsSchema } from './rollout-limits.ts';

export const percentSchema = z.number().min(0).max(100);

export const routeSchema = z.strictObject({
  schema: z.literal(1),
  model: modelNameSchema,
  /** Grows by one with each new route of the model; the first is 1. */
  epoch: z.int().min(1),
  /** `stable` is there once a version was activated, `canary` while there is a rollout. */
  aliases: z.record(aliasSchema, versionSchema),
  /** Versions that were stable before, the latest first. Rollbacks go through them in this order. */
  previous: z.array(versionSchema).max(1000).default([]),
  /** Share of the default traffic that goes to another version than `stable`. The salt keeps a device on its side. */
  rollout: z
    .strictObject({
      version: versionSchema,
      percent: percentSchema,
      salt: nameText,
      /** The epoch at which it began; its share may have changed since. */
      sinceEpoch: z.int().min(1).optional(),
      /** The guard ends the rollout when one of them is exceeded. */
      limits: rolloutLimitsSchema.optional(),
    })
    .nullable(),
  /** Share of the default traffic whose inputs a candidate runs as well. Its answers are compared and never returned. */
  shadow: z.strictObject({ version: versionSchema, percent: percentSchema }).nullable(),
  /** The actor of the change, its time (RFC 3339, UTC), its kind and its reason. Unlike routing it may have members that this code does not know. */
  audit: z.object({
    actor: nameText,
    at: z.iso.datetime(),
    action: nameText,
    reason: plainText.optional(),
    /** The callers who were hurt on purpose, and how: one sentence each. */
    breaking: z.array(plainText).min(1).max(mostRemarks).optional(),
  }),
});

export type Route = z.infer<typeof routeSchema>;

/** The copy of a route in KV: the newest route and the manifest of every version it names. */
export const routeCopySchema = z
  .strictObject({
    route: routeSchema,
    manifests: z.record(versionSchema, manifestSchema),
    /** The versions among them that are known to load and run: see trial.ts. */
    proven: z.array(versionSchema).max(1000).optional(),
  })
  .refine(({ route, manifests }) => routedVersions(route).every((version) => Object.hasOwn(manifests, version)), {
    message: 'expected the manifest of every version that the route names',
  })
  .refine(
    ({ route, manifests }) =>
      Object.entries(manifests).every(([key, { model, version }]) => model === route.model && version === key),
    { message: 'expected manifests of the model and version that they stand for' },
  );

export type RouteCopy = z.infer<typeof routeCopySchema>;

/** The versions that a route names, each once. A point of presence must be able to serve them. */
export function routedVersions(route: Route): string[] {
  const candidates = [route.rollout, route.shadow].filter((part) => part !== null);
  return [...new Set([...Object.values(route.aliases), ...candidates.map((part) => part.version)])];
}

/** How a route names a version, for people: `alias 'stable'`, `rollout of 5 %`, `shadow of 10 %`. Empty if it does not. */
export function routedAs(route: Route, version: string): string[] {
  const names = Object.entries(route.aliases).filter(([, target]) => target === version);
  const uses = names.map(([name]) => `alias '${name}'`);
  if (route.rollout?.version === version) uses.push(`rollout of ${route.rollout.percent} %`);
  if (route.shadow?.version === version) uses.push(`shadow of ${route.shadow.percent} %`);
  return uses;
}
