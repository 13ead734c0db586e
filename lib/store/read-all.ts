/** Who is told of rows that cannot be read. */
export interface UnreadableHost {
  unreadable(error: unknown): void;
}

/** Reads each row. One that cannot be read is reported and left out. */
export function readAll<Row, Result>(
  rows: readonly Row[],
  read: (row: Row) => Result,
  host: UnreadableHost,
): Result[] {
  const results: Result[] = [];
  for (const row of rows) {
    try {
      results.push(read(row));
    } catch (error) {
      host.unreadable(error);
    }
  }
  return results;
}
