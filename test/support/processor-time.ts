/**
 * Processor time of this process so far, in milliseconds. Where a test says that hostile input ends at all,
 * and not in years, it counts what was computed and not what a busy machine made of it.
 */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
