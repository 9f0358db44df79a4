// What a newcomer is told to do next. Each step is taken once, and the browser remembers it.
import { ref, watch } from "vue";
import { kept } from "@/shared/kept";

const STAGES = ["pick", "send", "switch", "done"] as const;
export type Stage = (typeof STAGES)[number];

export function useTour() {
  const memory = kept("qidan.simulator.tour");
  const stage = ref<Stage>(STAGES.find((s) => s === memory.read()) ?? "pick");
  watch(stage, (now) => memory.write(now));

  /** Never back: someone who has already sent a message needs no telling to pick a person. */
  const reach = (next: Stage) => {
    if (STAGES.indexOf(next) > STAGES.indexOf(stage.value)) stage.value = next;
  };
  return { stage, reach };
}
