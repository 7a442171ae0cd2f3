// The bench as one page that stands alone: style, script, uPlot and data are in
// it, and its policy (CSP) lets nothing be asked for from anywhere.

import uplotLicence from "uplot/LICENSE" with { type: "text" };
import uplotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };

import { type Goal, judgeGoals } from "./goals.ts";
import { OURS, tonesOf } from "./guards.ts";
import { pageData } from "./page_data.ts";
import pageStyle from "./page/page.css" with { type: "text" };
import {
  type Bench,
  countWords,
  type Provenance,
  provenanceOf,
} from "./summary.ts";
import { costTables, sceneTables, type Table, totalTable } from "./table.ts";

/** Of a commit in the page's title. */
const COMMIT_COLUMNS = 12;

/** The page's script, made once. */
let bundled: Promise<string> | undefined;

/** The whole page. Throws if the script cannot be bundled. */
export async function makePage(bench: Bench, ours = OURS): Promise<string> {
  const script = await (bundled ??= makeScript());
  const from = provenanceOf(bench.records);
  const title = [
    "oomguard device bench",
    from.commits.map((one) => one.slice(0, COMMIT_COLUMNS)).join(", "),
    from.days.join(" to "),
    countWords(bench),
    from.hosts.join("; "),
  ].join(" · ");
  // Inside a script, "<" could end it.
  const data = JSON.stringify(pageData(bench, ours)).replaceAll("<", "\\u003c");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escape(title)}</title>
<style>
${uplotStyle}
${pageStyle}
${toneStyle(bench)}
</style>
</head>
<body>
<main>
${head(bench, from)}
${goalSection(judgeGoals(bench, ours), ours)}
${
    section(bench, {
      id: "total",
      title: "All scenes",
      tables: [totalTable(bench)],
    })
  }
${bench.scenes.map((_, index) => sceneSection(bench, index)).join("\n")}
${
    section(bench, {
      id: "cost",
      title: "What the guards take for themselves",
      tables: costTables(bench),
    })
  }
</main>
<script type="application/json" id="data">${data}</script>
<script>
/* With uPlot:
${uplotLicence.trim()}
*/
${script}
</script>
</body>
</html>
`;
}

/** The page's script and uPlot as one text. */
async function makeScript(): Promise<string> {
  const args = ["bundle", "--quiet", "--platform", "browser", "--minify"];
  const entry = `${import.meta.dirname}/page/main.ts`;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args, "--format", "iife", entry],
    cwd: import.meta.dirname!,
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) {
    const words = new TextDecoder().decode(stderr).trim();
    throw new Error(`Cannot bundle the page's script: ${words}`);
  }
  const script = new TextDecoder().decode(stdout);
  if (/<\/script|<!--/i.test(script)) {
    throw new Error("Cannot put the page's script in a page: it would end it");
  }
  return script;
}

function escape(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** A class for each guard, g0 and so on, with its tone. */
function toneStyle(bench: Bench): string {
  const tones = tonesOf(bench.guards);
  const rules = (scheme: "light" | "dark") =>
    tones.map((tone, index) => `.g${index}{--tone:${tone[scheme]}}`).join("");
  return `${rules("light")}\n` +
    `@media (prefers-color-scheme: dark) {${rules("dark")}}`;
}

function head(bench: Bench, from: Provenance): string {
  const mixed = from.commits.length > 1 || from.hosts.length > 1
    ? "<p><strong>Commits or hosts are mixed: compare with care.</strong></p>"
    : "";
  const links = bench.scenes.map((scene, index) =>
    `<a href="#scene-${index}">${escape(scene)}</a>`
  );
  return `<header>
<h1>oomguard device bench</h1>
<p>commit ${escape(from.commits.join(", "))} · ${from.days.join(" to ")} · ` +
    `${bench.records.length} boots, ${countWords(bench)} in a cell</p>
<p>host: ${escape(from.hosts.join("; "))} · ` +
    `device: Linux ${escape(from.kernels.join(", "))}</p>
${mixed}
<p>Times are medians over the boots, least to most below them; ★ the best; ` +
    `- not measured; lost: worse than any figure. In plots a point is a boot, ` +
    `a bar the median.</p>
<nav><a href="#goals">goals</a><a href="#total">all scenes</a>${
      links.join("")
    }<a href="#cost">cost</a></nav>
</header>`;
}

function goalSection(goals: readonly Goal[], ours: string): string {
  const items = goals.map(({ name, state, found }) =>
    `<li><span class="state ${state.replaceAll(" ", "-")}">${state}</span>` +
    `<span>${escape(name)}</span>` +
    (found === "" ? "" : `<small>${escape(found)}</small>`) + "</li>"
  );
  return `<section id="goals">
<h2>Goals, of ${escape(ours)}</h2>
<ul class="goals">
${items.join("\n")}
</ul>
</section>`;
}

interface Section {
  readonly id: string;
  readonly title: string;
  readonly tables: readonly Table[];
  readonly before?: string;
  readonly after?: string;
}

function sceneSection(bench: Bench, index: number): string {
  const scene = bench.scenes[index]!;
  const said = bench.guards.flatMap((guard) => bench.cell(scene, guard))
    .flatMap(({ guard, seed, failures }) =>
      failures.map((line) => `<li>${escape(`${guard}, ${seed}: ${line}`)}</li>`)
    );
  const verdicts = said.length === 0
    ? ""
    : `<details><summary>what the verdicts say (${said.length})</summary>` +
      `<ul>${said.join("")}</ul></details>`;
  return section(bench, {
    id: `scene-${index}`,
    title: scene,
    tables: sceneTables(bench, scene),
    before: `<div id="plots-${index}"></div>`,
    after: verdicts,
  });
}

function section(
  bench: Bench,
  { id, title, tables, before = "", after = "" }: Section,
): string {
  return `<section id="${id}">
<h2>${escape(title)}</h2>
${before}
${tables.map((table) => tableMarkup(table, bench)).join("\n")}
${after}
</section>`;
}

function tableMarkup(table: Table, { guards }: Bench): string {
  const heads = table.heads.map(({ name, unit }) =>
    `<th scope="col">${name} <span class="unit">${unit}</span></th>`
  );
  const rows = table.rows.map(({ guard, n, cells }) =>
    `<tr class="g${guards.indexOf(guard)}"><th scope="row">` +
    `<span class="dot"></span>${escape(guard)}</th><td>${n}</td>` +
    cells.map(({ text, range, isBest }) =>
      `<td${isBest ? ' class="best"' : ""}>${text}` +
      (range === "" ? "" : `<small>${range}</small>`) + "</td>"
    ).join("") + "</tr>"
  );
  const notes = table.notes.map((note) =>
    `<p class="note">${escape(note)}</p>`
  );
  return `<div class="scroll"><table>
<caption>${escape(table.title)}</caption>
<thead><tr><th></th><th scope="col">n</th>${heads.join("")}</tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table></div>
${notes.join("")}`;
}
