export type SignIn = "no_session" | "expired" | "wrong_credentials" | "not_allowed";
