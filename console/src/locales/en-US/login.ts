export default {
  title: "Log in",
  welcome: "Service registry and configuration centre, {version}",
  submit: "Log in",
  usernameNeeded: "Enter your username",
  passwordNeeded: "Enter a password",
  wrong: "Username or password is wrong",
  firstAdmin: "There is no administrator yet. Choose the password of the first one.",
  createAdmin: "Create the administrator",
  provider: {
    or: "or",
    submit: "Log in with {name}",
    refused: "The provider's login was refused. Try again, or ask your administrator.",
    expired: "The login took too long, or was used already. Try again.",
    unavailable: "The provider cannot be reached. Local users can log in.",
  },
};
