export default {
  theme: "主题",
  themes: { light: "浅色", dark: "深色", system: "跟随系统" },
  language: "语言",
  nameDisplay: "命名空间的展示方式",
  nameDisplays: { select: "下拉选择", label: "标签平铺" },
  kept: "这些选择保存在当前浏览器中。",
  node: "当前节点",
  version: "版本",
  mode: "模式",
  functions: "功能",
  functionModes: { all: "配置和服务", config: "配置", naming: "服务" },
  logins: "是否需要登录",
};
