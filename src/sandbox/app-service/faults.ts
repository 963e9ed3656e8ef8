import * as z from "zod";

const nth = z.int().min(1);
const ms = z.int().min(0).max(3_600_000);

/** What may go wrong with App Service, as data. Swaps and deployments are counted from 1, over all slots. */
export const appServiceFault = z.discriminatedUnion("fault", [
  /** The swap is taken (202), and its failure is told only to who asks how it went. */
  z.strictObject({
    fault: z.literal("fail-swap"),
    at: nth,
    afterMs: ms.default(0),
    /** Whether the slots have been exchanged all the same. */
    happened: z.boolean().default(false),
    status: z.int().min(400).max(599).default(400),
    code: z.string().default("BadRequest"),
    message: z.string().default("the swap failed by script"),
  }),
  /** The swap is told to have succeeded, and nothing was exchanged. */
  z.strictObject({ fault: z.literal("pretend-swap"), at: nth }),
  /** What answers on production's address is unavailable for a while after the slots were exchanged. */
  z.strictObject({ fault: z.literal("unavailable-after-swap"), at: nth, forMs: ms }),
  /** The deployment is taken, and its build fails: HTTP 200 with status 3. */
  z.strictObject({
    fault: z.literal("fail-build"),
    at: nth,
    message: z.string().default("the build failed by script"),
    /** `status_text` of its record, where that says another thing than `message`. */
    statusText: z.string().optional(),
  }),
  /** The service does not take a package: another deployment holds its lock, or nobody knows why. */
  z.strictObject({
    fault: z.literal("refuse-package"),
    at: nth,
    times: nth.default(1),
    text: z.string().default(""),
  }),
  /** The nth slot that is made lets in everybody, whatever restrictions were asked for. */
  z.strictObject({ fault: z.literal("open-slot"), at: nth }),
  /** The deployment never ends. */
  z.strictObject({ fault: z.literal("hang-build"), at: nth }),
]);

export type AppServiceFault = z.infer<typeof appServiceFault>;
type Of<K extends AppServiceFault["fault"]> = Extract<AppServiceFault, { fault: K }>;

/** The faults of a script that meet the nth swap or deployment. */
export class AppServiceFaults {
  readonly #faults: readonly AppServiceFault[];
  #swaps = 0;
  #deployments = 0;
  #packages = 0;
  #slots = 0;

  constructor(faults: readonly AppServiceFault[]) {
    this.#faults = faults;
  }

  /** Counts one more swap. */
  nextSwap(): {
    readonly fails: Of<"fail-swap"> | undefined;
    readonly pretends: boolean;
    readonly unavailableMs: number;
  } {
    this.#swaps += 1;
    return {
      fails: this.#find("fail-swap", this.#swaps),
      pretends: this.#find("pretend-swap", this.#swaps) !== undefined,
      unavailableMs: this.#find("unavailable-after-swap", this.#swaps)?.forMs ?? 0,
    };
  }

  /** Counts one more deployment. */
  nextDeployment(): { readonly fails: Of<"fail-build"> | undefined; readonly hangs: boolean } {
    this.#deployments += 1;
    return {
      fails: this.#find("fail-build", this.#deployments),
      hangs: this.#find("hang-build", this.#deployments) !== undefined,
    };
  }

  /** Counts one more package that is sent. @returns what is said instead of taking it */
  nextPackage(): string | undefined {
    const nth = (this.#packages += 1);
    return this.#faults.find(
      (each): each is Of<"refuse-package"> =>
        each.fault === "refuse-package" && nth >= each.at && nth < each.at + each.times,
    )?.text;
  }

  /** Counts one more slot that is made. @returns whether it is made without restrictions */
  nextSlotIsOpen(): boolean {
    this.#slots += 1;
    return this.#find("open-slot", this.#slots) !== undefined;
  }

  #find<K extends AppServiceFault["fault"]>(kind: K, at: number): Of<K> | undefined {
    return this.#faults.find((each): each is Of<K> => each.fault === kind && each.at === at);
  }
}
