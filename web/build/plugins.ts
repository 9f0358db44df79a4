// What our build adds to Vite's: small pages carry their styles in them, and every file lies ready
// in the two compressions that browsers ask for.
import { readFileSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin, ResolvedConfig } from "vite";

/** The largest stylesheets of a page that are written into it, in characters. */
const INLINE_MAX = 48 * 1024;
/** What is smaller gains nothing by compression. */
const COMPRESS_MIN = 512;
const TEXT = /\.(?:html|js|css|svg|json)$/;
const LINK = /\s*<link rel="stylesheet"[^>]*href="\/(assets\/[^"]+\.css)"[^>]*>/g;

/**
 * Styles move into the page: one round trip fewer before anything can be seen. The link stays,
 * switched off, so that code loaded later knows that its styles are there.
 */
export function withStyles(html: string, css: (file: string) => string): string {
  const files = [...html.matchAll(LINK)].map((link) => link[1] ?? "");
  const styles = files.map(css).join("\n").trim();
  if (files.length === 0 || styles.length > INLINE_MAX || /<\/style/i.test(styles)) return html;
  const off = files.map((file) => `<link rel="stylesheet" href="/${file}" disabled>`).join("");
  return html.replace(LINK, "").replace("</head>", `${off}<style>${styles}</style>\n  </head>`);
}

export function inlineStyles(): Plugin {
  let dist = "";
  return {
    name: "qidan:inline-styles",
    apply: "build",
    configResolved: (config: ResolvedConfig) =>
      void (dist = join(config.root, config.build.outDir)),
    writeBundle(_options, bundle) {
      for (const name of Object.keys(bundle).filter((file) => file.endsWith(".html"))) {
        const path = join(dist, name);
        const css = (file: string) => readFileSync(join(dist, file), "utf8");
        writeFileSync(path, withStyles(readFileSync(path, "utf8"), css));
      }
    },
  };
}

const zipped = promisify(gzip);
const brotlied = promisify(brotliCompress);

async function compress(path: string): Promise<void> {
  const bytes = readFileSync(path);
  if (bytes.length < COMPRESS_MIN) return;
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  const [gz, br] = await Promise.all([zipped(bytes, { level: 9 }), brotlied(bytes, { params })]);
  writeFileSync(`${path}.gz`, gz);
  writeFileSync(`${path}.br`, br);
}

/** Writes `.br` and `.gz` beside every text of `dist`. Pages do not count: the server writes into them. */
export function precompressed(): Plugin {
  let dist = "";
  return {
    name: "qidan:precompressed",
    apply: "build",
    configResolved: (config: ResolvedConfig) =>
      void (dist = join(config.root, config.build.outDir)),
    async closeBundle() {
      const assets = join(dist, "assets");
      const names = (await readdir(assets)).filter((name) => TEXT.test(name));
      await Promise.all(names.map((name) => compress(join(assets, name))));
    },
  };
}

/** Vite's own server has no service in front of it: it says itself what the service would. */
export function bootForDev(): Plugin {
  const boot = {
    build: "dev",
    corp_id: "ww5a1e0000000c0de1",
    agent_id: 1_000_002,
    app: "desk",
    public_url: "http://127.0.0.1:5173",
    simulator: process.env["QIDAN_SIMULATOR_URL"] ?? null,
    client: "browser",
    zone_minutes: 480,
    organisation: "企单",
    max_file_bytes: 20 * 1024 * 1024,
  };
  return {
    name: "qidan:boot-for-dev",
    apply: "serve",
    transformIndexHtml: (html, { path }) =>
      html.replace(
        "<!--boot-->",
        `<script type="application/json" id="boot">${JSON.stringify({
          ...boot,
          entry: path.replace(/^\/|\.html$/g, ""),
        })}</script>`,
      ),
  };
}
