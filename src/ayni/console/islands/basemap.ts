// The style of the offline basemap. Disputed lines are dashed for everybody who has not chosen a State's view.

import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import { palette } from "./colours";
import { settings } from "./settings";

const FONT = ["Noto Sans"];
const VIEWS = new Set("us fr ru es cn tw in np pk de gb br il ps sa eg ma pt ar jp ko vn tr id pl gr it nl se bd ua".split(" "));
/** A line's class in the node's view, or the neutral one. Source: Natural Earth's FCLASS columns. */
const lineClass = (): ExpressionSpecification => {
  const view = settings.viewpoint.toLowerCase();
  return VIEWS.has(view) ? ["coalesce", ["get", view], ["get", "class"]] : ["get", "class"];
};
const shaded = (low: number, from: number, high: number, to: number): ExpressionSpecification =>
  ["interpolate", ["linear"], ["zoom"], low, from, high, to];

export const basemap = (): StyleSpecification => {
  const c = palette();
  const name: ExpressionSpecification = ["coalesce", ["get", settings.language], ["get", "name"]];
  const here = (id: string, layer: object): LayerSpecification =>
    ({ id, source: "base", "source-layer": id.split(".")[0], ...layer }) as LayerSpecification;
  const line = (colour: string, width: ExpressionSpecification | number, more: object = {}): object =>
    ({ type: "line", layout: { "line-join": "round" }, paint: { "line-color": colour, "line-width": width, ...more } });
  return {
    version: 8,
    sources: {
      base: { type: "vector", tiles: [location.origin + settings.tiles], minzoom: 0, maxzoom: 8 },
    },
    "font-faces": {
      "Noto Sans": [
        { url: new URL(settings.fonts.latin, location.origin).href, "unicode-range": ["U+0000-00FF", "U+2000-206F"] },
        { url: new URL(settings.fonts.latinExt, location.origin).href, "unicode-range": ["U+0100-02BA", "U+1E00-1EFF"] },
      ],
    },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": c.sea } },
      here("land", { type: "fill", paint: { "fill-color": c.land } }),
      here("lakes", { type: "fill", paint: { "fill-color": c.lake } }),
      here("rivers", line(c.river, shaded(3, 0.5, 8, 1.4))),
      here("provinces", line(c.province, 0.7)),
      here("land.coast", line(c.coast, shaded(2, 0.5, 8, 1.1))),
      here("borders", { ...line(c.border, shaded(2, 0.6, 8, 1.5)), filter: ["in", lineClass(), ["literal", ["settled", "limit"]]] }),
      here("borders.disputed", {
        ...line(c.disputed, shaded(2, 0.9, 8, 1.8), { "line-dasharray": [2.5, 2] }),
        filter: ["in", lineClass(), ["literal", ["disputed", "claim"]]],
      }),
      here("places", {
        type: "symbol",
        layout: {
          "text-field": name, "text-font": FONT, "text-padding": 4,
          "text-size": ["interpolate", ["linear"], ["get", "people"], 15, 10.5, 5000, 13],
          "symbol-sort-key": ["-", 0, ["get", "people"]],
        },
        paint: { "text-color": c.label, "text-halo-color": c.halo, "text-halo-width": 1.2 },
      }),
      here("countries", {
        type: "symbol", maxzoom: 7,
        layout: {
          "text-field": name, "text-font": FONT, "text-size": shaded(2, 10, 6, 14), "text-max-width": 7,
          "text-transform": "uppercase", "text-letter-spacing": 0.14, "symbol-sort-key": ["get", "rank"], "text-padding": 8,
        },
        paint: {
          "text-color": ["case", ["has", "claimed"], c.disputed, c.country], "text-halo-color": c.halo, "text-halo-width": 1.2,
        },
      }),
    ],
  };
};
