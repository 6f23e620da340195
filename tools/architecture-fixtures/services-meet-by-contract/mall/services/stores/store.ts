export interface Store { readonly name: string }
export const store = 1;
