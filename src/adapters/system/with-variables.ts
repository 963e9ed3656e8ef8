/**
 * Runs `work` while these variables are not in our environment, or are these: libraries hand it on to what
 * they start, whatever they are told. It is as it was afterwards.
 *
 * @param changed their values; undefined of one that is not to be there
 */
export async function withVariables<T>(
  changed: Readonly<Record<string, string | undefined>>,
  work: () => Promise<T>,
): Promise<T> {
  const before = Object.keys(changed).map((name) => [name, process.env[name]] as const);
  set(Object.entries(changed));
  try {
    return await work();
  } finally {
    set(before);
  }
}

function set(variables: readonly (readonly [string, string | undefined])[]): void {
  for (const [name, value] of variables) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
}
