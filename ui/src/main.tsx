import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./app/queryClient";
import { router } from "./app/router";
import { startTheme } from "./app/theme";
import { reloadIfUpgraded } from "./app/upgraded";
import "./styles.css";

startTheme();

// A script is gone: the server was upgraded while this tab was open, or cannot be reached.
window.addEventListener("vite:preloadError", () => void reloadIfUpgraded());

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
