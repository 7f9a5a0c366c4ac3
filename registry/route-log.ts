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
  /**
   * Routes of epochs below `before`, the newest first. One that cannot be read does not hide the others.
   * @returns the routes, the epochs that cannot be read, and whether there are older ones
   */
  page(model: string, page: { before?: number; limit: number }): Promise<LogPage>;
}

export interface LogPage {
  readonly routes: Route[];
  readonly damaged: number[];
  /** The lowest epoch of the page, if there are older ones. */
  readonly next: number | null;
  /** Reads of single routes that it took. */
  readonly reads: number;
}
