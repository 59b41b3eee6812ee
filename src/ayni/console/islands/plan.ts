// A plan of an intercept: where the vessel was, where it may be, where the patrol meets it. Worked out by the node.

import type { Map } from "maplibre-gl";
import type { Palette } from "./colours";
import { arc } from "./geodesy";
import { settings, type Collection, type Position } from "./settings";

/** The plan as it is drawn: the run of the patrol is a great circle; the vessel's way, a rhumb line, is straight on this map. */
export const planned = (): Collection => ({
  type: "FeatureCollection",
  features: (settings.plan?.features ?? []).map((feature) => {
    if (feature.properties?.part !== "run" || feature.geometry.type !== "LineString") return feature;
    const [from, to] = feature.geometry.coordinates as Position[];
    return { ...feature, geometry: { type: "LineString", coordinates: arc(from, to) } };
  }),
});

/** West, south, east and north of the plan; null without one. */
export const planBounds = (): [number, number, number, number] | null => {
  const spots = planned().features.flatMap(({ geometry }) =>
    geometry.type === "Point" ? [geometry.coordinates] : geometry.type === "LineString" ? geometry.coordinates : geometry.type === "Polygon" ? geometry.coordinates[0] : []);
  if (!spots.length) return null;
  const [lon, lat] = [spots.map((spot) => spot[0]), spots.map((spot) => spot[1])];
  return [Math.min(...lon), Math.max(-80, Math.min(...lat)), Math.max(...lon), Math.min(80, Math.max(...lat))];
};

export const dressPlan = (map: Map, c: Palette): void => {
  if (!settings.plan) return;
  map.addSource("plan", { type: "geojson", data: planned() });
  const part = (name: string): ["==", ["get", string], string] => ["==", ["get", "part"], name];
  map.addLayer({ id: "plan-area", type: "fill", source: "plan", filter: part("area"), paint: { "fill-color": c.pending, "fill-opacity": 0.12 } });
  map.addLayer({ id: "plan-edge", type: "line", source: "plan", filter: part("area"), paint: { "line-color": c.pending, "line-width": 1.25, "line-dasharray": [3, 2] } });
  map.addLayer({ id: "plan-way", type: "line", source: "plan", filter: part("way"), paint: { "line-color": c.ink, "line-width": 1.75, "line-dasharray": [2, 2] } });
  map.addLayer({ id: "plan-run", type: "line", source: "plan", filter: part("run"), paint: { "line-color": c.tool, "line-width": 2.5 } });
  map.addLayer({
    id: "plan-point", type: "circle", source: "plan", filter: ["==", ["geometry-type"], "Point"],
    paint: { "circle-radius": 6, "circle-color": ["match", ["get", "part"], "patrol", c.tool, "meeting", c.paper, c.ink], "circle-stroke-width": 2.5, "circle-stroke-color": ["match", ["get", "part"], "meeting", c.tool, c.paper] },
  });
  map.addLayer({
    id: "plan-name", type: "symbol", source: "plan", filter: ["==", ["geometry-type"], "Point"],
    layout: { "text-field": ["get", "label"], "text-font": ["Noto Sans"], "text-size": 12, "text-anchor": "left", "text-offset": [0.9, 0], "text-allow-overlap": true }, paint: { "text-color": c.ink, "text-halo-color": c.halo, "text-halo-width": 1.6 },
  });
};
