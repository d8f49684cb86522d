import "../styles.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startTexts } from "../i18n";
import { Reference } from "./Reference";

const root = document.getElementById("docs");
if (!root) throw new Error("docs.html has no #docs");
await startTexts();
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={new QueryClient()}>
      <Reference />
    </QueryClientProvider>
  </StrictMode>,
);
