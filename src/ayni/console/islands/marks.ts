// Signals by shape (what kind of event), colour (where the decision stands) and words (in legend, table and card).

import { palette } from "./colours";
import { settings } from "./settings";

const SIZE = 22;
const shapes: Record<string, (pen: CanvasRenderingContext2D) => void> = {
  circle: (pen) => { pen.arc(11, 11, 6, 0, 7); },
  ring: (pen) => { pen.arc(11, 11, 6, 0, 7); },
  diamond: (pen) => { pen.moveTo(11, 3); pen.lineTo(19, 11); pen.lineTo(11, 19); pen.lineTo(3, 11); pen.closePath(); },
  triangle: (pen) => { pen.moveTo(11, 3.5); pen.lineTo(19, 18); pen.lineTo(3, 18); pen.closePath(); },
  square: (pen) => { pen.rect(5, 5, 12, 12); },
  cross: (pen) => {
    for (const [x, y] of [[8, 3], [14, 3], [14, 8], [19, 8], [19, 14], [14, 14], [14, 19], [8, 19], [8, 14], [3, 14], [3, 8], [8, 8]]) pen.lineTo(x, y);
    pen.closePath();
  },
  star: (pen) => {
    for (let n = 0; n < 10; n += 1) {
      const far = n % 2 ? 3.8 : 8.8;
      pen.lineTo(11 + far * Math.sin((n * Math.PI) / 5), 11 - far * Math.cos((n * Math.PI) / 5));
    }
    pen.closePath();
  },
};

/** A mark as pixels: filled, ringed in paper so that it stands out on any ground; hollow for what is set aside. */
export const drawn = (shape: string, state: string, ratio = 2): ImageData => {
  const colours = palette() as unknown as Record<string, string>;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE * ratio;
  const pen = canvas.getContext("2d", { willReadFrequently: true })!;
  const hollow = shape === "ring" || state === "dismissed" || state === "silenced" || state === "retracted";
  pen.scale(ratio, ratio);
  pen.beginPath();
  (shapes[shape] ?? shapes.circle)(pen);
  pen.lineJoin = "round";
  pen.strokeStyle = colours.paper;
  pen.lineWidth = hollow ? 6 : 3.5;
  pen.stroke();
  if (shape === "ring") { pen.fillStyle = colours.paper; pen.fill(); }
  if (state === "silenced") pen.setLineDash([2.5, 2]);
  pen.fillStyle = pen.strokeStyle = colours[state] ?? colours.pending;
  pen.lineWidth = 2.5;
  if (hollow) pen.stroke(); else pen.fill();
  if (shape === "ring" && state === "pending") { pen.beginPath(); pen.arc(11, 11, 2, 0, 7); pen.fill(); }
  return pen.getImageData(0, 0, canvas.width, canvas.height);
};

export const SHAPES = Object.keys(shapes);

/** The shape of a rule, whatever its version. */
export const shapeOf = (rule: string): string => {
  const name = rule.split("/")[0];
  if (name.startsWith("report.")) return "star";
  return settings.marks.find((mark) => mark.rules.includes(name))?.shape ?? "circle";
};

/** A mark for the page: the same pixels as on the map, hidden from readers of the text beside it. */
export const picture = (shape: string, state: string): HTMLCanvasElement => {
  const canvas = document.createElement("canvas");
  const pixels = drawn(shape, state, 2);
  canvas.width = pixels.width;
  canvas.height = pixels.height;
  canvas.className = "mark-picture";
  canvas.setAttribute("aria-hidden", "true");
  canvas.getContext("2d")!.putImageData(pixels, 0, 0);
  return canvas;
};
