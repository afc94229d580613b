export default { detail: "历史版本详情", rollback: "回滚配置" };
