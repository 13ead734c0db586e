import { describeAnswers } from './answers';
import { describeBusySessions } from './busy-sessions';
import { describeCancel } from './cancel';
import { describeChildren } from './children';
import { describeFidelity } from './fidelity';
import { describeJournal } from './journal';
import { describeLeases } from './leases';
import { describeLife } from './life';
import { describeListing } from './listing';
import { describeReading } from './reading';
import { describeSummaries } from './summaries';
import type { TestDatabase } from './test-database';
import { describeWatch } from './watch';

const PARTS = [
  describeReading,
  describeFidelity,
  describeListing,
  describeJournal,
  describeWatch,
  describeCancel,
  describeLeases,
  describeBusySessions,
  describeChildren,
  describeAnswers,
  describeLife,
  describeSummaries,
];

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

    for (const describePart of PARTS) describePart(() => database);
  });
}
