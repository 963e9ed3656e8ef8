import { qualifiedName } from "../../../postgres/quoting.ts";
import type { RowHash } from "./row-hash.ts";
import type { HashedTable } from "./table-shapes.ts";

/** Bytes of a table that one statement reads: small enough that all sessions finish together. */
const PIECE_BYTES = 64 * 1024 * 1024;

/** A table and what has been counted of it. */
export interface Counted {
  readonly shape: HashedTable;
  readonly bytes: number;
  /** Pieces not yet counted. */
  pieces: number;
  rows: bigint;
  sum: bigint;
  /** Of each column that has one. */
  columns: bigint[];
}

/** A part of a table: `start` ≤ page < `end`; open ends are undefined. */
export interface Piece {
  readonly table: Counted;
  readonly start: number | undefined;
  readonly end: number | undefined;
  /** About so many on the disk. */
  readonly bytes: number;
}

/** Decides into how many pieces each table may be cut. */
export function countPieces(counted: readonly Counted[]): void {
  for (const table of counted) {
    const { blocks, divisible } = table.shape;
    table.pieces = divisible ? Math.max(1, Math.min(blocks, Math.ceil(table.bytes / PIECE_BYTES))) : 1;
  }
}

/**
 * All pieces: those of divided tables first, and the largest tables first, so that the last statements to
 * finish are short.
 */
export function allPieces(counted: readonly Counted[]): Piece[] {
  return [...counted]
    .sort((a, b) => Number(b.pieces > 1) - Number(a.pieces > 1) || b.bytes - a.bytes)
    .flatMap(piecesOf);
}

function piecesOf(table: Counted): Piece[] {
  const { pieces, shape } = table;
  const edge = (at: number): number | undefined =>
    at === 0 || at === pieces ? undefined : Math.floor((shape.blocks * at) / pieces);
  const bytes = table.bytes / pieces;
  return Array.from({ length: pieces }, (_, index) => ({
    table,
    start: edge(index),
    end: edge(index + 1),
    bytes,
  }));
}

/** @param hash how to hash rows; absent = only count them */
export function pieceQuery({ table, start, end }: Piece, hash: RowHash | undefined): string {
  const { shape } = table;
  const range = [
    ...(start === undefined ? [] : [`ctid >= '(${start},0)'::tid`]),
    ...(end === undefined ? [] : [`ctid < '(${end},0)'::tid`]),
  ];
  const from =
    `ONLY ${qualifiedName(shape.schema, shape.name)}` +
    ` ${range.length > 0 ? `WHERE ${range.join(" AND ")}` : shape.condition}`;
  return (
    hash?.query(shape.columns, from) ??
    `SELECT count(*)::text AS rows, '0' AS sum, ARRAY[]::text[] AS columns FROM ${from}`
  );
}
