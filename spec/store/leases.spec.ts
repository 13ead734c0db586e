import { LeaseKeeper } from '../../lib/store/leases';
import { VirtualClock } from '../support/virtual-clock';

describe('LeaseKeeper', () => {
  let clock: VirtualClock;
  let leases: LeaseKeeper;

  beforeEach(() => {
    clock = new VirtualClock(7);
    leases = new LeaseKeeper(clock);
  });

  it('has every lease renewed at a third of its length', async () => {
    const [one, other] = [{ renew: jest.fn() }, { renew: jest.fn() }];
    leases.keep(one, 300);
    leases.keep(other, 600);
    await clock.pass(99);
    expect(one.renew).not.toHaveBeenCalled();
    await clock.pass(101);
    expect([one.renew.mock.calls.length, other.renew.mock.calls.length]).toEqual([2, 1]);
  });

  it('renews the shortest lease once a millisecond, not more often', async () => {
    const holder = { renew: jest.fn() };
    leases.keep(holder, 1);
    await clock.pass(5);
    expect(holder.renew).toHaveBeenCalledTimes(5);
  });

  it('has one timer for all leases of one length, until the last is released', async () => {
    const [one, other] = [{ renew: jest.fn() }, { renew: jest.fn() }];
    leases.keep(one, 300);
    leases.keep(other, 300);
    expect(clock.waiting).toBe(1);
    leases.release(one, 300);
    await clock.pass(100);
    expect(one.renew).not.toHaveBeenCalled();
    expect(other.renew).toHaveBeenCalledTimes(1);
    leases.release(other, 300);
    expect(clock.waiting).toBe(0);
    leases.keep(one, 300);
    await clock.pass(100);
    expect(one.renew).toHaveBeenCalledTimes(1);
  });

  it('releases what is not held without an effect', () => {
    leases.keep({ renew: jest.fn() }, 300);
    leases.release({ renew: jest.fn() }, 300);
    leases.release({ renew: jest.fn() }, 600);
    expect(clock.waiting).toBe(1);
  });

  it('tells the shortest lease that is held, and Infinity for none', () => {
    expect(leases.shortestMs).toBe(Infinity);
    const holder = { renew: jest.fn() };
    leases.keep(holder, 300);
    leases.keep(holder, 200);
    leases.keep(holder, 600);
    expect(leases.shortestMs).toBe(200);
    leases.release(holder, 200);
    expect(leases.shortestMs).toBe(300);
  });

  it('renews nothing once it is closed', () => {
    leases.keep({ renew: jest.fn() }, 300);
    leases.keep({ renew: jest.fn() }, 600);
    leases.close();
    expect(clock.waiting).toBe(0);
    expect(leases.shortestMs).toBe(Infinity);
  });
});
