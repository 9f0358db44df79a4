import vue from "@vitejs/plugin-vue";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { bootForDev, inlineStyles, precompressed } from "./build/plugins.ts";

// WeCom's own browser is as old as Chrome 107 on Windows and Safari 14 on phones, so every page
// of this folder is built for the same floor.
const FLOOR = ["chrome87", "safari14"];
const ENTRIES = ["sidebar", "profile", "group", "workbench", "public", "simulator"];
// What pages draw at once. The simulator's own tools stay with it, and with the workbench what it
// needs to work without a network.
const BASE =
  /rolldown[\\/]runtime\.js|[\\/](?:node_modules[\\/]@?vue|src[\\/](?:shared|locales)[\\/](?!richText|usePopover|useConfirm|outbox|useOutbox|offline|fieldDb|alone|live|coords|ui[\\/]QVirtual|zh-CN[\\/](?!base)))/;
// What asks: the rules of forms and the kinds of fields that most of them have. Fetched beside the
// form itself, which comes from the server.
const FORM =
  /[\\/]src[\\/](?:locales[\\/]zh-CN[\\/]form\.ts|form[\\/](?:\w+\.(?:ts|vue)|values[\\/]\w+\.ts|fields[\\/](?:Text|Number|Money|Choice|Switch|Date|Description|Waiting)Field\.vue))/;
/** What the pages beside a conversation have in common. */
const CONVERSATION = /[\\/]src[\\/]features[\\/](?:conversation|create|customer)[\\/]/;
const SERVICE = process.env["QIDAN_SERVICE_URL"] ?? "http://127.0.0.1:8080";
const SIMULATOR = process.env["QIDAN_SIMULATOR_URL"] ?? "http://127.0.0.1:8090";

export default defineConfig({
  // The service hands out the pages below /h5 and the simulator its own at /: both have /assets.
  base: "/",
  plugins: [vue(), bootForDev(), inlineStyles(), precompressed()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  define: { __VUE_OPTIONS_API__: false, __VUE_PROD_DEVTOOLS__: false },
  build: {
    target: FLOOR,
    cssTarget: FLOOR,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      input: Object.fromEntries(ENTRIES.map((name) => [name, `${name}.html`])),
      // A page is one file for all pages and one of its own; what it does not draw at first comes
      // when it is wanted. What two pages share is cut out by itself.
      output: {
        codeSplitting: {
          groups: [
            { name: "base", tags: ["$initial"], test: BASE, priority: 2 },
            { name: "form", test: FORM, priority: 1 },
            { name: "conversation", tags: ["$initial"], test: CONVERSATION, minShareCount: 2 },
          ],
        },
      },
    },
  },
  server: {
    port: 5173,
    proxy: { "/_sim": SIMULATOR, "/api": SERVICE, "/auth": SERVICE },
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.ts", "build/**/*.test.ts"] },
});
