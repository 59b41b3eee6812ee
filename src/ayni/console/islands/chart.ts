// What every map of signals has: the basemap with its controls, the pictures of marks, the signals and the chosen square.

import { Map, NavigationControl, ScaleControl, setWorkerUrl, type GeoJSONSource, type MapGeoJSONFeature, type MapMouseEvent, type PaddingOptions } from "maplibre-gl";
import { basemap } from "./basemap";
import type { Palette } from "./colours";
import { drawn, SHAPES } from "./marks";
import { settings, word } from "./settings";
import { EMPTY } from "./signals";

const REGION: [number, number, number, number] = [-118, -56, -30, 33]; // what is shown when there is nothing to fit

export const begin = (): Map => {
  setWorkerUrl(new URL(settings.worker, location.origin).href);
  const map = new Map({
    container: "map", style: basemap(), bounds: REGION, attributionControl: false, maxZoom: 12, minZoom: 1, dragRotate: false, pitchWithRotate: false,
    touchPitch: false, fadeDuration: 0, renderWorldCopies: true, refreshExpiredTiles: false,
    locale: { "Map.Title": word("map"), "NavigationControl.ZoomIn": word("in"), "NavigationControl.ZoomOut": word("out"), "ScaleControl.NauticalMiles": word("scale") },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({ unit: "nautical", maxWidth: 110 }), "bottom-left");
  return map;
};

export const addPictures = (map: Map): void => {
  for (const shape of SHAPES) for (const state of Object.keys(settings.states)) {
    if (!map.hasImage(`${shape}-${state}`)) map.addImage(`${shape}-${state}`, drawn(shape, state), { pixelRatio: 2 });
  }
};

export const addChosen = (map: Map, c: Palette): void => {
  map.addSource("chosen", { type: "geojson", data: EMPTY });
  map.addLayer({ id: "chosen", type: "fill", source: "chosen", paint: { "fill-color": c.ink, "fill-opacity": 0.14 } });
  map.addLayer({ id: "chosen-edge", type: "line", source: "chosen", paint: { "line-color": c.ink, "line-width": 2 } });
};

/** Signals one by one, several of a place as a number; and counts by square where there are too many to tell apart. */
export const addSignals = (map: Map, c: Palette): void => {
  map.addSource("signals", {
    type: "geojson", data: EMPTY, cluster: true, clusterRadius: 26, clusterMaxZoom: 8, clusterMinPoints: 3,
    clusterProperties: { pending: ["+", ["get", "pending"]] },
  });
  map.addSource("counts", { type: "geojson", data: EMPTY });
  for (const source of ["signals", "counts"]) {
    map.addLayer({
      id: `${source}-group`, type: "circle", source, filter: ["has", "point_count"],
      paint: {
        "circle-color": c.paper, "circle-stroke-width": 2, "circle-stroke-color": ["case", [">", ["get", "pending"], 0], c.pending, c.dismissed],
        "circle-radius": ["interpolate", ["linear"], ["log10", ["get", "point_count"]], 0, 9, 2, 14, 4, 22],
      },
    });
    map.addLayer({ id: `${source}-number`, type: "symbol", source, filter: ["has", "point_count"], layout: { "text-field": ["to-string", ["get", "point_count_abbreviated"]], "text-font": ["Noto Sans"], "text-size": 11.5, "text-allow-overlap": true, "text-ignore-placement": true }, paint: { "text-color": c.ink } });
  }
  map.addLayer({
    id: "signals", type: "symbol", source: "signals", filter: ["!", ["has", "point_count"]],
    layout: { "icon-image": ["get", "icon"], "icon-allow-overlap": true, "icon-ignore-placement": true },
  });
};

/** Show all of these places. */
export const fit = (map: Map, places: number[][], padding: PaddingOptions): void => {
  const [lon, lat] = [places.map((place) => place[0]), places.map((place) => place[1])];
  const low = (values: number[]): number => values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = (values: number[]): number => values.reduce((most, value) => Math.max(most, value), -Infinity);
  map.fitBounds([low(lon), low(lat), high(lon) + 0.1, high(lat) + 0.1], { padding, maxZoom: 7, animate: false });
};

/** The signals and groups at the pointer, the uppermost first. */
export const under = (map: Map, event: MapMouseEvent): MapGeoJSONFeature[] =>
  map.queryRenderedFeatures(event.point, { layers: ["signals", "signals-group", "counts-group"].filter((id) => map.getLayer(id)) });

/** Come closer to a group, until it falls apart. */
export const openGroup = async (map: Map, group: MapGeoJSONFeature, told: object = {}): Promise<void> => {
  const at = (group.geometry as GeoJSON.Point).coordinates as [number, number];
  const id = group.properties.cluster_id as number | undefined;
  const zoom = id === undefined ? map.getZoom() + 2 : await map.getSource<GeoJSONSource>("signals")!.getClusterExpansionZoom(id);
  map.easeTo({ center: at, zoom: Math.max(zoom, map.getZoom() + 1) }, told);
};

/** The middle of a square, longitude first. */
export const middle = (cell: string): [number, number] => {
  const [south, west] = cell.split(",").map((edge) => (Number(edge) + 0.5) / 10);
  return [west, south];
};

/** A list shows its place on the map: hovering or focusing a line chooses its square, and focus brings it into view. */
export const followed = (map: Map, list: HTMLElement, choose: (cell: string) => void): void => {
  const point = (event: Event, bring: boolean): void => {
    const cell = (event.target as Element).closest<HTMLElement>("[data-cell]")?.dataset.cell;
    if (!cell) return;
    choose(cell);
    if (bring && !map.getBounds().contains(middle(cell))) map.easeTo({ center: middle(cell) });
  };
  list.addEventListener("focusin", (event) => { point(event, true); });
  list.addEventListener("pointerover", (event) => { point(event, false); });
};
