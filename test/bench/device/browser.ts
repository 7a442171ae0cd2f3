// Opens a page in headless Chromium, in a frame of a given size: what it came
// to, a screenshot, and every request over a network that was begun for it.
// Nothing can be reached: no name is resolved.

import { decode } from "fast-png";

const BROWSER = "/usr/bin/chromium";
/** Chromium makes no window narrower. */
const WINDOW_PX_MIN = 500;
/** Of the page's own clock, which runs on without waiting. */
const PAGE_MS = 3000;
/** Many times what it takes on a busy machine (4 s measured at a load of 8). */
const LIMIT_MS = 120_000;
/** What the log says of requests that Chromium makes for itself. */
const NOBODY = "not an origin";

/** Why no page can be opened here, or undefined if one can. */
export function whyNoBrowser(): string | undefined {
  try {
    Deno.statSync(BROWSER);
    return undefined;
  } catch {
    return `no ${BROWSER}`;
  }
}

/** A part of the page, in its pixels. */
export interface Box {
  readonly name: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What the page came to. */
export interface Opened {
  /** Whether the page's script ran to its end. */
  readonly isReady: boolean;
  /** Width of what is laid out: more than the frame's, if it must be moved. */
  readonly wide: number;
  readonly tables: number;
  /** Plotting areas, in order; named as data-plot, after the section's id. */
  readonly boxes: readonly Box[];
  readonly picture: Picture;
  /** Of every request over a network that the page began. */
  readonly urls: readonly string[];
}

/** A screenshot. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of a pixel as #rrggbb. */
  at(x: number, y: number): string;
}

export interface View {
  readonly width: number;
  readonly height: number;
  readonly isDark: boolean;
  /** Left behind there, to be looked at. */
  readonly picturePath?: string;
}

/** Runs in the page, after its own script. */
const PROBE = `<script>parent.postMessage(JSON.stringify({
  isReady: document.documentElement.dataset.ready === "yes",
  wide: document.documentElement.scrollWidth,
  tables: document.querySelectorAll("table").length,
  boxes: [...document.querySelectorAll("[data-plot] .u-over")].map((one) => {
    const { left, top, width, height } = one.getBoundingClientRect();
    const plot = one.closest("[data-plot]").dataset.plot;
    const name = one.closest("section").id + " " + plot;
    return { name, left, top, width, height };
  }),
}), "*")</script></body>`;

/** Opens the page. Throws if Chromium fails or the page does not answer. */
export async function openPage(page: string, view: View): Promise<Opened> {
  const folder = Deno.makeTempDirSync({ prefix: "oomguard-page-" });
  const picturePath = view.picturePath ?? `${folder}/page.png`;
  try {
    Deno.writeTextFileSync(
      `${folder}/page.html`,
      page.replace("</body>", () => PROBE),
    );
    Deno.writeTextFileSync(`${folder}/frame.html`, frame(view));
    const dom = await run(view, folder, picturePath);
    const told = /<pre id="told"[^>]*>(.+?)<\/pre>/.exec(dom)?.[1];
    if (told === undefined) throw new Error(`The page said nothing:\n${dom}`);
    return {
      ...JSON.parse(told.replaceAll("&amp;", "&")),
      picture: readPicture(picturePath),
      urls: readUrls(`${folder}/net.json`),
    };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function frame({ width, height }: View): string {
  return `<!DOCTYPE html><body style="margin:0"><pre id="told" hidden></pre>
<script>addEventListener("message", (event) => {
  document.getElementById("told").textContent = event.data;
});</script>
<iframe src="page.html" style="border:0;width:${width}px;height:${height}px">
</iframe></body>`;
}

async function run(
  { width, height, isDark }: View,
  folder: string,
  picturePath: string,
): Promise<string> {
  const child = new Deno.Command(BROWSER, {
    args: [
      ...["--headless=new", "--no-sandbox", "--disable-gpu"],
      ...["--no-first-run", "--disable-background-networking"],
      ...["--disable-component-update", "--hide-scrollbars"],
      "--force-device-scale-factor=1",
      "--host-resolver-rules=MAP * ~NOTFOUND",
      `--blink-settings=preferredColorScheme=${isDark ? 0 : 1}`,
      `--user-data-dir=${folder}/profile`,
      `--window-size=${Math.max(width, WINDOW_PX_MIN)},${height}`,
      `--virtual-time-budget=${PAGE_MS}`,
      `--log-net-log=${folder}/net.json`,
      `--screenshot=${picturePath}`,
      "--dump-dom",
      `file://${folder}/frame.html`,
    ],
    env: { HOME: folder },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(LIMIT_MS),
  }).spawn();
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`Chromium failed: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

function readPicture(path: string): Picture {
  const { data, width, height, channels } = decode(Deno.readFileSync(path));
  return {
    width,
    height,
    at: (x, y) => {
      const from = (y * width + x) * channels;
      return "#" +
        [0, 1, 2].map((one) =>
          (data[from + one] ?? 0).toString(16).padStart(2, "0")
        ).join("");
    },
  };
}

interface NetEvent {
  readonly params?: { readonly url?: string; readonly initiator?: string };
}

/** URLs that somebody on a page asked a network for. */
function readUrls(path: string): string[] {
  const { events }: { events: NetEvent[] } = JSON.parse(
    Deno.readTextFileSync(path),
  );
  const asked = events.flatMap(({ params }) =>
    params?.url === undefined || params.initiator === undefined ||
      params.initiator === NOBODY || !/^(https?|wss?):/.test(params.url)
      ? []
      : params.url
  );
  return [...new Set(asked)];
}
