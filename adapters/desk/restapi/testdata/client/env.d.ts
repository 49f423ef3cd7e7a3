// The little of Node that the client uses.
declare const process: { env: Record<string, string | undefined> };
