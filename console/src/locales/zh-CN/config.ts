export default { new: "新建配置", edit: "编辑配置", detail: "配置详情", sync: "同步配置" };
