// What is known of customers and groups brings its words along.
import { customer } from "@/locales/zh-CN/customer";
import { speak } from "@/shared/t";

void speak([customer, () => import("@/locales/en/customer").then((words) => words.customer)]);
