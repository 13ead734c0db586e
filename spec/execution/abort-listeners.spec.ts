import { getEventListeners } from 'node:events';
import { isAborted, onAbort, reasonOf } from '../../lib/execution/abort-listeners';

function listenersOn(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length;
}

describe('isAborted() and reasonOf()', () => {
  it('say what the signal says', () => {
    const reason = new Error('enough');
    expect([isAborted(AbortSignal.abort(reason)), reasonOf(AbortSignal.abort(reason))]).toEqual([
      true,
      reason,
    ]);
    const { signal } = new AbortController();
    expect([isAborted(signal), reasonOf(signal)]).toEqual([false, undefined]);
  });

  it('take a signal that throws for one that has not aborted and has no reason', () => {
    const get = (): never => {
      throw new Error('broken');
    };
    const signal = Object.defineProperties({}, { aborted: { get }, reason: { get } }) as AbortSignal;
    expect([isAborted(signal), reasonOf(signal)]).toEqual([false, undefined]);
  });
});

describe('onAbort()', () => {
  it('calls back once, when the signal aborts', () => {
    const controller = new AbortController();
    const callback = jest.fn();
    onAbort(controller.signal, callback);
    expect(callback).not.toHaveBeenCalled();
    controller.abort();
    controller.signal.dispatchEvent(new Event('abort'));
    expect(callback).toHaveBeenCalledTimes(1);
    expect(listenersOn(controller.signal)).toBe(0);
  });

  it('keeps one listener for all that wait, and none for nobody', () => {
    const { signal } = new AbortController();
    const stops = [jest.fn(), jest.fn(), jest.fn()].map((callback) => onAbort(signal, callback));
    expect(listenersOn(signal)).toBe(1);
    stops[1]!();
    stops[0]!();
    expect(listenersOn(signal)).toBe(1);
    stops[2]!();
    expect(listenersOn(signal)).toBe(0);
  });

  it('does not call who stopped waiting, and stopping twice takes nothing from the others', () => {
    const controller = new AbortController();
    const [stopped, waiting] = [jest.fn(), jest.fn()];
    const stop = onAbort(controller.signal, stopped);
    onAbort(controller.signal, waiting);
    stop();
    stop();
    controller.abort();
    expect(stopped).not.toHaveBeenCalled();
    expect(waiting).toHaveBeenCalledTimes(1);
  });

  it('listens again after the last has left', () => {
    const controller = new AbortController();
    const callback = jest.fn();
    onAbort(controller.signal, jest.fn())();
    onAbort(controller.signal, callback);
    controller.abort();
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it('calls back in the order of waiting, whoever stops meanwhile', () => {
    const controller = new AbortController();
    const calls: string[] = [];
    onAbort(controller.signal, () => calls.push('first'));
    const stopSecond = onAbort(controller.signal, () => {
      stopSecond();
      calls.push('second');
    });
    onAbort(controller.signal, () => calls.push('third'));
    controller.abort();
    expect(calls).toEqual(['first', 'second', 'third']);
  });

  it('keeps signals apart', () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const callback = jest.fn();
    onAbort(one.signal, callback);
    other.abort();
    expect(callback).not.toHaveBeenCalled();
  });
});
