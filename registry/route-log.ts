// The log of a model's routes: append-only, one entry per epoch, the truth about what is served.
import type { Route } from './route.ts';

export interface RouteLog {
  newest(model: string): Promise<Route | null>;
  get(model: string, epoch: number): Promise<Route | null>;
  /**
   * Writes the route of its epoch. Of racing writers of one epoch exactly one succeeds.
   * @returns false if the epoch is taken
   */
  append(route: Route): Promise<boolean>;
}
