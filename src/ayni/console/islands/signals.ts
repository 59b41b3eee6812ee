// The signals as the node tells them, columns of numbers, and as the map draws them.

import { shapeOf } from "./marks";
import { settings, type Collection } from "./settings";

export interface Told {
  total: number; rules: string[]; states: string[];
  rule: number[]; state: number[]; minute: number[]; south: number[]; west: number[];
  step: number; counts: [south: number, west: number, count: number, pending: number][];
}
export const EMPTY: Collection = { type: "FeatureCollection", features: [] };
const GOLDEN = Math.PI * (3 - Math.sqrt(5));

export const ask = async (box: string): Promise<Told> => {
  const answer = await fetch(`${settings.signals}?${new URLSearchParams({ ...settings.keep, ...(box ? { box } : {}) })}`, { headers: { Accept: "application/json" } });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  return answer.json() as Promise<Told>;
};

/** Points of the shapes that are wanted, up to a minute. Signals of one square are spread inside it, never beyond. */
export const points = (told: Told, wanted: (shape: string) => boolean, until: number): Collection => {
  const shapes = told.rules.map(shapeOf);
  const inSquare = new Map<string, number>();
  for (let n = 0; n < told.rule.length; n += 1) {
    const square = `${told.south[n]},${told.west[n]}`;
    inSquare.set(square, (inSquare.get(square) ?? 0) + 1);
  }
  const used = new Map<string, number>();
  const features: GeoJSON.Feature[] = [];
  for (let n = 0; n < told.rule.length; n += 1) {
    const cell = `${told.south[n]},${told.west[n]}`;
    const place = used.get(cell) ?? 0;
    used.set(cell, place + 1);
    const shape = shapes[told.rule[n]];
    if (told.minute[n] > until || !wanted(shape)) continue;
    const far = 0.042 * Math.sqrt(place / inSquare.get(cell)!);
    const state = told.states[told.state[n]];
    features.push({
      type: "Feature",
      properties: { icon: `${shape}-${state}`, cell, pending: state === "pending" ? 1 : 0 },
      geometry: {
        type: "Point",
        coordinates: [(told.west[n] + 0.5) / 10 + far * Math.cos(place * GOLDEN), (told.south[n] + 0.5) / 10 + far * Math.sin(place * GOLDEN)],
      },
    });
  }
  return { type: "FeatureCollection", features };
};

/** Counts of squares as points that look like groups. */
export const groups = (told: Told): Collection => ({
  type: "FeatureCollection",
  features: told.counts.map(([south, west, count, pending]) => ({
    type: "Feature",
    properties: { point_count: count, point_count_abbreviated: count < 1000 ? String(count) : `${Math.round(count / 100) / 10}k`, pending },
    geometry: { type: "Point", coordinates: [(west + told.step / 2) / 10, (south + told.step / 2) / 10] },
  })),
});

/** The square of a cell, as an area. */
export const square = (cell: string): Collection => {
  const [south, west] = cell.split(",").map((edge) => Number(edge) / 10);
  const ring = [[west, south], [west + 0.1, south], [west + 0.1, south + 0.1], [west, south + 0.1], [west, south]];
  return { type: "FeatureCollection", features: [{ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } }] };
};

/** Where the signals are, or the squares that count them. */
export const spots = (told: Told): number[][] =>
  told.rule.length ? told.west.map((west, n) => [west / 10, told.south[n] / 10]) : told.counts.map(([south, west]) => [west / 10, south / 10]);
