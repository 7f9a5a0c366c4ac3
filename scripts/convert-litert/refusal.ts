// Why a model is not converted: the operator by its name, and what about it is not covered.
export class Refusal extends Error {
  readonly operator: string;

  constructor(operator: string, reason: string) {
    super(`${operator}: ${reason}`);
    this.name = 'Refusal';
    this.operator = operator;
  }
}
