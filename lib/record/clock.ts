/** Milliseconds since the epoch, whole ones: a clock that tests have set may stand at a fraction. */
export function nowMs(): number {
  return Math.floor(Date.now());
}
