import { Run } from 'agent-run';
import { createRunHandler } from 'agent-run/http';
import { MemoryRunStore } from 'agent-run/store';

export const dynamic = 'force-dynamic';

const store = new MemoryRunStore();
const saved = store.save(new Run({ id: 'run_next', sessionId: 'session' }).updateStatus('running'));

const handler = createRunHandler({
  store,
  basePath: '/agent-runs',
  authorize: async () => {
    await saved;
    return true;
  },
});

export { handler as GET, handler as POST };
