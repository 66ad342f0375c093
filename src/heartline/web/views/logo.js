/** The mark of Heartline. */

import { h } from "./dom.js";

export const logo = () => h("img.logo", { src: "/icons/heartline.svg", alt: "", width: 56, height: 56 });
