// Switching failures on and off, and the platform's own levers: tokens, clock, limits, reset.
import { computed, reactive, ref, watch } from "vue";
import { t } from "@/shared/t";
import { attempt } from "@/shared/toast";
import { sim } from "./api";
import { faultsOf, isSdk, otherFaults, PATHS, PRESETS, type Preset } from "./faultPresets";
import type { Fault } from "./types";
import { useSimulator } from "./useSimulator";

export function useFaults() {
  const { world, chat, startOver } = useSimulator();
  const path = ref(PATHS[0]?.path ?? "*");
  const times = ref(0);
  const busy = ref(false);
  const faults = computed(() => world.state.value?.faults ?? []);
  /** Slow calls of pages have a switch of their own. */
  const planned = (preset: Preset) => faultsOf(preset, faults.value).filter((one) => !isSdk(one));
  const switches = computed(() => PRESETS.map((preset) => ({ preset, on: planned(preset) })));
  const others = computed(() => otherFaults(faults.value));

  async function run(work: () => Promise<unknown>, done?: string): Promise<void> {
    busy.value = true;
    await attempt(work, done);
    busy.value = false;
    await world.refetch();
  }

  const limited = () => (times.value > 0 ? times.value : null);
  const flip = (on: Fault[], fault: Omit<Fault, "id" | "times">) =>
    run(async () => {
      if (on.length === 0) await sim.addFault({ ...fault, times: limited() });
      for (const one of on) await sim.removeFault(one.id);
    });
  const toggle = (preset: Preset) =>
    flip(planned(preset), { path: path.value, effect: preset.effect });
  const toggleSdk = (preset: Preset, where: string) => {
    const on = faultsOf(preset, faults.value).filter((one) => one.path === where);
    return flip(on, { path: where, effect: preset.effect });
  };

  const secret = ref("");
  const limits = reactive({ member_minute: 30, member_hour: 1_000, app_day: 0 });
  watch(
    () => world.state.value?.limits,
    (now) => now && Object.assign(limits, now, { app_day: now.app_day ?? 0 }),
    { immediate: true },
  );
  const givenLimits = () => ({
    member_minute: limits.member_minute,
    member_hour: limits.member_hour,
    app_day: limits.app_day > 0 ? limits.app_day : null,
  });

  return {
    path,
    times,
    busy,
    faults,
    switches,
    others,
    toggle,
    toggleSdk,
    skewed: computed(() => world.state.value?.skew ?? 0),
    secret,
    limits,
    remove: (id: number | string) => run(() => sim.removeFault(id)),
    clear: () => run(() => sim.clearFaults()),
    expire: () => run(() => sim.expireTokens(), t("fault.expire.done")),
    rotate: () => {
      const app = chat.app.value;
      const next = secret.value.trim();
      if (app && next) void run(() => sim.rotateSecret(app.name, next), t("fault.rotate.done"));
    },
    skew: (seconds: number) => run(() => sim.skewClock(seconds), t("fault.skew.done")),
    saveLimits: () => run(() => sim.limits(givenLimits()), t("fault.limits.done")),
    reset: async () => {
      await run(() => sim.reset(), t("fault.reset.done"));
      await startOver();
    },
  };
}
