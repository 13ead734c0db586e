/**
 * An own member that holds a run's id. A run has no other: what compares objects member by member, jest's
 * `toEqual` and `assert.deepStrictEqual` say, would take any two runs for equal. JSON, `Object.keys`,
 * `structuredClone` and class-transformer pass by what stands under a symbol.
 */
const IDENTITY = Symbol('id');

/** Lets a run be told from any other. */
export function identify(run: object, id: string): void {
  (run as Record<typeof IDENTITY, string>)[IDENTITY] = id;
}
