import type { ticket as zh } from "../zh-CN/ticket";

export const ticket: Record<keyof typeof zh, string> = {};
