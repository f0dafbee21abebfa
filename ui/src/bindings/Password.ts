export type Password = string;
