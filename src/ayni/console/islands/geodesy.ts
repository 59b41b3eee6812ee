// Lengths and courses on a sphere, in nautical miles: within 0.6 % of the ellipsoid, as a chart's dividers are.

import type { Position } from "./settings";

const MEAN_RADIUS_NM = 6371.0088 / 1.852;
const rad = (degrees: number): number => (degrees * Math.PI) / 180;

/** Great-circle distance, nautical miles. */
export const distance = (a: Position, b: Position): number => {
  const north = Math.sin(rad(b[1] - a[1]) / 2);
  const east = Math.sin(rad(b[0] - a[0]) / 2);
  return 2 * MEAN_RADIUS_NM * Math.asin(Math.min(1, Math.sqrt(north * north + Math.cos(rad(a[1])) * Math.cos(rad(b[1])) * east * east)));
};

/** Course at the start of the great circle, degrees true. */
export const course = (a: Position, b: Position): number => {
  const turn = rad(b[0] - a[0]);
  const east = Math.sin(turn) * Math.cos(rad(b[1]));
  const north = Math.cos(rad(a[1])) * Math.sin(rad(b[1])) - Math.sin(rad(a[1])) * Math.cos(rad(b[1])) * Math.cos(turn);
  return ((Math.atan2(east, north) * 180) / Math.PI + 360) % 360;
};

/** The great circle as a line of short pieces, unbroken across the dateline. */
export const arc = (a: Position, b: Position): Position[] => {
  const angle = distance(a, b) / MEAN_RADIUS_NM;
  const pieces = Math.max(1, Math.ceil(angle / rad(1)));
  const unit = ([lon, lat]: Position): number[] => [Math.cos(rad(lat)) * Math.cos(rad(lon)), Math.cos(rad(lat)) * Math.sin(rad(lon)), Math.sin(rad(lat))];
  const [from, to] = [unit(a), unit(b)];
  const line: Position[] = [];
  for (let n = 0; n <= pieces; n += 1) {
    const part = n / pieces;
    const [p, q] = angle ? [Math.sin((1 - part) * angle) / Math.sin(angle), Math.sin(part * angle) / Math.sin(angle)] : [1 - part, part];
    const [x, y, z] = from.map((value, axis) => p * value + q * to[axis]);
    let lon = (Math.atan2(y, x) * 180) / Math.PI;
    const before = line.at(-1)?.[0] ?? a[0];
    lon += 360 * Math.round((before - lon) / 360);
    line.push([lon, (Math.atan2(z, Math.hypot(x, y)) * 180) / Math.PI]);
  }
  return line;
};
