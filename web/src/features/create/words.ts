// Making a ticket brings its words along.
import { create } from "@/locales/zh-CN/create";
import { speak } from "@/shared/t";

void speak([create, () => import("@/locales/en/create").then((words) => words.create)]);
