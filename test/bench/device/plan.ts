// In which order the boots of a bench come: seed by seed, in each of them scene
// by scene, and in each of these every guard once, another one first each time.
// So whatever the host does in an hour falls upon all guards alike, and a run
// that is cut short has compared them all on the seeds it came to.

export interface Boot {
  seed: number;
  scene: string;
  guard: string;
}

/** The name under which a boot is known in the results. */
export function keyOf({ guard, scene, seed }: Boot): string {
  return `${guard}/${scene}/${seed}`;
}

/** Every boot there is to be. */
export function planBoots(
  guards: readonly string[],
  scenes: readonly string[],
  seeds: readonly number[],
): Boot[] {
  const boots: Boot[] = [];
  let turn = 0;
  for (const seed of seeds) {
    for (const scene of scenes) {
      for (let i = 0; i < guards.length; i++) {
        boots.push({ seed, scene, guard: guards[(i + turn) % guards.length]! });
      }
      turn++;
    }
  }
  return boots;
}

/** How long the rest takes, ms: by what boots of the same scene took, of any
 * scene where there was none yet. NaN before the first. */
export function restMs(
  rest: readonly Boot[],
  took: readonly { boot: Boot; ms: number }[],
): number {
  const mean = (of: readonly { ms: number }[]) =>
    of.reduce((sum, { ms }) => sum + ms, 0) / of.length;
  const all = mean(took);
  let sum = 0;
  for (const { scene } of rest) {
    const same = took.filter(({ boot }) => boot.scene === scene);
    sum += same.length > 0 ? mean(same) : all;
  }
  return sum;
}
