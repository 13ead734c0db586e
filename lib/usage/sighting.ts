/** A usage object where it was found. */
export interface Sighting {
  readonly usage: object;
  /** The name under which it stands; '' where it is the payload itself. */
  readonly key: string;
  /** Where it stands in the payload. */
  readonly path: string;
  /** The objects around it, outermost first: what was handed in, then each object on the way. */
  readonly around: readonly object[];
}

/** What is known about a usage object beside its counts. */
export interface FormatContext {
  readonly sighting: Sighting;
  /** The price data's id: the meter's, else the one that the payload tells. */
  readonly provider: string | null;
  readonly model: string | null;
}
