// The failures that the page offers as switches, and which planned fault belongs to which switch.
import type { Key } from "@/shared/t";
import type { Fault, FaultEffect } from "./types";

export interface Preset {
  id: string;
  name: Key;
  hint: Key;
  effect: FaultEffect;
}

const preset = (id: string, effect: FaultEffect): Preset => ({
  id,
  name: `fault.${id}` as Key,
  hint: `fault.${id}.text` as Key,
  effect,
});

export const PRESETS: readonly Preset[] = [
  preset("http", { http: 503 }),
  preset("hang", { hang_s: 30 }),
  preset("slow", { slow_ms: 3_000 }),
  preset("drip", { drip_ms: 5_000 }),
  preset("45009", { errcode: 45009 }),
  preset("42001", { errcode: 42001 }),
  preset("reset_before", { reset_before: true }),
  preset("reset_after", { reset_after_apply: true }),
  preset("html", { html: true }),
  preset("empty", { empty: true }),
  preset("big", { big_mb: 20 }),
];

export const PATHS: readonly { path: string; name: Key }[] = [
  { path: "/cgi-bin/message/send", name: "fault.path.send" },
  { path: "/cgi-bin/message/update_template_card", name: "fault.path.update" },
  { path: "/cgi-bin/gettoken", name: "fault.path.token" },
  { path: "/cgi-bin/media/get", name: "fault.path.media" },
  { path: "*", name: "fault.path.all" },
];

/** What can go wrong with a page's calls of the JS-SDK. */
export const SDK_PRESETS: readonly Preset[] = [
  preset("sdk_slow", { slow_ms: 3_000 }),
  preset("sdk_denied", { denied: true }),
  preset("sdk_offline", { offline: true }),
  preset("sdk_cancel", { cancel: true }),
];

/** The calls that a failure can be planned for one by one. */
export const SDK_CALLS = [
  "config",
  "agentConfig",
  "getContext",
  "getCurExternalContact",
  "getCurExternalChat",
  "sendChatMessage",
  "getLocation",
  "chooseImage",
  "getLocalImgData",
  "scanQRCode",
  "openUserProfile",
  "selectEnterpriseContact",
  "previewFile",
  "closeWindow",
] as const;

export const isSdk = ({ path }: Pick<Fault, "path">): boolean => path.startsWith("jssdk/");

const words = (effect: FaultEffect): string =>
  Object.entries(effect)
    .filter(([, value]) => value !== false && value !== null)
    .map(([key, value]) => `${key}=${String(value)}`)
    .sort()
    .join(" ");

/** The planned faults that this switch stands for: the same effect, on whatever path. */
export const faultsOf = (chosen: Preset, faults: readonly Fault[]): Fault[] =>
  faults.filter((fault) => words(fault.effect) === words(chosen.effect));

/** Faults that were planned elsewhere and that no switch stands for. */
export const otherFaults = (faults: readonly Fault[]): { fault: Fault; text: string }[] =>
  faults
    .filter(
      (fault) => isSdk(fault) || !PRESETS.some((one) => words(one.effect) === words(fault.effect)),
    )
    .map((fault) => ({ fault, text: `${fault.path} ${words(fault.effect)}` }));
