/** Whether a name is among others, as Azure compares them: without their case. */
export function includes(names: readonly string[] | null | undefined, name: string): boolean {
  return names?.some((each) => each.toLowerCase() === name.toLowerCase()) === true;
}
