/** How the world stands to a step. */
export type Observed =
  /** It is so; whoever made it so. */
  | { readonly kind: "true"; readonly what: string }
  /** It is not so, and {@link Step.act} makes it so; `what` says what that would do. */
  | { readonly kind: "missing"; readonly what: string }
  /** It is for people to make it so, such as by merging. */
  | { readonly kind: "waits"; readonly what: string }
  /** Something else is so, which is not ours to change. */
  | { readonly kind: "wrong"; readonly what: string; readonly hint: string };

/**
 * A part of something that must not stay half done. Laws: observing changes nothing and is asked of the
 * world,
 * never of what an earlier step is believed to have done; acting where it is missing leaves it true, or as it
 * was; killed in the middle, the next run observes that.
 */
export interface Step {
  /** As it stands in outputs: `tag`, `back-merge`. */
  readonly name: string;
  /** Whether later steps make no sense while this one is not true. */
  readonly carriesTheRest: boolean;
  observe(): Promise<Observed>;
  act(): Promise<void>;
}

/** What became of a step. */
export interface StepResult {
  readonly name: string;
  /**
   * `was`: true before; `done`: by this run; `would`: missing, in a dry run; `waits`, `wrong`: see
   * {@link Observed}; `failed`: what the forge said is its `what`; `not-reached`: an earlier one that
   * carries it is not true.
   */
  readonly state: "was" | "done" | "would" | "waits" | "wrong" | "failed" | "not-reached";
  /** Whether this run acted on it, as by opening what now waits for people. */
  readonly acted: boolean;
  readonly what: string;
}
