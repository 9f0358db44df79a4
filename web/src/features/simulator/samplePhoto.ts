// Photos for people without a camera: drawn, with the hour in a corner, so that no two are alike.
import { t, type Key } from "@/shared/t";
import { logTime } from "./clock";

type Pen = CanvasRenderingContext2D;

export interface Sample {
  key: Key;
  sky: string;
  ground: string;
  draw(pen: Pen): void;
}

const [WIDE, HIGH] = [640, 480];

const disc = (pen: Pen, x: number, y: number, wide: number, high: number) => {
  pen.beginPath();
  pen.ellipse(x, y, wide, high, 0, 0, Math.PI * 2);
  pen.fill();
};

function unit(pen: Pen): void {
  pen.fillStyle = "#f2f5f8";
  pen.fillRect(120, 130, 400, 220);
  pen.fillStyle = "#77828f";
  for (let y = 155; y < 330; y += 18) pen.fillRect(145, y, 130, 7);
  disc(pen, 405, 240, 88, 88);
  pen.fillStyle = "#c9d1da";
  for (const angle of [0, 2.1, 4.2])
    disc(pen, 405 + 42 * Math.cos(angle), 240 + 42 * Math.sin(angle), 36, 36);
  pen.fillStyle = "#4f5a67";
  disc(pen, 405, 240, 16, 16);
}

function leak(pen: Pen): void {
  pen.fillStyle = "#cfc3ae";
  for (let x = 0; x < WIDE; x += 160) pen.fillRect(x, 0, 3, 326);
  pen.fillStyle = "rgba(120, 92, 52, 0.35)";
  disc(pen, 300, 120, 170, 80);
  disc(pen, 350, 140, 90, 46);
  pen.fillStyle = "#5d86b5";
  for (const [x, y] of [
    [300, 220],
    [340, 270],
    [290, 300],
  ] as const)
    disc(pen, x, y, 7, 14);
  disc(pen, 310, 400, 130, 22);
}

function plate(pen: Pen): void {
  pen.fillStyle = "#d9dde2";
  pen.fillRect(90, 80, 460, 300);
  pen.fillStyle = "#29313b";
  pen.font = "bold 34px sans-serif";
  pen.fillText("KFR-35GW/A1", 130, 150);
  pen.font = "24px monospace";
  for (const [row, words] of ["SN AC-2026-000123", "220V ~ 50Hz  1100W", "R32  0.68kg"].entries())
    pen.fillText(words, 130, 210 + row * 46);
  for (let x = 0; x < 40; x += 1) pen.fillRect(420 + x * 2.5, 310, x % 3 === 0 ? 2 : 1, 44);
}

function site(pen: Pen): void {
  pen.fillStyle = "#c27b55";
  pen.fillRect(150, 110, 340, 260);
  pen.fillStyle = "#f6f0e4";
  for (let x = 185; x < 470; x += 80)
    for (let y = 145; y < 300; y += 75) pen.fillRect(x, y, 44, 46);
  pen.fillStyle = "#5b3d2c";
  pen.fillRect(292, 300, 56, 70);
}

export const SAMPLES: readonly Sample[] = [
  { key: "sample.unit", sky: "#b9c7d6", ground: "#8d9aa8", draw: unit },
  { key: "sample.leak", sky: "#e2dacb", ground: "#a08d75", draw: leak },
  { key: "sample.plate", sky: "#3b4653", ground: "#2a323c", draw: plate },
  { key: "sample.site", sky: "#cfe3ef", ground: "#86a77a", draw: site },
];

/** The photo as a data address; empty where the browser cannot draw. */
export function drawSample({ key, sky, ground, draw }: Sample, now: number): string {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [WIDE, HIGH];
  const pen = canvas.getContext("2d");
  if (!pen) return "";
  pen.fillStyle = sky;
  pen.fillRect(0, 0, WIDE, HIGH);
  pen.fillStyle = ground;
  pen.fillRect(0, HIGH * 0.68, WIDE, HIGH * 0.32);
  draw(pen);
  pen.fillStyle = "rgba(0, 0, 0, 0.6)";
  pen.fillRect(0, HIGH - 52, WIDE, 52);
  pen.fillStyle = "#fff";
  pen.font = "26px sans-serif";
  pen.fillText(`${t(key)}  ${logTime(now)}`, 18, HIGH - 17);
  return canvas.toDataURL("image/jpeg", 0.85);
}
