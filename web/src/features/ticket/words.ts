// A ticket brings its words along, wherever it is shown.
import { ticket } from "@/locales/zh-CN/ticket";
import { speak } from "@/shared/t";

void speak([ticket, () => import("@/locales/en/ticket").then((words) => words.ticket)]);
