import vue from "@vitejs/plugin-vue";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// WeCom's own browser is as old as Chrome 107 on Windows and Safari 14 on phones, so every page
// of this folder is built for the same floor.
const FLOOR = ["chrome87", "safari14"];

export default defineConfig({
  base: "./",
  plugins: [vue()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  define: { __VUE_OPTIONS_API__: false },
  build: {
    target: FLOOR,
    cssTarget: FLOOR,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: { input: { simulator: "simulator.html" } },
  },
  server: {
    port: 5173,
    proxy: {
      "/_sim": process.env["QIDAN_SIMULATOR_URL"] ?? "http://127.0.0.1:8090",
    },
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.ts"] },
});
