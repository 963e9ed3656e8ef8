/**
 * Runs `work` while these variables are not in our environment: libraries hand it on to what they start,
 * whatever they are told. They are there again afterwards.
 */
export async function withoutVariables<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
  const before = names.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  for (const name of names) Reflect.deleteProperty(process.env, name);
  try {
    return await work();
  } finally {
    for (const [name, value] of before) process.env[name] = value;
  }
}
