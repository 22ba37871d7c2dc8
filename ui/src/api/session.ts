/** Whether this browser may read. An API key, entered once, becomes a cookie that scripts cannot see. */
import { api, done, must } from "./client";

export const session = {
  read: async () => must(await api.GET("/v1/session")),
  signIn: async (key: string) => done(await api.POST("/v1/session", { body: { key } })),
  signOut: async () => done(await api.DELETE("/v1/session")),
};
