export default { detail: "服务详情" };
