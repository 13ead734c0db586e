import type { RunWrite } from './backend';
import type { StoredRun } from './columns';

type Decide = (row: StoredRun | null) => RunWrite | null;

/**
 * Keeps apart what a decision throws, which is passed on as it is, and what the database throws around it.
 *
 * @param update - Is handed the decision, as it is to be called.
 */
export async function withDecision<Result>(
  decide: Decide,
  update: (decide: Decide) => Promise<Result>,
): Promise<Result> {
  const thrown: unknown[] = [];
  try {
    return await update((row) => {
      try {
        return decide(row);
      } catch (error) {
        thrown.push(error);
        throw error;
      }
    });
  } catch (error) {
    throw thrown.length > 0 ? thrown[0] : error;
  }
}
