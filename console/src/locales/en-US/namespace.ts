export default {
  id: "Namespace ID",
  idHint: "Empty: one is made",
  emptyId: "(empty)",
  name: "Name",
  desc: "Description",
  configs: "Configurations / quota",
  services: "Services",
  create: "Create namespace",
  edit: "Edit namespace",
  detail: "Namespace",
  idCharacters: "Only letters, digits, - and _",
  idTaken: "There is a namespace with this ID",
  nameCharacters: "None of {'@'}#$%^&*",
  nameTaken: "There is a namespace with this name",
  tooLong: "At most {longest} characters",
  refused: "The node did not take it: the ID is taken, or the name or the ID cannot be",
  deleteEmpty: "Delete the namespace {name} ({id})? There is nothing in it.",
  deleteFull:
    "Delete the namespace {name} ({id})? What is in it stays: {configs} configurations and {services} services. They are no longer shown here, but clients still get them, and they are back when a namespace with this ID is created again.",
  deleteUnknown:
    "Delete the namespace {name} ({id})? What is in it stays: {configs} configurations, and its services. They are no longer shown here, but clients still get them, and they are back when a namespace with this ID is created again.",
};
