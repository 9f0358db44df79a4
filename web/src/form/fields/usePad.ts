// A pad to sign on: strokes from pointers of every kind, smooth, to be taken back one by one, and as a
// picture cut to what was written.
import { computed, ref } from "vue";

export interface Point {
  x: number;
  y: number;
}
export type Stroke = Point[];

const PEN_WIDTH = 3;
const MARGIN = 12;
/** Shorter than this it is a slip of the finger, not a name. */
const LENGTH_MIN = 40;

export const lengthOf = (strokes: readonly Stroke[]): number =>
  strokes.reduce(
    (sum, stroke) =>
      sum +
      stroke.slice(1).reduce((length, point, nth) => {
        const before = stroke[nth] ?? point;
        return length + Math.hypot(point.x - before.x, point.y - before.y);
      }, 0),
    0,
  );

/** The box around what was written, with a margin. */
export function boundsOf(strokes: readonly Stroke[]) {
  const points = strokes.flat();
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  const [left, top] = [Math.min(...xs) - MARGIN, Math.min(...ys) - MARGIN];
  return {
    left,
    top,
    width: Math.max(...xs) + MARGIN - left,
    height: Math.max(...ys) + MARGIN - top,
  };
}

/** Through the middles of the points: a hand draws no corners. */
export function draw(pen: CanvasRenderingContext2D, stroke: Stroke): void {
  const [first, ...rest] = stroke;
  if (!first) return;
  pen.lineWidth = PEN_WIDTH;
  pen.lineCap = "round";
  pen.lineJoin = "round";
  pen.strokeStyle = "#111";
  pen.beginPath();
  pen.moveTo(first.x, first.y);
  let before = first;
  for (const point of rest) {
    pen.quadraticCurveTo(before.x, before.y, (before.x + point.x) / 2, (before.y + point.y) / 2);
    before = point;
  }
  pen.lineTo(before.x, before.y);
  pen.stroke();
}

export function usePad() {
  const strokes = ref<Stroke[]>([]);
  let current: Stroke | null = null;

  return {
    strokes,
    isSigned: computed(() => lengthOf(strokes.value) >= LENGTH_MIN),
    begin: (point: Point) => {
      current = [point];
      strokes.value = [...strokes.value, current];
    },
    /** The piece that was added, to be drawn at once. */
    move: (point: Point): Stroke => {
      if (!current) return [];
      current.push(point);
      return current.slice(-3);
    },
    end: () => {
      current = null;
      strokes.value = [...strokes.value];
    },
    undo: () => (strokes.value = strokes.value.slice(0, -1)),
    clear: () => (strokes.value = []),
  };
}

/** Black on white, in twice the size: it is printed on reports. */
export function pictureOf(strokes: readonly Stroke[]): Promise<Blob | null> {
  const { left, top, width, height } = boundsOf(strokes);
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * 2);
  canvas.height = Math.round(height * 2);
  const pen = canvas.getContext("2d");
  if (!pen) return Promise.resolve(null);
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.scale(2, 2);
  pen.translate(-left, -top);
  for (const stroke of strokes) draw(pen, stroke);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
