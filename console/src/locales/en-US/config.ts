export default { new: "New configuration", edit: "Edit configuration", detail: "Configuration", sync: "Copy to other namespaces" };
