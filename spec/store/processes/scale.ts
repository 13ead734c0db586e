/** Whether the full numbers were asked for: `npm run test:soak`. */
export const isSoak = process.env['AGENT_RUN_SOAK'] !== undefined;

/** How often to do something: a few times in every test run, or as often as it takes to be sure. */
export function times(short: number, full: number): number {
  return isSoak ? full : short;
}

/** How long a test of this folder may take, in milliseconds. */
export const PATIENCE_MS = isSoak ? 1_200_000 : 180_000;
