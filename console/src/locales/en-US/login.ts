export default {
  title: "Log in",
  welcome: "Service registry and configuration centre, {version}",
  submit: "Log in",
  usernameNeeded: "Enter your username",
  passwordNeeded: "Enter a password",
  wrong: "Username or password is wrong",
  firstAdmin: "There is no administrator yet. Choose the password of the first one.",
  createAdmin: "Create the administrator",
};
