import { Run } from 'agent-run';
import { ErrorTypes } from '../../lib/telemetry/error-type';

const failedWith = (error: object): Run => new Run({ sessionId: 'session-123' }).setError(error);

describe('ErrorTypes', () => {
  describe('.of()', () => {
    it('is the code, else the name, else _OTHER', () => {
      const types = new ErrorTypes();
      expect(types.of(failedWith({ name: 'Error', code: 'rate_limited' }))).toBe('rate_limited');
      expect(types.of(failedWith({ code: 503 }))).toBe('503');
      expect(types.of(failedWith(new TypeError('no')))).toBe('TypeError');
      expect(types.of(failedWith({ message: 'no' }))).toBe('_OTHER');
      expect(types.of(new Run({ sessionId: 'session-123' }).updateStatus('timeout'))).toBe('_OTHER');
    });

    it('is the name of a DOMException, not the number that all of its name have', () => {
      const types = new ErrorTypes();
      for (const name of ['AbortError', 'TimeoutError', 'DataCloneError', 'OperationError']) {
        const run = failedWith(new DOMException('no', name));
        expect([types.of(run), types.word({ ...run.error, code: new DOMException('', name).code })]).toEqual([
          name,
          name,
        ]);
      }
      const controller = new AbortController();
      controller.abort();
      expect(types.of(failedWith(controller.signal.reason as Error))).toBe('AbortError');
      expect(types.word({ name: 'AbortError', code: 'ABORT_ERR' })).toBe('ABORT_ERR');
      expect(types.word({ name: 'Error', code: 20 })).toBe('20');
    });

    it('is none of a run that lasts or completed', () => {
      const types = new ErrorTypes();
      const run = new Run({ sessionId: 'session-123' });
      expect(types.of(run)).toBeUndefined();
      expect(types.of(run.setOutput({}))).toBeUndefined();
    });

    it('passes over what is no word', () => {
      const types = new ErrorTypes();
      expect(types.of(failedWith({ code: 'No user of that name', name: 'NotFound' }))).toBe('NotFound');
      expect(types.of(failedWith({ code: 'x'.repeat(65) }))).toBe('_OTHER');
      expect(types.of(failedWith({ code: '' }))).toBe('_OTHER');
    });

    it('is one of few, however many codes there are', () => {
      const types = new ErrorTypes();
      const seen = new Set<string | undefined>();
      for (let index = 0; index < 10_000; index++) seen.add(types.of(failedWith({ code: `user_${index}` })));
      expect(seen.size).toBe(201);
      expect(seen).toContain('_OTHER');
      expect(types.of(failedWith({ code: 'user_7' }))).toBe('user_7');
    });
  });
});
