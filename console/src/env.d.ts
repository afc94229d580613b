/// <reference types="vite/client" />
import "vue-router";

declare module "vue-router" {
  interface RouteMeta {
    /** Message key of the page's title. */
    title?: string;
    /** The menu entry that is shown as selected; the route's own path if missing. */
    menu?: string;
    /** Only administrators come here. */
    admin?: boolean;
    /** Shown outside the frame of menu and header. */
    bare?: boolean;
  }
}
