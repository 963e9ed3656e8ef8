/**
 * The one function of pg-copy-streams that is used. A module of ours, because a bundle offers of a CommonJS
 * package that is imported lazily only its default.
 */
export { from as copyFrom } from "pg-copy-streams";
