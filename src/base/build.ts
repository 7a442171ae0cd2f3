// What this program was built as. build.ts writes it in front of the bundle;
// run from source there is none: shim and keeper come from dist/ then.

/** Facts that build.ts puts into the bundle. */
export interface BuildFacts {
  readonly version: string;
  readonly commit: string;
  readonly target: string;
  readonly pack: string;
  /** The shim's shared object, base64. */
  readonly shim: string;
  /** The keeper's program, base64. */
  readonly keeper: string;
}

/** Facts of this build, or null when run from source. */
export function buildFacts(): BuildFacts | null {
  const holder = globalThis as { OOMGUARD_BUILD?: BuildFacts };
  return holder.OOMGUARD_BUILD ?? null;
}
