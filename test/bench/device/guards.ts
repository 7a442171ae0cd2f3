// The guards' order and colours, the same in every table and plot: a hue for
// each family, a lighter tone of it for its tuned row. Known guards first;
// whoever was dropped in follows by name.

/** A colour for a light and one for a dark page. */
export interface Tone {
  readonly light: string;
  readonly dark: string;
}

/** Rows of the product. */
export function isOurs(guard: string): boolean {
  return /^oomguard\b/.test(guard);
}

/** The row that the goals are about, where no other is asked for: the default
 * strategy. */
export const OURS = "oomguard adaptive";

const KNOWN: Readonly<Record<string, Tone>> = {
  "oomguard adaptive": { light: "#1557d0", dark: "#6ea8ff" },
  "oomguard lmkd": { light: "#0b8a8f", dark: "#43c9cf" },
  "oomguard minfree": { light: "#5b4bd6", dark: "#a79bff" },
  "kernel alone": { light: "#6b7280", dark: "#9aa3b2" },
  "earlyoom": { light: "#b45309", dark: "#f0a04b" },
  "earlyoom tuned": { light: "#e0a458", dark: "#b98a4e" },
  "nohang": { light: "#3f7d20", dark: "#84c65c" },
  "nohang tuned": { light: "#93bd76", dark: "#5d8a44" },
  "systemd-oomd": { light: "#a3195b", dark: "#f06fa8" },
  "systemd-oomd tuned": { light: "#d98bb2", dark: "#a95a80" },
  "oomd": { light: "#b3261e", dark: "#ff7a70" },
  "oomd tuned": { light: "#e0938d", dark: "#b4605a" },
};

/** For guards that were dropped in, in order of their names. */
const SPARE: readonly Tone[] = [
  { light: "#7c5a2e", dark: "#c9a26b" },
  { light: "#1f7a5c", dark: "#5fc4a0" },
  { light: "#7a2fa0", dark: "#c98ae6" },
  { light: "#64748b", dark: "#8fb0d6" },
];

/** The name as it stands in KNOWN: a tuned row may have a hyphen. */
function plain(name: string): string {
  return name.replace(/-tuned$/, " tuned");
}

/** The guards that occur, each once, in the order of every table and plot. */
export function orderGuards(names: Iterable<string>): string[] {
  const known = Object.keys(KNOWN);
  const rank = (name: string) => {
    const at = known.indexOf(plain(name));
    return at < 0 ? known.length : at;
  };
  return [...new Set(names)].sort((a, b) =>
    rank(a) - rank(b) || (a < b ? -1 : 1)
  );
}

/** A tone for each of the ordered guards. */
export function tonesOf(ordered: readonly string[]): Tone[] {
  let spare = 0;
  return ordered.map((name) =>
    KNOWN[plain(name)] ?? SPARE[spare++ % SPARE.length]!
  );
}

/** Scenes in this order; others follow by name. */
const SCENE_ORDER = [
  ...["launch", "leak", "lock", "swapless", "thrash", "squeeze", "storm"],
  ...["fill", "burst", "recover", "idle"],
];

/** The scenes that occur, each once, in the order of tables and plots. */
export function orderScenes(names: Iterable<string>): string[] {
  const rank = (name: string) => {
    const at = SCENE_ORDER.findIndex((one) => name.includes(one));
    return at < 0 ? SCENE_ORDER.length : at;
  };
  return [...new Set(names)].sort((a, b) =>
    rank(a) - rank(b) || (a < b ? -1 : 1)
  );
}

/** In this scene memory is short but falling: any kill is one too many. */
export function isRecover(scene: string): boolean {
  return scene === "recover";
}
