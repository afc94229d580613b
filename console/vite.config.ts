import { fileURLToPath } from "node:url";
import { compress } from "./scripts/compress.ts";
import { viewer } from "./scripts/viewer.ts";
import vue from "@vitejs/plugin-vue";
import Components from "unplugin-vue-components/vite";
import { ElementPlusResolver } from "unplugin-vue-components/resolvers";
import { defineConfig } from "vite";

// The node that `npm run dev` asks; setup.py names another output folder.
const NODE = process.env.NACOS_TW_NODE ?? "http://127.0.0.1:8848";
const OUT = process.env.NACOS_TW_CONSOLE_OUT ?? "../nacos_tw/console/static";

export default defineConfig(({ command }) => ({
  // Relative addresses: the pages work under any context path.
  base: command === "build" ? "./" : "/nacos/",
  plugins: [vue(), Components({ dts: false, dirs: [], resolvers: [ElementPlusResolver()] }), viewer(), compress()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: OUT,
    emptyOutDir: true,
    assetsInlineLimit: 0, // the Content-Security-Policy allows no data: scripts or styles
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    manifest: true,
    // Few files: over a slow line each costs a round trip. What only some pages need (editor, charts) comes with them.
    cssCodeSplit: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // By the names of languages: scripts/first-load.mjs looks for them. (Element Plus always has English.)
            { name: "zh-CN", test: /locales[\\/]zh-CN|lang[\\/]zh-cn\.mjs/ },
            { name: "en-US", test: /locales[\\/]en-US/ },
            { name: "elements", test: /node_modules[\\/](?!echarts|zrender|@?codemirror|@lezer|@marijn|yaml|saxes|smol-toml|crelt|style-mod|w3c-keyname|xmlchars|tslib)/ },
            { name: "shared", test: /src[\\/](?!pages|editor|main|App)/ },
          ],
        },
      },
    },
  },
  server: { port: 5173, proxy: { "/nacos/v": { target: NODE } } },
}));
