// Where the simulated phone is. Pages that ask for the place get this one, with this accuracy.
import { shallowRef, watch } from "vue";
import { kept } from "@/shared/kept";
import { t } from "@/shared/t";
import type { Spot } from "./bridgeTypes";
import { PLACES } from "./places";

export type Standing = Spot & { label: string };

export const ACCURACIES = [10, 30, 100, 500, 2_000] as const;

const memory = kept("qidan.simulator.place");

function remembered(): Standing {
  const first = PLACES[0];
  const start = {
    lat: first?.lat ?? 0,
    lng: first?.lng ?? 0,
    accuracy: 30,
    label: t("location.hq"),
  };
  try {
    const told = JSON.parse(memory.read() ?? "null") as Partial<Standing> | null;
    const numbers = [told?.lat, told?.lng, told?.accuracy];
    return numbers.every((n) => Number.isFinite(n)) ? { ...start, ...told } : start;
  } catch {
    return start;
  }
}

const place = shallowRef<Standing>(remembered());
watch(place, (now) => memory.write(JSON.stringify(now)));

export const usePlace = () => place;
