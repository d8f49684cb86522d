import { I18nProvider, RouterProvider } from "react-aria-components";
import { Outlet, useHref, useNavigate } from "react-router";

/** Lets the links of the component library go through the router. */
export function Root() {
  const navigate = useNavigate();
  return (
    <I18nProvider>
      <RouterProvider navigate={(to) => void navigate(to)} useHref={useHref}>
        <Outlet />
      </RouterProvider>
    </I18nProvider>
  );
}
