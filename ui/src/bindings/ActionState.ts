export type ActionState = { requires_approval: boolean; approved: boolean; executed: boolean; success: boolean | null; approved_by: string | null; approved_at: string | null };
