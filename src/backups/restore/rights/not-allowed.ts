/** Something of the user's that this role may not make at the target. */
export interface NotAllowed {
  /** Of the entry in its archive. */
  readonly id: string;
  /** As an archive names it. */
  readonly title: string;
  /** As `nameKey` has it. */
  readonly key: string;
  /** The names in it alone. */
  readonly place: string;
  readonly why: string;
}
