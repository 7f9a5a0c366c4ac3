// What was taken step by step, given back in the reverse order: AsyncDisposableStack, which Node 22 does not have.

type GiveBack = () => unknown;

export class Taken implements AsyncDisposable {
  #givenBack: GiveBack[] = [];

  /** Disposes of `resource` with the others. @returns it */
  use<T extends Disposable | AsyncDisposable>(resource: T): T {
    this.#givenBack.push(() =>
      Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose](),
    );
    return resource;
  }

  /** Calls `giveBack` with the others. */
  defer(giveBack: GiveBack): void {
    this.#givenBack.push(giveBack);
  }

  /** @returns all that was taken, which this one then no longer gives back */
  move(): Taken {
    const moved = new Taken();
    moved.#givenBack = this.#givenBack;
    this.#givenBack = [];
    return moved;
  }

  /** @throws the first error, after everything was given back */
  async [Symbol.asyncDispose](): Promise<void> {
    const errors: unknown[] = [];
    for (const giveBack of this.#givenBack.splice(0).reverse()) {
      try {
        await giveBack();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
