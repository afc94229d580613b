export default {
  theme: "Theme",
  themes: { light: "Light", dark: "Dark", system: "As the system" },
  language: "Language",
  nameDisplay: "Namespaces are shown",
  nameDisplays: { select: "as a list to choose from", label: "side by side" },
  kept: "This browser keeps these choices.",
  node: "This node",
  version: "Version",
  mode: "Mode",
  functions: "Functions",
  functionModes: { all: "Configurations and services", config: "Configurations", naming: "Services" },
  logins: "Logins are asked for",
};
