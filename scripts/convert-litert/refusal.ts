// Why a model is not converted: the operator by its name, and what about it is not covered.
export class Refusal extends Error {
  readonly operator: string;
  /** For a publisher: "operator Einsum is not covered". */
  readonly sentence: string;

  /** @param operator or several, with commas between them */
  constructor(operator: string, reason: string) {
    super(`${operator}: ${reason}`);
    this.name = 'Refusal';
    this.operator = operator;
    const [one, are] = operator.includes(', ') ? ['operators', 'are'] : ['operator', 'is'];
    this.sentence = reason === notCovered ? `${one} ${operator} ${are} not covered` : `operator ${operator}: ${reason}`;
  }
}

/** The reason against an operator in every form. */
export const notCovered = 'not covered';
