import type { sidebar as zh } from "../zh-CN/sidebar";

export const sidebar: Record<keyof typeof zh, string> = {};
