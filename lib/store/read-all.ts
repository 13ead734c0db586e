/** Who is told of what cannot be read. */
export interface UnreadableHost {
  unreadable(error: unknown): void;
}

/** What is made of each row; one that cannot be read harms no other. */
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
