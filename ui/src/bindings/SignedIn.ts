export type SignedIn = { email: string; not_kept: string | null };
