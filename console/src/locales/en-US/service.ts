export default { detail: "Service" };
