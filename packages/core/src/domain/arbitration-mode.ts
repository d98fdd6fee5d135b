/** Who may move the duty of Main when a server is silent, and at what price (HS7). */
export const arbitrationModes = ["manual", "witness", "pair"] as const;
export type ArbitrationMode = (typeof arbitrationModes)[number];
