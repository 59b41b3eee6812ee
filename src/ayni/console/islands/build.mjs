// Build the islands into the console's static files: `npm ci --ignore-scripts && npm run build`.

import { build } from "esbuild";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";

const out = "../static/ayni";
const common = { bundle: true, minify: true, format: "esm", target: "es2022", legalComments: "none", logLevel: "warning" };
await build({ ...common, entryPoints: ["map.ts"], outfile: `${out}/map.js` });
await build({ ...common, entryPoints: ["node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs"], outfile: `${out}/map-worker.js` });
await build({ ...common, entryPoints: ["map.css"], outfile: `${out}/map.css` });
for (const [part, name] of [["latin", "noto-sans-latin"], ["latin-ext", "noto-sans-latin-ext"]]) {
  copyFileSync(`node_modules/@fontsource/noto-sans/files/noto-sans-${part}-400-normal.woff2`, `${out}/${name}.woff2`);
}
const licences = [["maplibre-gl", "LICENSE.txt"], ["@fontsource/noto-sans", "LICENSE"]];
writeFileSync("LICENSES.txt", licences.map(([name, file]) => `${name}\n\n${readFileSync(`node_modules/${name}/${file}`, "utf8").trim()}\n`).join("\n\n"));
