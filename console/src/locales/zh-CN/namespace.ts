export default {
  id: "命名空间 ID",
  idHint: "留空则自动生成",
  emptyId: "（空）",
  name: "名称",
  desc: "描述",
  configs: "配置数 / 配额",
  services: "服务数",
  create: "新建命名空间",
  edit: "编辑命名空间",
  detail: "命名空间详情",
  idCharacters: "只能包含字母、数字、- 和 _",
  idTaken: "此命名空间 ID 已存在",
  nameCharacters: "不能包含 {'@'}#$%^&*",
  nameTaken: "此名称已被使用",
  tooLong: "最多 {longest} 个字符",
  refused: "节点没有接受：ID 已存在，或名称或 ID 不合要求",
  deleteEmpty: "确定要删除命名空间 {name}（{id}）吗？其中没有内容。",
  deleteFull:
    "确定要删除命名空间 {name}（{id}）吗？其中的内容会保留：{configs} 个配置和 {services} 个服务。它们不再显示在控制台中，但客户端仍可读取；用同一 ID 重新创建命名空间后会再次显示。",
  deleteUnknown:
    "确定要删除命名空间 {name}（{id}）吗？其中的内容会保留：{configs} 个配置以及其中的服务。它们不再显示在控制台中，但客户端仍可读取；用同一 ID 重新创建命名空间后会再次显示。",
};
