import { parse, parsePlPgSQL, type Node, type ParseResult } from "libpg-query";

/**
 * PostgreSQL's own grammar. The parser is 1.7 MB of WebAssembly, so this file is imported when the first
 * script is read.
 */
export { parse, parsePlPgSQL, type Node, type ParseResult };
