/** What the console calls the server: its own name, since it is not Nacos. */
export const NAME = "nacos_tw";
