// Photos for people without a camera: drawn, with the hour in a corner, so that no two are alike.
import { t, type Key } from "@/shared/t";
import { logTime } from "@/shared/when";

export interface Sample {
  key: Key;
  sky: string;
  ground: string;
  thing: string;
}

export const SAMPLES: readonly Sample[] = [
  { key: "sample.unit", sky: "#b9c7d6", ground: "#8d9aa8", thing: "#f2f5f8" },
  { key: "sample.leak", sky: "#d8cfc2", ground: "#a08d75", thing: "#5d86b5" },
  { key: "sample.plate", sky: "#3b4653", ground: "#2a323c", thing: "#d9dde2" },
  { key: "sample.site", sky: "#cfe3ef", ground: "#86a77a", thing: "#c27b55" },
];

const [WIDE, HIGH] = [640, 480];

/** The photo as a data address; empty where the browser cannot draw. */
export function drawSample({ key, sky, ground, thing }: Sample, now: number): string {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [WIDE, HIGH];
  const pen = canvas.getContext("2d");
  if (!pen) return "";
  pen.fillStyle = sky;
  pen.fillRect(0, 0, WIDE, HIGH);
  pen.fillStyle = ground;
  pen.fillRect(0, HIGH * 0.68, WIDE, HIGH * 0.32);
  pen.fillStyle = thing;
  pen.fillRect(WIDE * 0.2, HIGH * 0.28, WIDE * 0.6, HIGH * 0.42);
  pen.fillStyle = "rgba(0, 0, 0, 0.35)";
  for (let slot = 0; slot < 7; slot += 1)
    pen.fillRect(WIDE * 0.26, HIGH * (0.34 + slot * 0.035), WIDE * 0.32, 6);
  pen.beginPath();
  pen.arc(WIDE * 0.68, HIGH * 0.46, 52, 0, Math.PI * 2);
  pen.fill();
  pen.fillStyle = "rgba(0, 0, 0, 0.6)";
  pen.fillRect(0, HIGH - 52, WIDE, 52);
  pen.fillStyle = "#fff";
  pen.font = "26px sans-serif";
  pen.fillText(`${t(key)}  ${logTime(now)}`, 18, HIGH - 17);
  return canvas.toDataURL("image/jpeg", 0.85);
}
