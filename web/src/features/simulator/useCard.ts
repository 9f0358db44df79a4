// One card in somebody's hands: what is chosen on it, what is being pressed, what the app answered.
import { computed, onBeforeUnmount, reactive, ref, watch } from "vue";
import { t } from "@/shared/t";
import { say } from "@/shared/toast";
import { failureText } from "@/shared/failure";
import { sim } from "./api";
import { cardView, type Question } from "./cardView";
import type { Content, TemplateCard } from "./types";
import { useSimulator } from "./useSimulator";

/** An app that answers later than this has forgotten the press, as far as a person can tell. */
const PATIENCE_MS = 5_000;
const FLASH_MS = 1_400;

export function useCard(props: { content: Content; card: TemplateCard }) {
  const { chat, tour, delivery } = useSimulator();
  const view = computed(() => cardView(props.card, props.content.state ?? {}));
  const answers = reactive<Record<string, string[]>>({});
  const pressed = ref<string | null>(null);
  const waiting = ref(false);
  const flash = ref(false);
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const later = (act: () => void, ms: number) => timers.add(setTimeout(act, ms));
  onBeforeUnmount(() => timers.forEach(clearTimeout));

  const questions = computed<Question[]>(() => [
    ...(view.value.vote ? [view.value.vote] : []),
    ...view.value.selects,
  ]);
  const chosen = (question: Question): string[] => answers[question.key] ?? question.chosen;

  watch(
    () => props.content.state?.updated ?? 0,
    () => {
      for (const key of Object.keys(answers)) delete answers[key];
      waiting.value = false;
      flash.value = true;
      later(() => (flash.value = false), FLASH_MS);
    },
  );

  function choose(question: Question, id: string, on: boolean): void {
    const others = question.multiple ? chosen(question).filter((one) => one !== id) : [];
    answers[question.key] = on ? [...others, id] : others;
  }

  async function press(key: string, menu = false): Promise<void> {
    const who = chat.userid.value;
    const card = props.content.card_id;
    if (who === null || card === undefined || pressed.value !== null) return;
    const selected: Record<string, string[]> = {};
    if (!menu) for (const q of questions.value) selected[q.key] = chosen(q);
    pressed.value = key;
    try {
      await sim.click(card, { userid: who, key, selected, menu }, delivery.options.value);
      waiting.value = true;
      later(() => (waiting.value = false), PATIENCE_MS);
      tour.reach("done");
    } catch (error) {
      say(failureText(error), "bad");
      await chat.refetch();
    } finally {
      pressed.value = null;
    }
  }

  function submit(): void {
    const { submit: button, vote } = view.value;
    if (!button) return;
    if (vote && chosen(vote).length === 0) say(t("card.choose"), "bad");
    else void press(button.key);
  }

  return { view, chosen, choose, pressed, waiting, flash, press, submit };
}
