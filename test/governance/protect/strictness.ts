import type { RulesetBody } from "../../../src/ports/forge.ts";

/** Whether whatever the looser refuses the stricter refuses too; written apart from what is tested. */
export function atLeastAsStrict(strict: RulesetBody, loose: RulesetBody): boolean {
  const order = ["pull_request", "always", "exempt"];
  const value = (body: RulesetBody, type: string, key: string): unknown =>
    body.rules.find((rule) => rule.type === type)?.parameters?.[key];
  const types = loose.rules.every(({ type }) => strict.rules.some((rule) => rule.type === type));
  const pull = loose.rules.find(({ type }) => type === "pull_request")?.parameters ?? {};
  const values = Object.entries(pull).every(([key, want]) => {
    const got = value(strict, "pull_request", key);
    if (typeof want === "number") return (got as number) >= want;
    return typeof want !== "boolean" || !want || got === true;
  });
  type Checks = { context: string; integration_id?: number }[];
  const checks = (body: RulesetBody): Checks =>
    (value(body, "required_status_checks", "required_status_checks") ?? []) as Checks;
  const checked = checks(loose).every(({ context, integration_id: app }) =>
    checks(strict).some(
      (each) => each.context === context && (app === undefined || each.integration_id === app),
    ),
  );
  const passing = strict.bypass_actors.every((actor) =>
    loose.bypass_actors.some(
      (each) =>
        each.actor_type === actor.actor_type &&
        each.actor_id === actor.actor_id &&
        order.indexOf(each.bypass_mode) >= order.indexOf(actor.bypass_mode),
    ),
  );
  const [mine, theirs] = [strict.conditions.ref_name, loose.conditions.ref_name];
  const held =
    theirs.include.every((ref) => mine.include.includes(ref)) &&
    mine.exclude.every((ref) => theirs.exclude.includes(ref));
  return types && values && checked && passing && held;
}
