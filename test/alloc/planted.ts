// Turns with a known cost, to prove that the proof sees it: each export is the
// setup of one case, named by what it plants.

import process from "node:process";

export function setupNothing(): () => void {
  return () => {};
}

export function setupOneDouble(): () => void {
  // One double in one of the 20,000 turns: the smallest thing there is.
  const box = new Float64Array([1.5]);
  const held: unknown[] = [0];
  let turns = 0;
  return () => {
    if (turns++ % 20_000 === 7) held[0] = box[0];
  };
}

export function setupDoubles(): () => void {
  let x = 1;
  return () => {
    x = x / 3 + 1;
  };
}

export function setupObjects(): () => void {
  let held: unknown = null;
  return () => {
    held = { a: held === null ? 1 : 2 };
  };
}

function boundary() {
  return Deno.dlopen(process.env["BOUNDARY_SO"]!, {
    boundary_nothing: { parameters: [], result: "i32" },
    boundary_parameter: { parameters: ["i32"], result: "i32" },
    boundary_allocate: { parameters: [], result: "i32" },
  }).symbols;
}

export function setupFfi(): () => void {
  const call = boundary().boundary_nothing;
  return () => {
    call();
  };
}

export function setupFfiParameter(): () => void {
  const call = boundary().boundary_parameter;
  return () => {
    call(3);
  };
}

export function setupFfiMalloc(): () => void {
  const call = boundary().boundary_allocate;
  return () => {
    call();
  };
}
