/** How bad a known vulnerability is, as npm's registry says. */
export const ADVISORY_SEVERITIES = ["info", "low", "moderate", "high", "critical"] as const;

/** One known vulnerability of one package. */
export interface Advisory {
  /** `GHSA-…`, or what else the database calls it. */
  readonly id: string;
  /** Name of the package. */
  readonly package: string;
  /** Range of the versions that have it, as npm writes ranges. */
  readonly vulnerable: string;
  readonly severity: (typeof ADVISORY_SEVERITIES)[number];
  readonly title: string;
  readonly url: string;
}

/** Who knows of vulnerabilities. Laws: an answer is whole; whoever could not be asked is an error. */
export interface AdvisorySource {
  /** For people: `registry.npmjs.org`. */
  readonly described: string;
  /**
   * What is known of packages.
   *
   * @param packages name → versions; they are told to whoever is asked
   * @throws advisories.untold; the reason of a cancelled run
   */
  ask(packages: ReadonlyMap<string, readonly string[]>): Promise<readonly Advisory[]>;
}
