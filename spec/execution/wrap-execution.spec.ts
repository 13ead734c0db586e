import { Run } from 'agent-run';

const never = (): Promise<never> =>
  new Promise<never>(() => {
    // Never settles.
  });

describe('Run', () => {
  describe('.wrapExecution()', () => {
    it('surrounds the function with every scope, the first outermost', async () => {
      const run = new Run({ sessionId: 'session-123' });
      const calls: string[] = [];
      for (const name of ['outer', 'inner']) {
        run.wrapExecution((fn) => {
          calls.push(name);
          return fn();
        });
      }
      await run.execute(() => void calls.push('function'));
      expect(calls).toEqual(['outer', 'inner', 'function']);
    });

    it('says that an execution is over once the run has ended and before its promise settles', async () => {
      const run = new Run({ sessionId: 'session-123' });
      const calls: string[] = [];
      run.wrapExecution(
        (fn) => fn(),
        () => calls.push(run.status),
      );
      const settled = run.execute(() => undefined).then(() => calls.push('settled'));
      await settled;
      expect(calls).toEqual(['completed', 'settled']);
    });

    it('says so where the function is abandoned', async () => {
      const run = new Run({ sessionId: 'session-123' });
      const onOver = jest.fn();
      run.wrapExecution((fn) => fn(), onOver);
      const settled = run.execute(never, { graceMs: 1 });
      run.cancel();
      expect(onOver).not.toHaveBeenCalled();
      await expect(settled).rejects.toMatchObject({ details: { abandoned: true } });
      expect(onOver).toHaveBeenCalledTimes(1);
    });

    it('is taken back by the function that it returns', async () => {
      const run = new Run({ sessionId: 'session-123' });
      const scope = jest.fn((fn: () => unknown) => fn());
      const onOver = jest.fn();
      const takeBack = run.wrapExecution(scope as <Result>(fn: () => Result) => Result, onOver);
      takeBack();
      takeBack();
      await run.execute(() => undefined);
      expect(scope).not.toHaveBeenCalled();
      expect(onOver).not.toHaveBeenCalled();
    });
  });
});
