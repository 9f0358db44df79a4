// Where one is: found by the client, how exact that is, and corrected by hand where it is wrong.
import { computed, ref } from "vue";
import { failureText } from "@/shared/failure";
import { wecom, WeComError } from "@/shared/wecom";
import { t } from "@/shared/t";
import { isRecord } from "../types";

export interface PlaceAnswer {
  lat: number;
  lng: number;
  system: "gcj02" | "wgs84";
  label: string;
  /** In metres; a place set by hand has none. */
  accuracy?: number;
}

/** Beyond this the place names a quarter rather than a house. */
export const VAGUE_METRES = 200;

export const placeOf = (value: unknown): PlaceAnswer | null =>
  isRecord(value) && typeof value["lat"] === "number" && typeof value["lng"] === "number"
    ? {
        system: "gcj02",
        label: "",
        ...(value as Partial<PlaceAnswer>),
        lat: value["lat"],
        lng: value["lng"],
      }
    : null;

/** `23.12911, 113.26436`, with a comma of either kind. */
export function coordinatesIn(text: string): [number, number] | null {
  const [, lat, lng] =
    /^\s*(-?\d{1,2}(?:\.\d+)?)\s*[,，\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/.exec(text) ?? [];
  if (lat === undefined || lng === undefined) return null;
  const found: [number, number] = [Number(lat), Number(lng)];
  return Math.abs(found[0]) <= 90 && Math.abs(found[1]) <= 180 ? found : null;
}

export function useLocation(value: () => unknown, put: (place: PlaceAnswer | null) => void) {
  const busy = ref(false);
  const failure = ref("");
  const place = computed(() => placeOf(value()));

  async function find(): Promise<void> {
    busy.value = true;
    failure.value = "";
    try {
      const found = await (await wecom()).getLocation();
      put({
        lat: found.latitude,
        lng: found.longitude,
        accuracy: found.accuracy,
        system: found.coords,
        label: place.value?.label ?? "",
      });
    } catch (error) {
      const isDenied = error instanceof WeComError && error.code === "denied";
      failure.value = isDenied ? t("place.denied") : failureText(error);
    } finally {
      busy.value = false;
    }
  }

  return {
    busy,
    failure,
    place,
    find,
    isVague: computed(() => (place.value?.accuracy ?? 0) > VAGUE_METRES),
    rename: (label: string) => {
      if (place.value) put({ ...place.value, label });
    },
    /** By hand: what was measured before says nothing about it. */
    correct: (text: string): boolean => {
      const found = coordinatesIn(text);
      if (!found) return false;
      const { system = "gcj02", label = "" } = place.value ?? {};
      put({ lat: found[0], lng: found[1], system, label });
      return true;
    },
  };
}
