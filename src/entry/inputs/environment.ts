/** The environment as it was when the process began. */
export type Environment = Readonly<Record<string, string | undefined>>;
