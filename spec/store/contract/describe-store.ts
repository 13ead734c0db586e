import { describeCancel } from './cancel';
import { describeJournal } from './journal';
import { describeReading } from './reading';
import type { TestDatabase } from './test-database';

/**
 * What every store keeps. Run it for each: `describeStore('SqliteRunStore', openTestDatabase)`.
 *
 * @param open - Makes an empty database; called for every test, and closed after it.
 */
export function describeStore(name: string, open: () => Promise<TestDatabase>): void {
  describe(name, () => {
    let database: TestDatabase;

    beforeEach(async () => {
      database = await open();
    });

    afterEach(async () => {
      await database.close();
    });

    for (const describePart of [describeReading, describeJournal, describeCancel]) {
      describePart(() => database);
    }
  });
}
