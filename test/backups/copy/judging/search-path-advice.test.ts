import { describe, expect, it } from "@jest/globals";
import { searchPathAdvice } from "../../../../src/backups/copy/judging/search-path-advice.ts";

const COPY = 'COPY failed for table "doc": ERROR:  ';

describe("advice about an empty search path", () => {
  it.each<[string, string, RegExp]>([
    [
      "TABLE DATA app doc o",
      `${COPY}function enc58(integer) does not exist; CONTEXT:  SQL function "short" during inlining`,
      /enc58 is named .* in function short: .*ALTER FUNCTION short\(…\) SET search_path = pg_catalog, </,
    ],
    [
      "TABLE DATA app doc o",
      `${COPY}relation "words" does not exist; CONTEXT:  PL/pgSQL function app.known(text) line 3 at RETURN`,
      /ALTER FUNCTION app\.known\(text\) SET search_path/,
    ],
    [
      "TABLE DATA app doc o",
      `${COPY}type "mood" does not exist; CONTEXT:  compilation of PL/pgSQL function "is_mood" near line 1`,
      /in function is_mood/,
    ],
    [
      "INDEX app i o",
      'operator does not exist: integer <~~~> integer; CONTEXT:  SQL function "f" during inlining',
      /<~~~> is named .* in function f/,
    ],
    [
      "INDEX app i o",
      'text search configuration "fr" does not exist; CONTEXT:  SQL function "f" statement 1',
      /fr is named .* in function f/,
    ],
    [
      "MATERIALIZED VIEW DATA app stats o",
      'relation "doc" does not exist',
      /REFRESH MATERIALIZED VIEW by hand/,
    ],
    [
      "TABLE DATA app named o",
      `${COPY}relation "app.i" does not exist; CONTEXT:  COPY named, line 1, column what`,
      /column what holds the name of app\.i, .*keep such names as text/,
    ],
    [
      "TRIGGER app d tr o",
      "operator does not exist: app.ltree = app.ltree; HINT:  No operator matches the given name",
      /, and = is meant here without being printed .*with an operator .*made in it by hand/,
    ],
  ])("of %s: %s", (entry, message, advice) => {
    expect(searchPathAdvice({ entry, message })).toMatch(advice);
  });

  it.each<[string, string]>([
    ["TABLE app doc o", 'type "app.mood" does not exist'],
    ["FK CONSTRAINT app f o", 'relation "app.gone" does not exist'],
    ["TABLE app doc o", 'type "mood" does not exist'],
    [
      "TABLE DATA app doc o",
      `${COPY}duplicate key value violates unique constraint "p"; CONTEXT:  SQL function "f" statement 1`,
    ],
    ["ACL app t o", 'role "somebody" does not exist'],
  ])("is not given where something else is missing: %s: %s", (entry, message) => {
    expect(searchPathAdvice({ entry, message })).toBeUndefined();
  });
});
