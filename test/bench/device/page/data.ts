// What the page's script is given: the same figures as the tables', and the
// boots' traces. Plain data, known to both sides.

export interface PageData {
  readonly guards: readonly PageGuard[];
  readonly scenes: readonly PageScene[];
}

export interface PageGuard {
  readonly name: string;
  readonly light: string;
  readonly dark: string;
  /** Whether its trace is drawn when the page opens. */
  readonly isShown: boolean;
}

export interface PageScene {
  readonly name: string;
  readonly seeds: readonly number[];
  readonly strips: readonly Strip[];
  readonly runs: readonly Run[];
}

/** One measure: a row of points for each guard. */
export interface Strip {
  readonly name: string;
  readonly unit: string;
  readonly points: readonly Point[];
}

export interface Point {
  /** Index of the guard. */
  readonly g: number;
  readonly seed: number;
  /** Null: the machine was lost. */
  readonly value: number | null;
}

/** One boot over time. */
export interface Run {
  readonly g: number;
  readonly seed: number;
  /** ms from the scene's begin. */
  readonly t: readonly number[];
  readonly availMb: readonly number[];
  readonly fullMs: readonly number[];
  readonly needMb: number | null;
  readonly kills: readonly Kill[];
}

export interface Kill {
  readonly atMs: number;
  readonly name: string;
  readonly adj: number;
  readonly heldMb: number;
}
