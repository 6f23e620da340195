export interface Host { readonly name: string }
export const tidings = 1;
