export const mall = 1;
