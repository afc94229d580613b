// The node describes itself; nobody else is asked (validatorUrl would be another host).
window.SwaggerUIBundle({
  url: "./openapi.json",
  dom_id: "#api",
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  docExpansion: "none",
  filter: true,
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
