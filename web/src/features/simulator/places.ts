// Places to send from, and the reading of typed coordinates.
import type { Key } from "@/shared/t";
import type { Place } from "./useComposer";

export const PLACES: { key: Key; lat: number; lng: number }[] = [
  { key: "location.hq", lat: 30.2741, lng: 120.1551 },
  { key: "location.plant", lat: 30.2084, lng: 120.2119 },
  { key: "location.shop", lat: 30.2495, lng: 120.1688 },
  { key: "location.client", lat: 30.1869, lng: 120.1634 },
];

const within = (text: string, limit: number): number | null => {
  const value = Number(text);
  return text.trim() !== "" && Number.isFinite(value) && Math.abs(value) <= limit ? value : null;
};

export function validPlace(typed: { label: string; lat: string; lng: string }): Place | null {
  const lat = within(typed.lat, 90);
  const lng = within(typed.lng, 180);
  return lat === null || lng === null ? null : { label: typed.label.trim(), lat, lng };
}
