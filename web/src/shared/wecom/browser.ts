// A plain browser: what the web can do itself, it does; the rest says that it needs WeCom.
import { WeComError, within } from "./error";
import { TIMES, type ImageWish, type Place, type WeCom } from "./types";

const cannot = (call: string) =>
  Promise.reject(new WeComError("unsupported", `${call}:function not exist`));

/** The system's own picker. It must be asked from a tap. */
export function pickImages(wish: ImageWish = {}): Promise<File[]> {
  return new Promise((resolve, reject) => {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = "image/*";
    input.multiple = (wish.count ?? 9) > 1;
    if (wish.camera) input.setAttribute("capture", "environment");
    input.addEventListener("change", () => resolve([...(input.files ?? [])]));
    input.addEventListener("cancel", () => reject(new WeComError("cancel", "chooseImage:cancel")));
    input.click();
  });
}

/** Where the browser thinks it is, in its own coordinates. */
export function locate(): Promise<Place> {
  return new Promise((resolve, reject) => {
    if (!("geolocation" in navigator)) {
      reject(new WeComError("unsupported", "getLocation:function not exist"));
      return;
    }
    navigator.geolocation.getCurrentPosition(
      ({ coords: { latitude, longitude, accuracy } }) =>
        resolve({ latitude, longitude, accuracy, coords: "wgs84" }),
      (error) =>
        reject(
          new WeComError(error.code === 1 ? "denied" : "failed", `getLocation:${error.message}`),
        ),
      { enableHighAccuracy: true, timeout: TIMES.locate, maximumAge: 30_000 },
    );
  });
}

export const browser: WeCom = {
  kind: "browser",
  ready: () => Promise.resolve(),
  getContext: () => Promise.resolve({ entry: "normal" }),
  getCurExternalContact: () => cannot("getCurExternalContact"),
  getCurExternalChat: () => cannot("getCurExternalChat"),
  sendChatMessage: () => cannot("sendChatMessage"),
  getLocation: () => within(TIMES.locate + 1_000, "getLocation", locate()),
  chooseImage: (wish) => within(TIMES.person, "chooseImage", pickImages(wish)),
  scanQRCode: () => cannot("scanQRCode"),
  openUserProfile: () => cannot("openUserProfile"),
  selectEnterpriseContact: () => cannot("selectEnterpriseContact"),
  previewFile: ({ url }) => {
    window.open(url, "_blank", "noopener");
    return Promise.resolve();
  },
  closeWindow: () => {
    window.close();
    return Promise.resolve();
  },
};
