import type { workbench as zh } from "../zh-CN/workbench";

export const workbench: Record<keyof typeof zh, string> = {};
