// Where one vessel went: stretches as lines, silences as dashes, where it was at the instant shown as a point.

import { settings, type Collection } from "./settings";

export interface Trail { minute: number[]; lat: number[]; lon: number[]; begins: boolean[] }

export const askTrail = async (): Promise<Trail | null> => {
  if (!settings.trail) return null;
  const answer = await fetch(settings.trail, { headers: { Accept: "application/json" } });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  const trail = await answer.json() as Trail;
  for (let n = 1; n < trail.lon.length; n += 1) { // across the dateline a line goes on, it does not turn back round the earth
    while (trail.lon[n] - trail.lon[n - 1] > 180) trail.lon[n] -= 360;
    while (trail.lon[n] - trail.lon[n - 1] < -180) trail.lon[n] += 360;
  }
  return trail.minute.length ? trail : null;
};

export const trailUntil = (trail: Trail, until: number): Collection => {
  const features: GeoJSON.Feature[] = [];
  const spot = (n: number): [number, number] => [trail.lon[n], trail.lat[n]];
  const line = (coordinates: [number, number][], silent: boolean): void => {
    if (coordinates.length > 1) features.push({ type: "Feature", properties: { silent }, geometry: { type: "LineString", coordinates } });
  };
  let stretch: [number, number][] = [];
  let last = -1;
  for (let n = 0; n < trail.minute.length && trail.minute[n] <= until; n += 1) {
    if (trail.begins[n] && last >= 0) {
      line(stretch, false);
      line([spot(last), spot(n)], true);
      stretch = [];
    }
    stretch.push(spot(n));
    last = n;
  }
  line(stretch, false);
  if (last >= 0) features.push({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: spot(last) } });
  return { type: "FeatureCollection", features };
};
