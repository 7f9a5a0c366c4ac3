// The log of a model's routes: append-only, one entry per epoch. It alone decides what is served.
import type { Route } from './route.ts';

export interface RouteLog {
  newest(model: string): Promise<Route | null>;
  get(model: string, epoch: number): Promise<Route | null>;
  /**
   * Writes a route under its epoch. If several writers race for an epoch, exactly one succeeds.
   * @returns false if the epoch is taken
   */
  append(route: Route): Promise<boolean>;
}
