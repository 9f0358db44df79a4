import type { publicPage as zh } from "../zh-CN/public";

export const publicPage: Record<keyof typeof zh, string> = {};
