import type { profile as zh } from "../zh-CN/profile";

export const profile: Record<keyof typeof zh, string> = {};
