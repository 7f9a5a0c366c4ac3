// The registry's answers about routes. The route itself is ../route.ts; the actions on it are ../route-action.ts.
import * as z from 'zod';
import { routeSchema } from '../route.ts';

export const routeChangeSchema = z.object({
  route: routeSchema,
  copyPending: z
    .boolean()
    .default(false)
    .describe('The route stands, but its copy for the PoPs could not be written yet: they hear of it a little later.'),
});

export type RouteChangeAnswer = z.infer<typeof routeChangeSchema>;

export const routePageSchema = z.object({
  routes: z.array(routeSchema).describe('The newest first.'),
  next: z.int().nullable().default(null).describe('Pass it as `before` for the next page; null on the last one.'),
  damaged: z.array(z.int().min(0)).describe('Epochs of the page whose route cannot be read.').exactOptional(),
});

export type RoutePage = z.infer<typeof routePageSchema>;
