export const load = () => import("node:net");
