/** What the meter of a run is to be made with, where somebody else than its maker says so. */
const given = new WeakMap<object, object>();

/** Says what the meter of a run is to be made with. */
export function giveMeterOptions(run: object, options: object): void {
  given.set(run, options);
}

/** What the meter of a run is to be made with; undefined where nobody has said. */
export function meterOptionsOf(run: object): object | undefined {
  return given.get(run);
}
