/** Memory stores that hold many runs. */
import { Run, stores } from '../built';
import type { Subject } from '../subject';
import { repeatedAsync } from '../subject';
import type { ArchiveReading } from './archive';
import { copyOf, readingIn, samples } from './archive';

/** Fills a store of its own: there is no file to share. */
export async function reading(archive: ArchiveReading): Promise<Subject> {
  const store = new (stores().MemoryRunStore)();
  const { running, completed } = samples();
  const records = { running: running.toJSON(), completed: completed.toJSON() };
  for (let index = 0; index < archive.runs; index++) await store.save(Run.fromJSON(copyOf(records, index)));
  return repeatedAsync(await readingIn(store, archive));
}
