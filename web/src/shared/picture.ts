// Photos on their way to the server: smaller, upright, with what was where and when written on them
// if wished. The browser turns a picture by what its camera wrote into it; drawing keeps that.

/** The long edge, after which nobody sees a difference on a phone. */
const EDGE_MAX = 1_600;
const QUALITY = 0.8;
/** What is this small already is sent as it is. */
const SMALL_BYTES = 300 * 1024;

export type PictureFault = "heic" | "not_image" | "unreadable";

export class PictureError extends Error {
  override readonly name = "PictureError";
  constructor(readonly fault: PictureFault) {
    super(fault);
  }
}

const isHeic = (file: File) => /hei[cf]/i.test(file.type) || /\.hei[cf]$/i.test(file.name);

export const isPicture = (file: File): boolean => file.type.startsWith("image/") || isHeic(file);

/** Width and height after shrinking, in the same proportion. */
export function shrunk(width: number, height: number, most = EDGE_MAX): [number, number] {
  const by = Math.min(1, most / Math.max(width, height, 1));
  return [Math.max(1, Math.round(width * by)), Math.max(1, Math.round(height * by))];
}

function decode(file: File): Promise<HTMLImageElement> {
  const url = URL.createObjectURL(file);
  return new Promise<HTMLImageElement>((resolve, reject) => {
    const image = new Image();
    image.addEventListener("load", () => resolve(image));
    image.addEventListener("error", () =>
      reject(new PictureError(isHeic(file) ? "heic" : "unreadable")),
    );
    image.src = url;
  }).finally(() => URL.revokeObjectURL(url));
}

/** Light words on a dark ground: to be read on any photo. */
function write(
  pen: CanvasRenderingContext2D,
  lines: string[],
  width: number,
  height: number,
): void {
  const size = Math.max(14, Math.round(Math.max(width, height) / 48));
  const gap = Math.round(size * 0.5);
  pen.font = `${size}px sans-serif`;
  const widest = Math.max(...lines.map((line) => pen.measureText(line).width));
  const high = lines.length * (size + gap) + gap;
  pen.fillStyle = "rgba(0, 0, 0, 0.5)";
  pen.fillRect(0, height - high, Math.min(width, widest + 2 * gap), high);
  pen.fillStyle = "#fff";
  pen.textBaseline = "top";
  for (const [nth, line] of lines.entries())
    pen.fillText(line, gap, height - high + gap + nth * (size + gap), width - 2 * gap);
}

/** The picture as it is sent. */
export async function prepared(file: File, mark: string[] = []): Promise<Blob> {
  if (!isPicture(file)) throw new PictureError("not_image");
  const isPlain = mark.length === 0 && !isHeic(file);
  // An animation would lose all its pictures but one.
  if (isPlain && file.type === "image/gif") return file;
  const image = await decode(file);
  const [width, height] = shrunk(image.naturalWidth, image.naturalHeight);
  const isSmall = width === image.naturalWidth && file.size <= SMALL_BYTES;
  if (isPlain && isSmall) return file;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d");
  if (!pen) return file;
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.drawImage(image, 0, 0, width, height);
  if (mark.length > 0) write(pen, mark, width, height);
  const made = await new Promise<Blob | null>((resolve) =>
    canvas.toBlob(resolve, "image/jpeg", QUALITY),
  );
  if (!made) throw new PictureError("unreadable");
  return isPlain && made.size >= file.size ? file : made;
}

/** `3.4 MB` */
export function sizeWords(bytes: number): string {
  const [unit, by] = bytes >= 1_048_576 ? ["MB", 1_048_576] : ["KB", 1_024];
  return `${(bytes / Number(by)).toFixed(1).replace(/\.0$/, "")} ${unit}`;
}
