export default {
  title: "登录",
  welcome: "服务注册与配置中心，{version}",
  submit: "登录",
  usernameNeeded: "请输入用户名",
  passwordNeeded: "请输入密码",
  wrong: "用户名或密码错误",
  firstAdmin: "目前还没有管理员，请为第一个管理员设置密码。",
  createAdmin: "创建管理员",
};
