// `npm run dev`, then /dev/fields/: every kind of field, to look at while one works on them. Never shipped.
import { mount } from "@/shared/mount";
import EveryField from "./EveryField.vue";

void mount(EveryField);
