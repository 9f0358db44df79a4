// How far two places on the earth are from each other, and where a ticket is about.
import type { FormView } from "@/api/pages";
import { placeOf, type PlaceAnswer } from "@/form/fields/useLocation";
import { toGcj02 } from "@/shared/coords";
import { grouped } from "@/shared/money";
import { t } from "@/shared/t";

const EARTH_METRES = 6_371_000;
/** From here on a check-in is far from where the work is. */
export const FAR_METRES = 500;

const rad = (degrees: number) => (degrees * Math.PI) / 180;

interface Spot {
  lat: number;
  lng: number;
  system?: "gcj02" | "wgs84";
}
/** Phones tell the world's grid, maps of the country another one: both are laid onto the second. */
const onMap = (spot: Spot) => (spot.system === "wgs84" ? toGcj02(spot) : spot);

export function metresBetween(from: Spot, to: Spot): number {
  const [a, b] = [onMap(from), onMap(to)];
  const x = Math.sin(rad(b.lat - a.lat) / 2) ** 2;
  const y = Math.sin(rad(b.lng - a.lng) / 2) ** 2;
  const part = x + Math.cos(rad(a.lat)) * Math.cos(rad(b.lat)) * y;
  return 2 * EARTH_METRES * Math.asin(Math.min(1, Math.sqrt(part)));
}

export const distanceWords = (metres: number): string =>
  metres < 1_000
    ? t("checkin.metres", { m: Math.round(metres) })
    : t("checkin.km", { km: grouped(Number((metres / 1_000).toFixed(1))) });

type Shown = FormView["sections"][number]["fields"][number];
const fieldsOf = (view: FormView | undefined): Shown[] =>
  (view?.sections ?? []).flatMap(({ fields }) => fields);

/** Where the work is, when the form says so with coordinates. */
export const siteOf = (view: FormView | undefined): PlaceAnswer | null =>
  placeOf(fieldsOf(view).find(({ kind, value }) => kind === "location" && placeOf(value))?.value);

/** The number to call: hidden by the service when it may not be known. */
export const phoneOf = (view: FormView | undefined): string | null =>
  fieldsOf(view).find(({ kind, text }) => kind === "phone" && text)?.text ?? null;

const MAP = "https://apis.map.qq.com/uri/v1";

/** The way there, in the map of the phone. */
export function wayTo(view: FormView | undefined): string | null {
  const site = siteOf(view);
  const address = fieldsOf(view).find(({ kind, text }) => kind === "address" && text)?.text;
  const name = site?.label || address || "";
  if (site) {
    const to = {
      type: "drive",
      to: name,
      tocoord: `${onMap(site).lat},${onMap(site).lng}`,
      referer: "qidan",
    };
    return `${MAP}/routeplan?${new URLSearchParams(to)}`;
  }
  return address
    ? `${MAP}/search?${new URLSearchParams({ keyword: address, referer: "qidan" })}`
    : null;
}

export const isMasked = (phone: string): boolean => /[*＊x×]/i.test(phone);
