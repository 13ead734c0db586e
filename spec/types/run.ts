import { Run } from 'agent-run';

const run = new Run({ sessionId: 'session-123' });

run.on('statusChanged', ({ from, to }) => from === to);
// @ts-expect-error: no event of that name
run.on('statusChange', () => undefined);
// @ts-expect-error: the payload has no such key
run.on('turnIncremented', ({ turns }) => typeof turns);
// @ts-expect-error: read only
run.status = 'running';
