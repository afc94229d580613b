export default {
  title: "登录",
  welcome: "服务注册与配置中心，{version}",
  submit: "登录",
  usernameNeeded: "请输入用户名",
  passwordNeeded: "请输入密码",
  wrong: "用户名或密码错误",
  firstAdmin: "目前还没有管理员，请为第一个管理员设置密码。",
  createAdmin: "创建管理员",
  provider: {
    or: "或",
    submit: "使用 {name} 登录",
    refused: "身份提供方的登录被拒绝，请重试或联系管理员。",
    expired: "登录超时或已被使用，请重试。",
    unavailable: "无法连接身份提供方，本地用户仍可登录。",
  },
};
