// The words beside the pointer: what the nearest mark of a plot means.

/// <reference lib="dom" />

import type uPlot from "uplot";
import { make } from "./theme.ts";

/** A mark in CSS pixels of the plotting area, and what it says. */
export interface Mark {
  readonly x: number;
  readonly y: number;
  readonly words: string;
}

const NEAR_PX = 14;

/** Shows the words of the mark nearest to the pointer, if one is near. */
export function hintPlugin(marks: () => readonly Mark[]): uPlot.Plugin {
  const box = make("div", "hint");
  return {
    hooks: {
      init: (plot) => {
        plot.over.append(box);
      },
      setCursor: (plot) => {
        const { left = -1, top = -1 } = plot.cursor;
        const near = left < 0 ? undefined : nearest(marks(), left, top);
        box.hidden = near === undefined;
        if (near === undefined) return;
        box.textContent = near.words;
        const isRight = near.x > plot.over.clientWidth / 2;
        box.style.left = isRight ? "" : `${near.x + 10}px`;
        box.style.right = isRight
          ? `${plot.over.clientWidth - near.x + 10}px`
          : "";
        box.style.top = `${near.y - 12}px`;
      },
    },
  };
}

function nearest(
  marks: readonly Mark[],
  x: number,
  y: number,
): Mark | undefined {
  let best: Mark | undefined;
  let least = NEAR_PX;
  for (const mark of marks) {
    const far = Math.hypot(mark.x - x, mark.y - y);
    if (far < least) [best, least] = [mark, far];
  }
  return best;
}
