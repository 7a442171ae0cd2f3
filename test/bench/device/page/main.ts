// The page's script: draws the plots from the data in the page. It asks for
// nothing from anywhere.

/// <reference lib="dom" />

import type { PageData } from "./data.ts";
import { stripPlot } from "./strip.ts";
import { make, onScheme, type Plot } from "./theme.ts";
import { type Choice, timeline } from "./timeline.ts";

function start(): void {
  const text = document.getElementById("data")!.textContent!;
  const data: PageData = JSON.parse(text);
  const choice: Choice = new Set(
    data.guards.flatMap(({ isShown }, index) => isShown ? [index] : []),
  );
  const timelines: Plot[] = [];
  const plots: Plot[] = [];
  data.scenes.forEach((scene, index) => {
    const host = document.getElementById(`plots-${index}`)!;
    const strips = make("div", "strips");
    const rows = [...new Set(scene.runs.map(({ g }) => g))];
    for (const strip of scene.strips) {
      const plot = stripPlot(data.guards, rows, strip);
      strips.append(plot.host);
      plots.push(plot);
    }
    const line = timeline(data.guards, scene, choice);
    timelines.push(line);
    plots.push(line);
    host.append(strips, chips(data, choice, timelines), line.host);
  });
  const draw = () => plots.forEach((plot) => plot.draw());
  draw();
  onScheme(draw);
  let width = document.body.clientWidth;
  new ResizeObserver(() => {
    if (document.body.clientWidth === width) return;
    width = document.body.clientWidth;
    draw();
  }).observe(document.body);
  document.documentElement.dataset.ready = "yes";
}

/** Buttons that choose whose trace is drawn, in all scenes at once. */
function chips(
  { guards }: PageData,
  choice: Choice,
  timelines: readonly Plot[],
): HTMLElement {
  const host = make("div", "chips");
  guards.forEach(({ name }, index) => {
    const chip = make("button", `chip g${index}`, name);
    chip.type = "button";
    chip.ariaPressed = `${choice.has(index)}`;
    chip.addEventListener("click", () => {
      if (!choice.delete(index)) choice.add(index);
      for (const same of document.querySelectorAll(`.chip.g${index}`)) {
        same.ariaPressed = `${choice.has(index)}`;
      }
      timelines.forEach((plot) => plot.draw());
    });
    host.append(chip);
  });
  return host;
}

start();
