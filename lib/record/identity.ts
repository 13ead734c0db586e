/**
 * The name of a run's only own member, its id. Without it, any two runs would be equal to jest's `toEqual`,
 * `assert.deepStrictEqual` and whatever else compares objects member by member. JSON, `Object.keys`,
 * `structuredClone` and class-transformer skip members under symbols.
 */
const IDENTITY = Symbol('id');

/** Lets a run be told from any other. */
export function identify(run: object, id: string): void {
  (run as Record<typeof IDENTITY, string>)[IDENTITY] = id;
}
