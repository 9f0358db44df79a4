import type { group as zh } from "../zh-CN/group";

export const group: Record<keyof typeof zh, string> = {};
