// The first screen's words. (The rest comes with what says it.)
import { conversation } from "@/locales/zh-CN/conversation";
import { speak } from "@/shared/t";

void speak([
  conversation,
  () => import("@/locales/en/conversation").then((words) => words.conversation),
]);
