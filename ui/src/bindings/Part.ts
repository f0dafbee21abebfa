export type Part = string | { secret: string };
