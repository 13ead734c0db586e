/** Does something to an object when its first user comes, and undoes it when the last one goes. */
export class WhileUsed<Subject extends object> {
  readonly #apply: (subject: Subject) => () => void;
  readonly #used = new WeakMap<Subject, { users: number; readonly undo: () => void }>();

  /** @param apply - Does it to an object; gives what undoes it. */
  constructor(apply: (subject: Subject) => () => void) {
    this.#apply = apply;
  }

  /**
   * Adds a user of the object.
   *
   * @returns a function that says that this one is done.
   */
  use(subject: Subject): () => void {
    let used = this.#used.get(subject);
    if (used === undefined) this.#used.set(subject, (used = { users: 0, undo: this.#apply(subject) }));
    const shared = used;
    shared.users += 1;
    let isDone = false;
    return () => {
      if (isDone) return;
      isDone = true;
      shared.users -= 1;
      if (shared.users > 0) return;
      this.#used.delete(subject);
      shared.undo();
    };
  }
}
