export type Nonce = string;
